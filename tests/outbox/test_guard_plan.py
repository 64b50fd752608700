"""What is asked before each message must not grow with all that was ever said and sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Pool, Table, event

from bot.scenario.world import FIRST_CODE, World
from bot.sop.loader import SopSet
from bot.store.session import insert_new
from bot.store.tables import interaction, outgoing
from tests.builders import BOSS, KEY, ROOM, ask, look, only
from tests.conftest import MakeWorld

MANY, FAR = 3_000, 10**12
"""Rows, and ids that the bot does not reach."""
LONG_AGO = timedelta(days=100)
WORDS = "今天有直播"


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What SQLite is asked by any connection, as it reads it."""
    found: list[str] = []

    def trace(connection: Any, _record: Any) -> None:
        if hasattr(connection, "set_trace_callback"):
            connection.set_trace_callback(found.append)

    event.listen(Pool, "connect", trace)
    yield found
    event.remove(Pool, "connect", trace)


@pytest.fixture
async def old_world(make_world: MakeWorld, sops: SopSet, url: str, asked: list[str]) -> World:
    """A room in which much was said, and sent."""
    if not url.startswith("sqlite"):
        pytest.skip("its plans are SQLite's")
    world = await make_world(only(sops))
    await ask(world, "/帮助", BOSS, ROOM)
    await world.move_to(world.clock.now().replace(hour=2))
    _copy(world, outgoing, "dedupe_key")
    _copy(world, interaction, "source_id")
    return world


def _copy(world: World, table: Table, key: str) -> None:
    """Its first row again and again, as it would be had it been long ago."""
    (first, *_) = look(world, table)
    old = {name: it - LONG_AGO if isinstance(it, datetime) else it for name, it in first.items()}
    rows = [{**old, "id": FAR + n, key: f"copy {n}"} for n in range(1, MANY)]
    with world.engine.begin() as connection:
        insert_new(connection, table, rows)


async def test_nothing_asked_for_a_message_reads_all_that_was_sent_or_said(
    old_world: World, asked: list[str]
) -> None:
    await ask(old_world, f"/公告 {KEY} “{WORDS}”", BOSS, None)
    asked.clear()
    answers = await ask(old_world, f"发 {FIRST_CODE}", BOSS, None)
    assert WORDS in answers
    told = [*asked]
    assert any("FROM outgoing" in sql for sql in told)
    assert [(step, sql) for sql in told for step in _whole(old_world, sql)] == []


def _whole(world: World, sql: str) -> list[str]:
    """The steps of its plan that read a whole table of these."""
    if not sql.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
        return []
    with world.engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")
        steps = [row.detail for row in found]
    return [step for step in steps if step.startswith(("SCAN outgoing", "SCAN interaction"))]
