"""How long it takes to find an audience among 100,000 members, and to ask whether one is in it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.results import Result
from benchmarks.world import NOW, open_world, sops, sqlite
from benchmarks.year import FIRST_ID, MEMBERS, write_people
from bot.audience import facts
from bot.audience.conditions import (
    Active,
    AllOf,
    AnyOf,
    Condition,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
    holds,
)
from bot.audience.scope import Scope
from bot.audience.selecting import everybody
from bot.store.reading import reading

SCOPE = Scope(NOW, ZoneInfo("Asia/Shanghai"), {"运营": "staff"}, "运营群")
LEVELS = ("新朋友", "同行者", "共创者")
WHOLE: Condition = AllOf(
    (
        AnyOf((Tagged("烹饪热情"), Spends(2, 3), Active(3, 30))),
        Not(AllOf((Tagged("办公室"), Silent(30)))),
        Leveled(1, 2, LEVELS),
    )
)
"""Every trait, and, or and not."""
_NTH = f"WITH RECURSIVE nth(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM nth WHERE n < {MEMBERS} - 1) "
_TAG = (
    "INSERT INTO tag (member_id, key, source, score, confidence, evidence, first_at, last_at, version) "
    f"SELECT {FIRST_ID} + n, '{{}}', 'questionnaire', 1, 1, '[]', 0, 0, '' FROM nth WHERE n % {{}} = 0"
)
_ACTIVITY = (
    ", day(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM day WHERE d < 59) "
    "INSERT INTO activity (identity_id, day, room_id, acts, own) "
    f"SELECT {FIRST_ID} + n, {SCOPE.today} - d, 1, 1, 1 FROM nth JOIN day ON (n * 7 + d * 13) % 10 = 0"
)
_OTHERS = (
    "INSERT INTO standing (member_id, level, since, away) "
    f"SELECT {FIRST_ID} + n, n % 4, 0, 0 FROM nth WHERE n % 4",
    "INSERT INTO spending (member_id, cents, grade) "
    f"SELECT {FIRST_ID} + n, n, n % 4 FROM nth WHERE n % 3 = 0",
)


def measure(folder: Path, rounds: int) -> list[Result]:
    database = folder / "audiences.db"
    world = open_world(sqlite(database), sops(folder, 1))
    world.writer.close()
    write_people(database)
    _write_what_they_do(database)
    with reading(sqlite(database)) as connection:
        someone = [FIRST_ID + 7]
        all_of_them = _times(lambda: everybody(connection, SCOPE, WHOLE), rounds)
        one = _times(lambda: holds(WHOLE, facts.of(connection, someone, SCOPE, WHOLE)[someone[0]]), 100)
        room = _times(lambda: facts.of(connection, range(FIRST_ID, FIRST_ID + 500), SCOPE, WHOLE), rounds)
    return [
        Result("an audience among 100,000 members", "s", all_of_them, 1, at_most=True),
        Result("whether one member is in it", "ms", [it * 1000 for it in one], 5, at_most=True),
        Result("who of 500 members is in it", "ms", [it * 1000 for it in room]),
    ]


def _write_what_they_do(database: Path) -> None:
    """A tenth of the days of two months of each, a tag of a third, a level and a grade of most."""
    tags = (_NTH + _TAG.format(key, every) for key, every in (("烹饪热情", 3), ("办公室", 5)))
    connection = sqlite3.connect(database)
    try:
        with connection:
            for statement in (*tags, _NTH + _ACTIVITY, *(_NTH + it for it in _OTHERS)):
                connection.execute(statement)
    finally:
        connection.close()


def _times(do: Callable[[], object], rounds: int) -> list[float]:
    """Of each round, once it was done before."""
    do()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    return found
