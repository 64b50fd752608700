"""How long it takes to look ahead: a month of many rooms, and check of many files, with its four weeks and
without."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.results import Result
from benchmarks.world import as_in_bot_run
from bot import app
from bot.foresight.ahead import Span, play_ahead
from bot.foresight.asked import examine
from bot.foresight.simulate import simulate
from bot.foresight.start import fresh
from bot.outbox.pace import Pace
from bot.sop.kinds import collect
from bot.sop.loader import SopSet, load

ZONE = ZoneInfo("Asia/Shanghai")
BEGINS = datetime(2026, 11, 30, 8, tzinfo=ZONE)
DAYS, ROOMS, GROUPS, MEMBERS = 30, 100, 4, 5_000
FILES, A_WEEK = 500, 7
"""Each room has a theme day a day: as much as the guard lets it have."""
ITEMS = 40
WEEKDAYS = "一二三四五六日"
TEMPLATES = Path(__file__).parent.parent / "templates"
_THEME_DAY = """sop: theme_day
id: theme-{n}
name: 主题日{n}
rooms: {rooms}
every: 周{day} {at}
post: {{shelf: 故事, template: post.j2}}
"""
_CHALLENGE = """sop: challenge
id: table
name: 餐桌
hashtag: 餐桌
days: 2026-11-30 到 2026-12-29
receipt: {template: table_receipt.j2}
"""
_QA_DAY = "sop: qa_day\nid: qa\nname: 问答日\nevery: 周五 12:10\nuntil: 21:00\n"


def measure(folder: Path, rounds: int) -> list[Result]:
    logging.disable(logging.CRITICAL)
    try:
        month, files = _month(folder / "month"), _files(folder / "files")
        silent = _timed(lambda: _ahead(month), rounds)
        talk = _timed(lambda: _simulated(month), 1)
        read = _timed(lambda: _check(files, with_weeks=False), rounds)
        played = _timed(lambda: _check(files, with_weeks=True), rounds)
    finally:
        logging.disable(logging.NOTSET)
    return [
        Result(f"a month ahead, {GROUPS * A_WEEK + 2} SOPs, {ROOMS} rooms", "s", silent, 10, at_most=True),
        Result(f"the same, {MEMBERS:,} members talk", "s", talk, 10, at_most=True),
        Result(f"check, {FILES} files", "s", read, 3, at_most=True),
        Result("check, with four weeks", "s", played, 20, at_most=True),
    ]


def _timed(do: Callable[[], None], rounds: int) -> list[float]:
    seconds = []
    for _ in range(rounds):
        as_in_bot_run()
        began = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - began)
    return seconds


def _month(folder: Path) -> SopSet:
    """Groups of rooms with a theme day a day, and a challenge and a Q&A day for all."""
    keys = [f"会员{n}群" for n in range(ROOMS)]
    groups = {f"第{n}组": keys[n::GROUPS] for n in range(GROUPS)}
    sops = _folder(folder, keys, groups)
    for n in range(GROUPS * A_WEEK):
        (sops / f"{n}.yaml").write_text(_theme_day(n, f"第{n // A_WEEK}组"), "utf-8")
    (sops / "table.yaml").write_text(_CHALLENGE, "utf-8")
    (sops / "qa.yaml").write_text(_QA_DAY, "utf-8")
    return app.needed(load(sops, folder / "templates", collect()))


def _files(folder: Path) -> Path:
    """As many theme days, each in one room."""
    keys = [f"会员{n}群" for n in range(FILES // A_WEEK + 1)]
    sops = _folder(folder, keys, {})
    for n in range(FILES):
        (sops / f"{n}.yaml").write_text(_theme_day(n, keys[n // A_WEEK]), "utf-8")
    return folder


def _folder(folder: Path, keys: Sequence[str], groups: dict[str, list[str]]) -> Path:
    sops, shelf = folder / "sops", folder / "templates" / "shelves" / "故事"
    for path in (sops, shelf):
        path.mkdir(parents=True)
    sets = ", ".join(f"{name}: [{', '.join(mine)}]" for name, mine in groups.items())
    (sops / "community.yaml").write_text(
        f"name: 原野\nmission: 在一起\nrooms: [{', '.join(keys)}]\nsets: {{{sets}}}\n", "utf-8"
    )
    for path in TEMPLATES.glob("*.j2"):
        shutil.copy(path, folder / "templates")
    (folder / "templates" / "post.j2").write_text("{{ item.title }}\n{{ item.body }}", "utf-8")
    for n in range(ITEMS):
        (shelf / f"{n:02}.md").write_text(f"---\ntitle: 第{n}篇\n---\n番茄熟了，今年第{n}茬。\n", "utf-8")
    return sops


def _theme_day(n: int, rooms: str) -> str:
    at = "12:10" if n % 2 else "19:30"
    return _THEME_DAY.format(n=n, rooms=rooms, day=WEEKDAYS[n % A_WEEK], at=at)


def _ahead(sops: SopSet) -> None:
    with fresh(sops) as start:
        found = play_ahead(sops, start, Span.of_days(BEGINS, DAYS, ZONE), "bench", Pace())
    assert len(found) > ROOMS * DAYS, len(found)


def _simulated(sops: SopSet) -> None:
    span = Span.of_days(BEGINS, DAYS, ZONE)
    with fresh(sops) as start:
        found = simulate(sops, start, span, "bench", Pace(), size=MEMBERS, seed=1)
    assert found.failures == 0
    assert len(found.acts) > MEMBERS, len(found.acts)


def _check(folder: Path, *, with_weeks: bool) -> None:
    loaded = load(folder / "sops", folder / "templates", collect())
    found = examine(loaded, BEGINS.replace(tzinfo=None), with_weeks=with_weeks)
    assert [problem for problem in found if problem.level == "error"] == []
