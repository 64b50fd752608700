"""Tables that nobody looked at for a day: the operators are reminded, in the morning, once a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.events import Chat, Media, MessageKind, Person
from bot.scenario.world import World
from bot.sop.kinds.challenge.model import Challenge, Review
from bot.sop.loader import SopSet
from tests.builders import BOSS, KEY, MONDAY_9, QING, ROOM, ZHOU, ask, said
from tests.conftest import MakeWorld

TABLE = "dinner-table"
STAFF_ROOM = Chat("room-staff", "原野运营")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """Every table needs a human's eye."""
    sop = sops.sops[TABLE]
    assert isinstance(sop, Challenge)
    only = {TABLE: sop.model_copy(update={"review": Review(needed=True)})}
    return await make_world(replace(sops, sops=only), enabled={KEY: ROOM, "运营群": STAFF_ROOM})


async def set_table(world: World, who: Person) -> None:
    now, ref = world.clock.now(), Media(f"{who.id}@{world.clock.now()}", "a.jpg")
    await world.happen(said("", who, kind=MessageKind.IMAGE, media=(ref,), occurred_at=now))
    await world.happen(said("#我的原野餐桌# 番茄牛腩", who, occurred_at=now))


def reminders(world: World) -> list[tuple[timedelta, str]]:
    return [(at - MONDAY_9, it.text) for at, it in world.sent if "等人看" in it.text]


async def test_the_operators_are_reminded_each_morning_while_tables_wait(world: World) -> None:
    await set_table(world, QING)
    await world.move_to(MONDAY_9 + 4 * HOUR)
    await set_table(world, ZHOU)
    await world.move_to(MONDAY_9 + 2 * DAY + 2 * HOUR)
    name = "我的原野餐桌"
    assert reminders(world) == [
        (DAY + HOUR, f"{name}有1桌等人看，一天以上了。发 /待审 看。"),
        (2 * DAY + HOUR, f"{name}有2桌等人看，一天以上了。发 /待审 看。"),
    ]


async def test_what_was_looked_at_in_time_is_no_reminder(world: World) -> None:
    await set_table(world, QING)
    await world.move_to(MONDAY_9 + 5 * HOUR)
    await ask(world, "/过 1", BOSS, STAFF_ROOM)
    await world.move_to(MONDAY_9 + 3 * DAY)
    assert reminders(world) == []


async def test_after_a_quiet_time_a_new_table_is_waited_for_again(world: World) -> None:
    await set_table(world, QING)
    await ask(world, "/过 1", BOSS, STAFF_ROOM)
    await world.move_to(MONDAY_9 + 2 * DAY)
    await set_table(world, ZHOU)
    await world.move_to(MONDAY_9 + 3 * DAY + 2 * HOUR)
    assert [after for after, _ in reminders(world)] == [3 * DAY + HOUR]


async def test_of_what_is_on_no_list_any_more_nobody_is_reminded(world: World) -> None:
    await set_table(world, QING)
    await world.move_to(MONDAY_9 + 12 * DAY)
    assert len(reminders(world)) == 6
