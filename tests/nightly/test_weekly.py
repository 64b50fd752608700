"""The weekly figures: once a week, whatever happens in between, and not when it is too late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.events import Chat
from bot.nightly.apart import Apart
from bot.nightly.weekly import AGAIN, LATE_AFTER, REPORT, _made
from bot.reporting.asked import Terms, last_week
from bot.reporting.lights import Light
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.sop.schedule import Schedule
from bot.store.tables import failure, slot
from bot.store.writer import Writer
from tests.builders import KEY, MONDAY_9, ROOM, look, only
from tests.conftest import MakeWorld

STAFF_ROOM = Chat("room-staff", "原野运营")
WEEK = timedelta(days=7)
NEXT = MONDAY_9 + WEEK
_MINUTE = timedelta(minutes=1)


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    return await make_world(only(sops), enabled={KEY: ROOM, "运营群": STAFF_ROOM})


def told(world: World) -> list[str]:
    """The weeks that the operators were told of."""
    texts = [message.text for _, message in world.sent if message.chat_id == STAFF_ROOM.id]
    return [text.split()[1] for text in texts if text.startswith("原野之味")]


def states(world: World) -> list[tuple[str, str]]:
    return [(row["occurrence"], row["state"]) for row in look(world, slot, sop_id=REPORT)]


@contextmanager
def broken(self: Writer) -> Iterator[Connection]:
    raise OSError("the disk is gone")
    yield


async def test_each_week_once_at_its_moment(world: World) -> None:
    await world.move_to(NEXT - _MINUTE)
    assert told(world) == []
    await world.move_to(NEXT)
    assert told(world) == ["第49周"]
    await world.move_to(NEXT + WEEK)
    assert told(world) == ["第49周", "第50周"]
    assert states(world) == [("2026-12-07", "done"), ("2026-12-14", "done")]


async def test_what_could_not_be_read_is_tried_again_and_sent_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.move_to(NEXT - _MINUTE)
    with monkeypatch.context() as here:
        here.setattr(Writer, "reader", broken)
        await world.move_to(NEXT)
    assert told(world) == []
    assert states(world) == [("2026-12-07", "failed")]
    assert [row["place"] for row in look(world, failure)] == ["weekly report"]
    await world.move_to(NEXT + AGAIN)
    assert told(world) == ["第49周"]


async def test_who_is_killed_while_it_reads_sends_it_after_the_next_start(world: World) -> None:
    await world.move_to(NEXT)
    with world.engine.begin() as connection:  # as if the process had ended before it was sent
        connection.execute(slot.update().values(state="failed"))
    await world.stop()
    await world.start()
    await world.move_to(NEXT + AGAIN)
    assert told(world) == ["第49周"]  # the first was queued already, under the same key
    assert states(world) == [("2026-12-07", "done")]


async def test_what_is_found_too_late_is_missed_each_week(world: World) -> None:
    await world.stop()
    world.clock.move(NEXT + WEEK + LATE_AFTER + _MINUTE)
    await world.start()
    await world.move_to(world.clock.now() + _MINUTE)
    assert told(world) == []
    assert states(world) == [("2026-12-07", "missed"), ("2026-12-14", "missed")]


async def test_a_clock_that_was_ahead_takes_no_week_away(world: World) -> None:
    await world.move_to(NEXT)
    with world.engine.begin() as connection:
        connection.execute(slot.update().values(due_at=NEXT + 500 * WEEK, occurrence="2036-07-07"))
    await world.move_to(NEXT + WEEK)
    assert told(world) == ["第49周", "第50周"]


async def test_it_can_be_read_in_another_process(world: World) -> None:
    await world.move_to(NEXT)
    asked, reader = last_week(NEXT, world.sops.community.zone), Writer(world.engine).reader
    read = partial(_made, reader, Terms.of(world.sops), asked, date(2026, 12, 7))
    (apart,), (here,) = Apart()(read), read()
    assert apart == here
    assert apart.lights == [Light(KEY)]


async def test_it_comes_to_a_room_that_is_the_operators_alone(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(only(sops))
    await world.move_to(NEXT + _MINUTE)
    assert world.sent == []


async def test_where_nobody_wants_it_it_does_not_come(make_world: MakeWorld, sops: SopSet) -> None:
    quiet = replace(sops, community=sops.community.model_copy(update={"weekly": None}))
    world = await make_world(only(quiet), enabled={KEY: ROOM, "运营群": STAFF_ROOM})
    await world.move_to(NEXT + _MINUTE)
    assert told(world) == []


async def test_it_keeps_no_quiet_hours(make_world: MakeWorld, sops: SopSet) -> None:
    early = replace(
        sops, community=sops.community.model_copy(update={"weekly": Schedule.parse("周一 06:00")})
    )
    world = await make_world(only(early), enabled={KEY: ROOM, "运营群": STAFF_ROOM})
    await world.move_to(NEXT - timedelta(hours=3))
    assert told(world) == ["第49周"]
