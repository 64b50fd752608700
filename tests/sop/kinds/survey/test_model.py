"""What an operator may get wrong in a survey, found at its place; and marks from 0 to 10."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.sop.kinds import collect
from bot.sop.kinds.survey.model import Survey
from bot.sop.loader import SopSet, load
from bot.sop.questions.question import Question
from bot.sop.questions.reading import read

ROOT = Path(__file__).parents[4]
SURVEY = """sop: survey
id: nps
name: 小问卷
every: 每月1日 19:30
nps: true
"""
COMMUNITY = "name: 原野之味\nmission: 让每一餐都知道来处\nrooms: [会员1群, 会员2群]\n"
CHOICE = "questions: [{ask: 想要什么？, choices: {叶菜: {fit: 1}, 瓜果: {}}}]\n"


def found(folder: Path, text: str) -> list[tuple[int, str, str]]:
    """The line, the key and the words of each problem."""
    (folder / "community.yaml").write_text(COMMUNITY, encoding="utf-8")
    (folder / "nps.yaml").write_text(text, encoding="utf-8")
    problems = load(folder, ROOT / "templates", collect()).problems
    return [(it.line, it.path, it.message) for it in problems if "privacy" not in it.path]


def test_it_may_be_as_short_as_this(tmp_path: Path) -> None:
    assert found(tmp_path, SURVEY) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "words"),
    [
        ("nps: true\n", "", 2, "id", "一个问题也没有"),
        ("every: 每月1日 19:30\n", "", 2, "id", "写一个"),
        ("nps: true\n", "nps: true\non: 2026-12-05 19:30\n", 2, "id", "写一个"),
        ("every: 每月1日 19:30", "on: 2026-12-05", 4, "on", "写明几点几分"),
        ("every: 每月1日 19:30", "on: 周五", 4, "on", "看不懂"),
        ("nps: true\n", "nps: true\npatience: {remind: 4d}\n", 6, "patience.remind", "提醒要早于放弃"),
        ("nps: true\n", "nps: true\nagain: 1d\n", 6, "again", "隔久一点"),
        ("nps: true\n", CHOICE, 5, "questions[0].choices.叶菜.fit", "不看合不合适"),
        ("nps: true\n", CHOICE.replace("{fit: 1}", "{}").replace("}}}", "}}, in_group: true}"), 5,
         "questions[0].in_group", "私下问"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_at_its_place(
    tmp_path: Path, old: str, new: str, line: int, path: str, words: str
) -> None:
    assert SURVEY.count(old) == 1
    problems = found(tmp_path, SURVEY.replace(old, new))
    assert [(it[0], it[1]) for it in problems] == [(line, path)]
    assert words in problems[0][2]


def test_a_day_that_is_past_is_hardly_meant(sops: SopSet) -> None:
    sample = sops.declared["monthly-nps"]
    assert isinstance(sample, Survey)
    on = sample.model_copy(update={"every": None, "on": Survey.model_fields["on"].default})
    zone = ZoneInfo("Asia/Shanghai")
    assert [*on.doubts(zone, date(2027, 1, 1))] == []
    text = {"sop": "survey", "id": "a", "name": "a", "on": "2026-12-05 19:30", "nps": True}
    once = Survey.model_validate(text)
    assert [it.loc for it in once.doubts(zone, date(2026, 12, 6))] == [("on",)]
    assert [*once.doubts(zone, date(2026, 12, 5))] == []


@pytest.mark.parametrize(
    ("said", "words"),
    [("3分，配送太慢了", "配送太慢了"), ("9 因为新鲜", "因为新鲜"), ("9分吧！", ""), ("我的评分是9", "")],
)
def test_what_is_said_behind_a_mark_is_its_reason(said: str, words: str) -> None:
    answer = read(NPS, said)
    assert answer is not None
    assert answer.text == words


NPS = Question(ask="愿意推荐吗？", answer="nps")


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("9", 9), ("10", 10), ("0", 0), ("０", 0), ("⑧", 8), ("9分", 9), ("打9分", 9), ("九分吧", 9),
        ("十", 10), ("十分", 10), ("满分", 10), ("零分", 0), ("9/10", 9), ("我给8分！", 8), ("8分，新鲜", 8),
        ("十分愿意", None), ("一点也不想", None), ("11", None), ("-1", None), ("7.5", None), ("7到8", None),
        ("我家有3口人，给9分", None), ("不知道", None), ("", None), ("9" * 80, None),
    ],
)  # fmt: skip
def test_a_mark_is_read_and_nothing_else_is_taken_for_one(said: str, mark: int | None) -> None:
    answer = read(NPS, said)
    assert (None if answer is None else answer.number) == mark
