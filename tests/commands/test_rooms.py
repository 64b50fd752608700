from __future__ import annotations

import pytest

from bot.events import Chat
from bot.scenario.world import World
from bot.store.tables import cursor, outgoing, room
from tests.builders import BOSS, KEY, OTHER_KEY, OTHER_ROOM, QING, ROOM, ask, look
from tests.conftest import MakeWorld

THIRD = Chat("room-3", "原野三群")


@pytest.fixture
async def fresh(make_world: MakeWorld) -> World:
    """An admin, and no room yet."""
    return await make_world(enabled={})


async def test_a_room_is_enabled_and_told_what_is_recorded(fresh: World) -> None:
    done, notice = await ask(fresh, f"/开群 {KEY}")
    assert done == f"开通了，这个群是“{KEY}”。"
    assert "原野之味" in notice
    assert "90天" in notice
    assert {message.chat_id for _, message in fresh.sent} == {ROOM.id}
    (row,) = look(fresh, room)
    assert (row["key"], row["title"], row["disabled_at"]) == (KEY, ROOM.title, None)


async def test_an_enabled_room_follows_its_schedules(fresh: World) -> None:
    assert look(fresh, cursor) == []
    await ask(fresh, f"/开群 {KEY}")
    assert {row["sop_id"] for row in look(fresh, cursor)} == {
        "monday-origin", "wednesday-recipe", "saturday-product-story", "friday-qa", "dinner-table", "wakeup"
    }  # fmt: skip


async def test_without_a_key_the_free_ones_are_named(fresh: World) -> None:
    (answer,) = await ask(fresh, "/开群")
    assert answer == "要说是哪个群，例如 /开群 会员1群。还没用的有：会员1群、会员2群、会员3群、运营群。"
    assert look(fresh, room) == []


async def test_the_last_free_key_need_not_be_named(make_world: MakeWorld) -> None:
    taken = {key: Chat(f"room-{key}", key) for key in ("会员1群", "会员2群", "会员3群")}
    world = await make_world(enabled=taken)
    done, _ = await ask(world, "/开群", BOSS, THIRD)
    assert done == "开通了，这个群是“运营群”。"


async def test_an_unknown_key_is_answered_with_the_likely_one(fresh: World) -> None:
    assert await ask(fresh, "/开群 会员1裙") == ["community.yaml 里没有“会员1裙”这个群，是不是“会员1群”？"]
    assert await ask(fresh, "/开群 xyz") == ["community.yaml 里没有“xyz”这个群。"]
    assert look(fresh, room) == []


async def test_a_taken_key_is_answered_with_the_room_that_has_it(world: World) -> None:
    (answer,) = await ask(world, f"/开群 {KEY}", BOSS, OTHER_ROOM)
    assert answer == (
        f"“{KEY}”已经是另一个群（原野一群）了。先在那边发 /关群，再来这里开；"
        f"要是同一个群换了编号，发 /绑群 {KEY}。"
    )
    assert len(look(world, room)) == 1


async def test_what_is_not_enabled_is_told_to_the_admin_in_private(world: World) -> None:
    await ask(world, f"/开群 {KEY}", BOSS, OTHER_ROOM)
    (said,) = world.sent
    assert (said[1].person_id, said[1].chat_id) == (BOSS.id, None)


async def test_a_room_is_not_enabled_twice(world: World) -> None:
    assert await ask(world, "/开群") == [f"这个群已经开通了，是“{KEY}”。"]
    assert await ask(world, f"/开群 {KEY}") == [f"这个群已经开通了，是“{KEY}”。"]


async def test_a_room_may_get_another_key(world: World) -> None:
    done, _ = await ask(world, f"/开群 {OTHER_KEY}")
    assert done == f"这个群从“{KEY}”改成了“{OTHER_KEY}”。"
    assert await ask(world, "/状态") == ["在线｜1群｜今天发2 待发0"]


async def test_only_admins_enable_rooms_and_members_hear_nothing(fresh: World) -> None:
    assert await ask(fresh, f"/开群 {KEY}", QING) == []
    assert look(fresh, room) == []


async def test_rooms_are_enabled_in_rooms(fresh: World) -> None:
    assert await ask(fresh, f"/开群 {KEY}", BOSS, None) == ["这个命令请在群里用。"]


async def test_a_disabled_room_hears_one_last_word(world: World) -> None:
    assert await ask(world, "/关群") == ["好的，我在这个群里不再说话，也不再记录。要再开通发 /开群。"]
    assert await ask(world, "/状态") == []
    assert look(world, cursor) == []
    (row,) = look(world, room)
    assert row["disabled_at"] is not None


async def test_what_waited_for_a_disabled_room_is_dropped(world: World) -> None:
    world.channel.cut()
    await world.settle()
    assert await ask(world, "/帮助") == []
    assert await ask(world, "/关群") == []
    assert [row["state"] for row in look(world, outgoing)] == ["dropped", "queued"]
    world.channel.mend()
    await world.settle()
    assert [message.text[:3] for _, message in world.sent] == ["好的，"]


async def test_a_disabled_room_is_enabled_again_as_what_it_was(world: World) -> None:
    await ask(world, "/关群")
    done, notice = await ask(world, f"/开群 {KEY}")
    assert done == f"开通了，这个群是“{KEY}”。"
    assert "原野之味" in notice
    assert len(look(world, room)) == 1


async def test_members_do_not_disable_a_room(world: World) -> None:
    (answer,) = await ask(world, "/关群", QING)
    assert "管理员" in answer
    assert look(world, room)[0]["disabled_at"] is None


# --- a chat that has another id now ---

MOVED = Chat("room-1-after-login", "原野一群")


async def test_what_waits_for_a_room_is_said_where_it_is_now(world: World) -> None:
    world.channel.cut()
    await world.settle()
    await ask(world, "/帮助")
    await ask(world, f"/绑群 {KEY} 确定", BOSS, MOVED)
    world.channel.mend()
    await world.settle()
    assert [message.text[:3] for _, message in world.sent] == ["您在这", "接上了"]
    assert {message.chat_id for _, message in world.sent} == {MOVED.id}


async def test_where_it_was_the_bot_is_silent_from_then_on(world: World) -> None:
    (before,) = look(world, room)
    assert await ask(world, f"/绑群 {KEY}", BOSS, MOVED) != []
    assert look(world, room) == [before]
    assert await ask(world, "/状态", BOSS, ROOM) == []
    assert await ask(world, "/状态", BOSS, MOVED) != []


async def test_a_chat_under_another_key_may_be_bound_once_it_is_disabled(make_world: MakeWorld) -> None:
    world = await make_world(enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM})
    (answer,) = await ask(world, f"/绑群 {KEY}", BOSS, OTHER_ROOM)
    assert answer.startswith(f"这个群现在是“{OTHER_KEY}”")
    await ask(world, "/关群", BOSS, OTHER_ROOM)
    (answer,) = await ask(world, f"/绑群 {KEY}", BOSS, OTHER_ROOM)
    assert answer.startswith("接上了")
    assert [(row["key"], row["title"]) for row in look(world, room)] == [
        (KEY, OTHER_ROOM.title),
        (None, OTHER_ROOM.title),
    ]


async def test_without_any_room_there_is_nothing_to_bind(fresh: World) -> None:
    assert await ask(fresh, "/绑群") == ["还没有开通过的群，没有以前的记录可接。"]
