from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.clock import SystemClock
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.sop.problems import Mistake
from bot.stage import Stage
from bot.store.tables import slot
from tests.builders import BOSS, MONDAY_9, ROOM, look, only
from tests.conftest import MakeWorld

HOUR = timedelta(hours=1)


async def test_time_goes_on_through_everything_that_is_due_on_the_way(
    make_world: MakeWorld, sops: SopSet
) -> None:
    world = await make_world(only(sops, "monday-origin", "wednesday-recipe"))
    await world.stage.advance("3d")
    assert world.stage.now() == MONDAY_9 + 3 * 24 * HOUR
    assert [row["sop_id"] for row in look(world, slot)] == ["monday-origin", "wednesday-recipe"]
    assert {row["state"] for row in look(world, slot)} == {"done"}
    assert len(world.channel.sent) == 2


async def test_time_goes_to_a_moment_that_is_named(world: World) -> None:
    await world.stage.to("周一 12:10")
    assert world.stage.now() == datetime(2026, 11, 30, 12, 10, tzinfo=world.stage.zone)
    assert len(world.channel.sent) == 1


async def test_time_goes_to_what_is_next(world: World) -> None:
    assert await world.stage.next()
    assert world.stage.now() == datetime(2026, 11, 30, 12, 10, tzinfo=world.stage.zone)
    assert len(world.channel.sent) == 1


async def test_with_nobody_playing_nothing_is_next(world: World) -> None:
    await world.stop()
    assert not await world.stage.next()
    assert world.stage.now() == MONDAY_9


async def test_what_cannot_be_understood_moves_nothing(world: World) -> None:
    with pytest.raises(Mistake):
        await world.stage.to("周八 12:10")
    with pytest.raises(Mistake):
        await world.stage.advance("一会儿")
    assert world.stage.now() == MONDAY_9


async def test_a_stage_settles_when_everything_was_answered(world: World) -> None:
    for _ in range(3):
        world.channel.say("/状态", BOSS, ROOM)
    await world.channel.delivered()
    await world.stage.settle()
    assert len(world.channel.sent) == 3
    assert world.stage.now() < MONDAY_9 + timedelta(minutes=1)


async def test_the_machines_time_cannot_be_moved(world: World) -> None:
    assert world.stage.can_move
    assert not Stage(SystemClock(), world.stage.zone).can_move
