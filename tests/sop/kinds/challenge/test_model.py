from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.sop.kinds import collect
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.loader import Loaded, load

ROOT = Path(__file__).parents[4]
BEGINS = """
sop: challenge
id: dinner-table
name: 我的原野餐桌
hashtag: 我的原野餐桌
days: 2026-11-30 到 2026-12-20
"""
SAMPLE = f"""{BEGINS}
entry: {{needs: [图片, 文字], join_within: 10m, per_day: 1, ask_for: [用了哪样, 家里的故事]}}
receipt: {{gather: 30m, template: table_receipt.j2}}
streak: {{badge_at: [7, 14, 21], make_up: 2}}
prizes: {{坚持奖: {{by: days, seats: 5}}, 故事奖: {{by: 运营挑选, seats: 3, gift: 农场主的信}}}}
news: {{every: 周日 20:00, template: table_week.j2}}
close: {{template: table_close.j2}}
"""
SHORTEST = f"{BEGINS}receipt: {{template: table_receipt.j2}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "sops" / "community.yaml", tmp_path)
    return tmp_path


def read(folder: Path, text: str) -> Loaded:
    (folder / "table.yaml").write_text(text, encoding="utf-8")
    return load(folder, ROOT / "templates", collect())


def sop_of(folder: Path, text: str) -> Challenge:
    loaded = read(folder, text)
    assert loaded.problems == []
    assert loaded.sops is not None
    (sop,) = loaded.sops.sops.values()
    assert isinstance(sop, Challenge)
    return sop


def test_it_is_read_as_operators_write_it(folder: Path) -> None:
    sop = sop_of(folder, SAMPLE)
    assert (sop.streak.badge_at, sop.streak.make_up) == ([7, 14, 21], 2)
    assert {name: (it.by, it.seats, it.gift) for name, it in sop.prizes.items()} == {
        "坚持奖": ("days", 5, ""),
        "故事奖": ("运营挑选", 3, "农场主的信"),
    }
    assert sop.close is not None
    assert (sop.close.at, sop.length()) == ("12:10", 21)


def test_left_out_there_is_none_of_it(folder: Path) -> None:
    sop = sop_of(folder, SHORTEST)
    assert (sop.prizes, sop.news, sop.launch, sop.close) == ({}, None, None, None)
    assert (sop.streak.badge_at, sop.streak.make_up, sop.entry.ask_for) == ([], 0, [])


def test_news_give_and_the_launch_asks(folder: Path) -> None:
    sop = sop_of(folder, f"{SHORTEST}launch: {{}}\nnews: {{every: 周日 20:00}}\n")
    assert sop.launch is not None
    assert sop.news is not None
    assert (sop.launch.intent, sop.news.intent) == ("ask", "give")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("streak: {badge_at: [14, 7]}", "天数要从小到大写"),
        ("streak: {badge_at: [0, 7]}", "天数要从小到大写"),
        ("prizes: {坚持奖: {by: days, seats: 5}}", "还要写收官 close"),
        ("close: {at: 03:30}", "最后一天要到凌晨4点才算完"),
        ("close: {at: 25:10}", "没有 25:10 这个时刻"),
        ("launch: {at: 中午}", "没有看懂几点几分"),
        ("news: {every: 周日}", "几点几分"),
        ("prizes: {坚持奖: {by: 心情, seats: 5}}\nclose: {}", "心情"),
    ],
)
def test_mistakes_are_told(folder: Path, line: str, message: str) -> None:
    told = "\n".join(map(str, read(folder, f"{SHORTEST}{line}\n").problems))
    assert message in told
