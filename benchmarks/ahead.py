"""How long it takes to look ahead: a month of many rooms, and check of many files, with its four weeks and
without."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from benchmarks.results import Result
from bot import app
from bot.foresight.ahead import Span, play_ahead
from bot.foresight.asked import examine
from bot.foresight.simulate import simulate
from bot.foresight.start import fresh
from bot.outbox import pace
from bot.sop.kinds import collect
from bot.sop.loader import Loaded, SopSet, load

BEGINS = datetime(2026, 11, 30, 8)
ROOMS, SETS, MONTH, MEMBERS = 100, 4, 30, 5_000
FILES, ROOMS_OF_FILES = 500, 72
_DAYS = "一二三四五六日"
_SELDOM = """sop: theme_day
id: sop-{n}
name: 主题日{n}
rooms: {rooms}
every: 周{day} {at}
post: {{shelf: 故事, template: post.j2}}
"""


def measure(folder: Path, rounds: int) -> list[Result]:
    month, files = _month(folder / "month"), folder / "files"
    _files(files)
    return [
        Result(
            f"a month, 30 SOPs, {ROOMS} rooms, silent", "s", _timed(lambda: _ahead(month), rounds), 10, at_most=True
        ),
        Result(
            f"a month, {MEMBERS:,} members talk", "s", _timed(lambda: _talk(month), 1), 10, at_most=True
        ),
        Result(f"check of {FILES} files", "s", _timed(lambda: _check(files, False), rounds), 3, at_most=True),
        Result(f"check with four weeks", "s", _timed(lambda: _check(files, True), rounds), 20, at_most=True),
    ]
