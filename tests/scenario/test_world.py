from __future__ import annotations

from datetime import timedelta

from bot.events import Chat
from bot.outbox.pace import Pace
from bot.scenario.world import World
from bot.store.tables import interaction, room
from tests.builders import BOSS, KEY, MONDAY_9, QING, ROOM, ask, look
from tests.conftest import MakeWorld

HOUR = timedelta(hours=1)


async def test_a_world_begins_with_its_rooms_and_admins(world: World) -> None:
    assert [(row["key"], row["title"]) for row in look(world, room)] == [(KEY, ROOM.title)]
    assert await ask(world, "/状态", BOSS) != []
    assert world.sent[0][0] == MONDAY_9


async def test_what_was_said_is_known_with_its_moment(world: World) -> None:
    await world.move_to(MONDAY_9 + 4 * HOUR)
    ((at, message),) = world.sent
    assert at == MONDAY_9 + 3 * HOUR + timedelta(minutes=10)
    assert message.chat_id == ROOM.id


async def test_messages_are_sent_at_the_pace(make_world: MakeWorld) -> None:
    world = await make_world(pace=Pace(timedelta(seconds=5), timedelta(0), timedelta(seconds=5)))
    world.channel.say("/状态", BOSS, ROOM)
    world.channel.say("/帮助", BOSS, ROOM)
    await world.settle()
    assert len(world.sent) == 2
    assert world.clock.now() == MONDAY_9 + timedelta(seconds=5)


async def test_while_the_bot_is_stopped_the_platform_and_the_time_go_on(world: World) -> None:
    await world.stop()
    world.channel.say("番茄", QING, ROOM)
    await world.move_to(MONDAY_9 + HOUR)
    assert look(world, interaction) == []
    await world.start()
    (row,) = look(world, interaction)
    assert (row["occurred_at"], row["received_at"]) == (MONDAY_9, MONDAY_9 + HOUR)


async def test_a_restart_keeps_what_was_there(world: World) -> None:
    await ask(world, "番茄", QING)
    await world.stop()
    await world.start()
    assert world.count("message_posted") == 1
    assert await ask(world, "/状态") == ["在线｜1群｜今天发0 待发0"]


async def test_things_are_counted(world: World) -> None:
    await ask(world, "番茄", QING)
    await world.move_to(MONDAY_9 + 4 * HOUR)
    assert (world.count("message_posted"), world.count("slots_done"), world.count("failures")) == (1, 1, 0)


async def test_a_world_may_be_stopped_twice(world: World) -> None:
    await world.stop()
    await world.stop()
    await world.settle()


async def test_a_world_may_have_no_rooms(make_world: MakeWorld) -> None:
    world = await make_world(enabled={}, admins=[])
    assert await ask(world, "/状态", BOSS, Chat("room-9")) == []
