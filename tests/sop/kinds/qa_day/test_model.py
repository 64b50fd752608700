from __future__ import annotations

import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.sop.kinds import collect
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.loader import Loaded, load

ROOT = Path(__file__).parents[4]
ZONE = ZoneInfo("Asia/Shanghai")
SAMPLE = """
sop: qa_day
id: friday-qa
name: 周五问答日
every: 周五 19:30
until: 21:00
expert: 营养师                     # a role or a person of community.yaml
remind: [{at: 周四 12:10, template: qa_tomorrow.j2}]
accept: [提问, 问一下, "@机器人"]  # open from the first reminder on
number_cards: {gather: 2m, template: qa_cards.j2}
unanswered: [{after: 20m, call: 能答的会员}, {after: 1h, call: 专家}, {after: 24h, call: 运营群}]
to_human: [治疗, 停药, 孕期, 过敏]
digest: {at: 周六 10:00, top: 8, template: qa_digest.j2}
"""
SHORTEST = "sop: qa_day\nid: qa\nname: 问答\nevery: 周五 19:30\nuntil: 21:00\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "sops" / "community.yaml", tmp_path)
    return tmp_path


def read(folder: Path, text: str) -> Loaded:
    (folder / "qa.yaml").write_text(text, encoding="utf-8")
    return load(folder, ROOT / "templates", collect())


def problems(folder: Path, text: str) -> str:
    return "\n".join(map(str, read(folder, text).problems))


@pytest.mark.parametrize("text", [SAMPLE, SHORTEST])
def test_it_is_read_as_operators_write_it(folder: Path, text: str) -> None:
    loaded = read(folder, text)
    assert loaded.problems == []
    assert loaded.sops is not None
    sop = next(iter(loaded.sops.sops.values()))
    assert isinstance(sop, QaDay)
    assert (sop.until, sop.number_cards.gather) == (time(21), timedelta(minutes=2))
    assert [rung.call for rung in sop.unanswered] == ["能答的会员", "专家", "运营群"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("until: 25:00", "这里要写一天里的几点"),
        ("expert: 营养士", "没有角色“营养士”"),
        ("accept: []", ""),
        ("unanswered: [{after: 1h, call: 专家}, {after: 20m, call: 运营群}]", "要比前一步更晚"),
        ("unanswered: [{after: 1h, call: 大家}]", ""),
        ("number_cards: {gather: 2m, template: qa_card.j2}", "没有模板 qa_card.j2"),
        ("wording: {offer: qa_cards.j2}", "cards"),
        ("carry: 9", ""),
        ("digest: {at: 周六 10:00, top: 0}", ""),
    ],
)
def test_a_mistake_is_told_at_its_place(folder: Path, line: str, message: str) -> None:
    key = line.partition(":")[0]
    text = "\n".join(it for it in SHORTEST.splitlines() if not it.startswith(key)) + f"\n{line}\n"
    found = problems(folder, text)
    assert "qa.yaml" in found or "qa_" in found
    assert message in found


@pytest.mark.parametrize("expert", ["M37", "营养师"])
def test_an_expert_is_a_role_or_a_number(folder: Path, expert: str) -> None:
    assert problems(folder, f"{SHORTEST}expert: {expert}\n") == ""


@pytest.mark.parametrize(
    ("every", "until", "ends"),
    [
        ("周五 19:30", "21:00", datetime(2026, 12, 4, 21, tzinfo=ZONE)),
        ("周五 22:30", "00:30", datetime(2026, 12, 5, 0, 30, tzinfo=ZONE)),
        ("周六 19:30", "21:00", datetime(2026, 12, 4, 21, tzinfo=ZONE)),
    ],
)
def test_the_window_ends_after_it_began(every: str, until: str, ends: datetime) -> None:
    sop = QaDay.model_validate({"sop": "qa_day", "id": "qa", "name": "问答", "every": every, "until": until})
    assert sop.ends(date(2026, 12, 4), ZONE) == ends
