"""The whole bot while clocks jump and machines sleep."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.events import Media, MessageKind
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store.tables import wait
from tests.builders import BOSS, KEY, MONDAY_9, QING, ROOM, look, only, said
from tests.conftest import MakeWorld

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """The week's posts and the challenge."""
    posts = ("monday-origin", "wednesday-recipe", "saturday-product-story")
    return await make_world(only(sops, *posts, "dinner-table"))


def local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


async def jump(world: World, moment: str) -> None:
    """The clock shows ``moment`` all at once; if that is earlier, alarms ring as the machine's do."""
    before, world.clock._now = world.clock.now(), local(moment)
    if world.clock.now() < before:
        for alarm in world.clock._alarms:
            alarm.ring()
    await world.settle()


def told(world: World) -> list[str]:
    """When the bot said what it said."""
    return [f"{at.astimezone(ZONE):%m-%d %H:%M} {message.text[:2]}" for at, message in world.sent]


async def test_a_machine_that_slept_through_a_post_makes_up_for_it_once(world: World) -> None:
    await jump(world, "2026-11-30 13:00")
    await world.move_to(local("2026-12-01 09:00"))
    assert told(world) == ["11-30 13:00 溯源"]


async def test_a_machine_that_slept_too_long_posts_nothing_late(world: World) -> None:
    await jump(world, "2026-11-30 18:00")
    assert told(world) == []
    assert world.count("slots_missed") == 1


@pytest.mark.parametrize("ahead", ["2026-12-05 03:00", "2027-11-30 03:00", "2049-06-01 03:00"])
async def test_a_clock_that_is_ahead_for_a_while_costs_no_post(world: World, ahead: str) -> None:
    await world.move_to(local("2026-11-30 12:00"))
    await jump(world, ahead)
    await jump(world, "2026-11-30 12:20")
    await world.move_to(local("2026-12-07 12:30"))
    assert told(world) == ["11-30 12:20 溯源", "12-02 12:10 食谱", "12-05 19:30 来历", "12-07 12:10 溯源"]


async def test_what_was_posted_by_a_clock_that_is_ahead_is_not_posted_again(world: World) -> None:
    await jump(world, "2026-11-30 12:11")
    await jump(world, "2026-11-30 11:11")
    await world.move_to(local("2026-11-30 23:00"))
    assert len(world.sent) == 1


async def test_a_restart_with_a_clock_that_is_ahead_and_another_when_it_is_right(world: World) -> None:
    await world.stop()
    await jump(world, "2040-01-01 00:00")
    await world.start()
    await world.stop()
    await jump(world, "2026-11-30 12:00")
    await world.start()
    await world.move_to(local("2026-12-02 13:00"))
    assert told(world) == ["11-30 12:10 溯源", "12-02 12:10 食谱"]


async def test_a_bot_that_begins_in_1970_posts_in_time_once_the_clock_is_right(
    sops: SopSet, url: str
) -> None:
    world = World(sops, local("1970-01-01 08:00"), url)
    await world.start({KEY: ROOM}, [BOSS])
    await jump(world, "2026-11-30 09:00")
    await world.move_to(local("2026-11-30 12:30"))
    assert told(world) == ["11-30 12:10 溯源"]
    assert world.count("slots_missed") == 0
    await world.close()


async def test_a_gathered_receipt_outlives_a_sleep(world: World) -> None:
    await world.move_to(local("2026-12-01 18:30"))
    picture = said(
        "", kind=MessageKind.IMAGE, media=(Media("1.jpg", "1.jpg"),), occurred_at=world.clock.now()
    )
    await world.happen(picture, said("#我的原野餐桌# 番茄", QING, occurred_at=world.clock.now()))
    await jump(world, "2026-12-01 20:00")
    assert told(world)[-1].startswith("12-01 20:00")
    assert world.count("content_sent") == 2
    await world.move_to(local("2026-12-02 20:30"))  # a question in the receipt may be quoted for a day
    assert [row["what"] for row in look(world, wait)] == []


async def test_what_is_said_while_the_clock_is_behind_is_heard(world: World) -> None:
    """The room was enabled later than the clock shows."""
    await jump(world, "1970-01-01 00:05")
    await world.happen(said("番茄", occurred_at=MONDAY_9 + MINUTE))
    assert world.count("message_posted") == 1
