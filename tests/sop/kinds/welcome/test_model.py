"""What an operator may get wrong in a welcome, found at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sop.kinds import collect
from bot.sop.kinds.welcome.model import Welcome
from bot.sop.loader import SopSet, load

ROOT = Path(__file__).parents[4]
TEMPLATES = ROOT / "templates"
GATE = """sop: welcome
id: gate
name: 新朋友
mode: gate
rooms: 会员1群
questions:
  - {ask: 谁做饭？, choices: {我: {fit: 1}, 家里人: {}}}
fit: {pass: 1}
"""
COMMUNITY = "name: 原野之味\nmission: 让每一餐都知道来处\nrooms: [会员1群, 会员2群]\n"
ONE = "  - {ask: 谁做饭？, choices: {我: {fit: 1}, 家里人: {}}}\n"
WORDS = "  - {ask: 希望什么？, answer: text}\n"
GROUP = "  - {ask: 爱吃什么？, answer: text, in_group: true}\n"


def found(folder: Path, text: str) -> list[tuple[int, str, str]]:
    """The line, the key and the words of each problem."""
    (folder / "community.yaml").write_text(COMMUNITY, encoding="utf-8")
    (folder / "gate.yaml").write_text(text, encoding="utf-8")
    problems = load(folder, TEMPLATES, collect()).problems
    return [(it.line, it.path, it.message) for it in problems if "privacy" not in it.path]


def test_it_may_be_as_short_as_this(tmp_path: Path) -> None:
    assert found(tmp_path, GATE) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "words"),
    [
        ("rooms: 会员1群\n", "", 4, "mode", "先问后进要写明进哪个群"),
        (ONE, ONE + WORDS * 4, 7, "questions", "4"),
        ("pass: 1", "pass: 3", 8, "fit.pass", "没有人能答到 3 分，最多 1 分"),
        (ONE, ONE + GROUP * 2, 9, "questions[2].in_group", "群里最多问一题"),
        (ONE, "  - {ask: 谁做饭？}\n", 7, "questions[0].ask", "选择题至少要有两个选项"),
        (
            ONE,
            ONE + "  - {ask: 几分？, answer: scale, several: true}\n",
            8,
            "questions[1].several",
            "只有选择题",
        ),
        (ONE, ONE + WORDS.replace("text", "text, tag: 烹饪热情"), 8, "questions[1].tag", "写在选项里"),
        ("{fit: 1}", "{tag: {烹饪热情: 2}}", 7, "questions[0].choices.我.tag.烹饪热情", "从 -1 到 1"),
        ("pass: 1}", "pass: 1}\npatience: {remind: 4d}", 9, "patience.remind", "提醒要早于放弃"),
        (
            "fit: {pass: 1}",
            "hello: {template: helo.j2}\nfit: {pass: 1}",
            8,
            "hello.template",
            "没有模板 helo.j2",
        ),
    ],
)
def test_a_mistake_is_found_at_its_place(
    tmp_path: Path, old: str, new: str, line: int, path: str, words: str
) -> None:
    assert GATE.count(old) == 1
    problems = found(tmp_path, GATE.replace(old, new))
    assert [(it[0], it[1]) for it in problems] == [(line, path)]
    assert words in problems[0][2]


def test_questions_without_any_are_no_gate(tmp_path: Path) -> None:
    text = GATE.replace("questions:\n" + ONE, "questions: []\n").replace("fit: {pass: 1}\n", "")
    assert [it[1] for it in found(tmp_path, text)] == ["mode"]


def test_a_tag_may_be_a_name_or_names_with_scores(sops: SopSet) -> None:
    survey = sops.sops["welcome-survey"]
    assert isinstance(survey, Welcome)
    cook, values, _ = survey.questions
    assert cook.choices["我"].tags == {"烹饪热情": 1.0}
    assert values.choices["很认同"].fit == 2
    assert (survey.hello.word, survey.fit.at_least, survey.private) == ("好", 2, (0, 1, 2))
