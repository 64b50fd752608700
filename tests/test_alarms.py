"""What operators are told without having asked: that nothing could be sent, and for how long."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from bot.channels.fake import Fault
from bot.events import Chat
from bot.scenario.world import World
from bot.store.tables import outgoing
from tests.builders import BOSS, KEY, MONDAY_9, ROOM, look, said
from tests.conftest import MakeWorld

STAFF_ROOM = Chat("room-staff", "原野运营")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(enabled={KEY: ROOM, "运营群": STAFF_ROOM})


def told(world: World) -> list[str]:
    return [message.text for _, message in world.sent if message.chat_id == STAFF_ROOM.id]


async def too_often(world: World) -> None:
    """A message of ours is refused, because there were too many."""
    world.channel.fail_next(Fault.TOO_OFTEN)
    await world.happen(said("/帮助", BOSS, occurred_at=world.clock.now()))


# --- the platform's "too often" ---


async def test_a_rest_is_told_once_it_is_over_with_when_it_was(world: World) -> None:
    await too_often(world)
    await world.move_to(MONDAY_9 + 29 * MINUTE)
    assert told(world) == []
    await world.move_to(MONDAY_9 + 31 * MINUTE)
    assert told(world) == ["11月30日 周一 09:00–09:30没有发消息：微信说发得太频繁，歇了一会儿。现在接着发。"]


async def test_another_rest_in_a_row_says_that_it_is_the_second(world: World) -> None:
    await too_often(world)
    await world.move_to(MONDAY_9 + 40 * MINUTE)
    await too_often(world)
    await world.move_to(MONDAY_9 + timedelta(hours=3))
    assert [("09:40–10:40" in text, "连着第2次了" in text) for text in told(world)] == [
        (False, False),
        (True, True),
    ]


async def test_the_log_has_it_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await too_often(world)
    errors = [it.getMessage() for it in caplog.records if it.levelno == logging.ERROR]
    assert any("too often" in error and "2026-11-30 01:30" in error for error in errors)


async def test_where_no_room_is_the_operators_every_admin_is_told(make_world: MakeWorld) -> None:
    alone = await make_world()
    await too_often(alone)
    await alone.move_to(MONDAY_9 + 31 * MINUTE)
    found = [message.person_id for _, message in alone.sent if "歇了一会儿" in message.text]
    assert found == [BOSS.id]


async def test_an_alarm_comes_in_the_night_too(world: World) -> None:
    midnight = MONDAY_9 + timedelta(hours=15)
    await world.move_to(midnight)
    await too_often(world)
    await world.move_to(midnight + 31 * MINUTE)
    assert len(told(world)) == 1


# --- the link ---


async def away(world: World, minutes: int) -> None:
    world.channel.cut()
    await world.settle()
    await world.move_to(world.clock.now() + minutes * MINUTE)
    world.channel.mend()
    await world.settle()


async def test_a_link_that_was_away_is_told_when_it_is_back(world: World) -> None:
    await away(world, 8)
    assert told(world) == [
        "11月30日 周一 09:00–09:08断线8分0秒，群里说的话收不回来。现在连上了，没发的接着发。"
    ]


async def test_a_short_gap_is_not_worth_a_word(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await away(world, 4)
    await world.move_to(MONDAY_9 + timedelta(hours=1))
    assert told(world) == []
    assert not [it for it in caplog.records if "is down for over" in it.getMessage()]


async def test_while_it_is_away_the_log_says_so_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.channel.cut()
    await world.settle()
    await world.move_to(MONDAY_9 + timedelta(hours=2))
    found = [it for it in caplog.records if "is down for over" in it.getMessage()]
    assert [it.levelno for it in found] == [logging.ERROR]


async def test_each_alarm_is_one_row_of_the_outbox(world: World) -> None:
    await away(world, 8)
    await away(world, 6)
    alarms = [row for row in look(world, outgoing) if "断线" in row["payload"]["text"]]
    assert [row["dedupe_key"] for row in alarms] == [
        "alarm:test:link:20261130T010800/0",
        "alarm:test:link:20261130T011400/0",
    ]
