from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.fake import Fault
from bot.outbox.queue import Intent, Post, Priority, State, enqueue, text
from bot.scenario.world import World
from bot.store.ids import Ids
from bot.store.tables import outgoing, room
from bot.store.transaction import Transaction
from tests.builders import BOSS, QING, ask, look, said


@pytest.fixture
async def world_with_a_post(world: World) -> World:
    """Noon on a Monday: the theme day's post was due, and the platform would have none of it."""
    world.channel.fail_next(*[Fault.REFUSED] * 4)
    await world.move_to(world.clock.now() + timedelta(hours=3, minutes=40))
    return world


def post_of(world: World) -> int:
    (row,) = look(world, outgoing, priority=3)
    return int(row["id"])


def room_of(world: World) -> int:
    (row,) = look(world, room)
    return int(row["id"])


async def desk(world: World, text: str) -> str:
    """What an admin is answered in private."""
    (answer,) = await ask(world, text, BOSS, None)
    return answer


async def test_an_empty_outbox_says_so(world: World) -> None:
    assert await desk(world, "/发件箱") == "发件箱是空的：没有待发，也没有没发成的。"


async def test_what_failed_is_listed_with_its_reason_and_sent_again_by_hand(world_with_a_post: World) -> None:
    world = world_with_a_post
    listed = await desk(world, "/发件箱")
    assert listed.startswith("没发成1\n")
    assert f"{post_of(world)} 会员1群 “" in listed
    assert "没发成：refused, as scripted" in listed
    before = len(world.sent)
    answers = await ask(world, f"/重发 {post_of(world)}", BOSS, None)
    assert f"{post_of(world)} 重新排上了，马上发。" in answers
    assert [message.chat_id for _, message in world.sent[before:]].count("room-1") == 1
    assert "已经发出去了" in await desk(world, f"/重发 {post_of(world)}")


async def test_what_may_have_been_sent_is_sent_again_only_on_a_second_word(world: World) -> None:
    world.channel.fail_next(Fault.LOST)
    await world.happen(said("/排行", BOSS))
    (lost,) = look(world, outgoing, state=State.UNKNOWN)
    assert "去向不明，09:00发的" in await desk(world, "/outbox")
    assert "先去看看" in await desk(world, f"/重发 {lost['id']}")
    assert "作废不了" in await desk(world, f"/作废 {lost['id']}")
    again, answer = await ask(world, f"/重发 {lost['id']} 确定", BOSS, None)
    assert "重新排上了" in answer
    assert "还没有人打卡" in again
    assert look(world, outgoing, id=lost["id"])[0]["state"] == State.SENT


async def test_what_waits_can_be_dropped_and_taken_up_again(world: World) -> None:
    await ask(world, "/停发")
    await ask(world, "/发SOP 周一溯源日", BOSS, None)
    post = post_of(world)
    await world.happen(said(f"/作废 {post}", BOSS, None))
    assert look(world, outgoing, id=post)[0]["state"] == State.DROPPED
    await world.happen(said(f"/重发 {post}", BOSS, None))
    assert look(world, outgoing, id=post)[0]["state"] == State.QUEUED


async def test_what_is_held_says_why_and_until_when(world: World) -> None:
    await world.move_to(world.clock.now() + timedelta(hours=14))
    story = Post([text("故事")], Intent.GIVE, Priority.POST, "story", room_id=room_of(world))
    with world.engine.begin() as connection:
        enqueue(Transaction(connection, Ids(), world.clock.now()), world.account, story)
    await desk(world, "/状态")
    listed = await desk(world, "/发件箱")
    assert "待发1 其中扣着1" in listed
    assert "扣着：安静时段，周二 08:30再看" in listed


async def test_a_room_that_was_disabled_gets_nothing_again(world_with_a_post: World) -> None:
    world = world_with_a_post
    await ask(world, "/关群")
    assert "已经关了" in await desk(world, f"/重发 {post_of(world)}")


@pytest.mark.parametrize("typed", ["/重发", "/作废 番茄", "/重发 ²", "/作废 9999999999999999999999"])
async def test_a_number_that_is_none_is_asked_for_again(world: World, typed: str) -> None:
    assert "要写是哪一条" in await desk(world, typed)


@pytest.mark.parametrize("typed", ["/重发 999999", "/作废 #999999"])
async def test_a_number_that_nobody_has_is_told(world: World, typed: str) -> None:
    assert "没有 999999 这一条" in await desk(world, typed)


async def test_after_stop_only_what_concerns_it_is_answered(world: World) -> None:
    (stopped,) = await ask(world, "/停发")
    assert stopped.startswith("停了：")
    assert await ask(world, "/排行") == []
    assert await ask(world, "/帮助", QING) == []
    assert (await ask(world, "/状态"))[0].startswith("在线，已停发")
    assert "停发：" in await desk(world, "/健康")
    assert (await ask(world, "/stop"))[0].startswith("已经停着了")
    await world.stop()
    await world.start()
    assert await ask(world, "/排行") == [], "a restart does not lift it"
    answers = await ask(world, "/恢复发送")
    assert "好的，接着发。" in answers
    assert len(answers) > 1, "what waited and is still wanted leaves now"
    assert await ask(world, "/resume") == ["没有停，一直在发。"]


async def test_members_cannot_stop_or_see_anything(world: World) -> None:
    for typed in ("/停发", "/恢复发送", "/发件箱", "/重发 1", "/作废 1"):
        assert "管理员" in (await ask(world, typed, QING))[0]
    assert (await ask(world, "/排行", QING)) != []


async def test_the_outbox_is_not_shown_in_front_of_all(world: World) -> None:
    assert "私聊" in (await ask(world, "/发件箱"))[0]
