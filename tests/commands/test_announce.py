"""``/announce``: what is shown, what then is sent, and what keeps it from being so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.fake import Fault
from bot.outbox.queue import Intent
from bot.people import roles
from bot.scenario.world import FIRST_CODE, World
from bot.sop.loader import SopSet
from bot.store.tables import interaction, outgoing
from tests.builders import BOSS, KEY, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, ask, look, only
from tests.conftest import MakeWorld
from tests.listener import Listener

CODE = f"发 {FIRST_CODE}"


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """Two rooms, in which no SOP says anything."""
    return await make_world(only(sops), enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM})


async def announced(world: World, typed: str) -> str:
    """What is shown of it."""
    (shown,) = await ask(world, f"/公告 {typed}", BOSS, None)
    return shown


@pytest.mark.parametrize(
    ("typed", "words", "how"),
    [
        ("“早上好”", "早上好", "不@所有人"),
        ("早上好 大家", "早上好 大家", "不@所有人"),
        ("“他说“早”，真好”", "他说“早”，真好", "不@所有人"),
        ("「早上好」推广", "早上好", "不@所有人，算推广"),
        ("早上好 promo", "早上好", "不@所有人，算推广"),
        ("早上好 我们不推广", "早上好 我们不推广", "不@所有人"),
        ("“早上好” @所有人 推广", "早上好", "@所有人，算推广"),
        ("@所有人 早上好", "早上好", "@所有人"),
        ("“早上@所@所有人有人好”", "早上好", "@所有人"),
        ("“早上好\n今天有直播”", "早上好\n今天有直播", "不@所有人"),
    ],
)
async def test_the_very_words_are_shown(world: World, typed: str, words: str, how: str) -> None:
    shown = await announced(world, f"{KEY} {typed}")
    assert shown == f"{words}\n——\n1群0人，{how}。回“{CODE}”，5分钟有效"


@pytest.mark.parametrize("typed", ["", KEY, f"{KEY} “”", f"{KEY} @所有人", f"{KEY} 推广"])
async def test_without_words_it_is_told_how_to_write_it(world: World, typed: str) -> None:
    assert (await announced(world, typed)).startswith("这样写：/公告")


async def test_people_in_two_rooms_are_counted_once(world: World) -> None:
    for who, chat in ((QING, ROOM), (QING, OTHER_ROOM), (ZHOU, OTHER_ROOM)):
        await ask(world, "今天的番茄真甜", who, chat)
    assert "2群2人" in await announced(world, "会员群 早上好")


async def test_everybody_is_called_where_the_platform_can(world: World) -> None:
    await announced(world, f"{KEY} 早上好 @所有人")
    await ask(world, CODE, BOSS, None)
    await world.move_to(world.clock.now() + timedelta(minutes=1))
    (said,) = [message for _, message in world.sent if message.chat_id]
    assert (said.text, said.at_all) == ("早上好", True)
    assert look(world, interaction, name="post_made_by_hand") == []  # its echo is ours


async def test_rooms_that_were_closed_meanwhile_get_nothing(world: World) -> None:
    await announced(world, "会员群 早上好")
    await ask(world, "/关群", BOSS, ROOM)
    said = await ask(world, CODE, BOSS, None)
    assert said == ["好的，排上了1群。还没发出去的，10分钟内可 /撤销", "早上好"]  # its turn is the first now
    await announced(world, "会员群 早上好")
    await ask(world, "/关群", BOSS, OTHER_ROOM)
    assert await ask(world, f"发 {FIRST_CODE + 1}", BOSS, None) == ["群都关了，没有发。"]


async def test_rooms_take_turns_and_who_undoes_it_in_time_spares_those_whose_turn_has_not_come(
    world: World,
) -> None:
    assert "2群0人，不@所有人，各群错开1–3分钟。" in await announced(world, "会员群 早上好")
    await ask(world, CODE, BOSS, None)
    queued = look(world, outgoing, intent=Intent.GIVE)
    later = queued[1]["not_before"] - queued[1]["queued_at"]
    assert timedelta(minutes=1) <= later <= timedelta(minutes=3)
    assert [row["state"] for row in queued] == ["sent", "queued"]
    (said,) = await ask(world, "/撤销", BOSS, None)
    assert said == "公告撤销了：会员2群不发了。会员1群已经发出去了，只能在微信里撤回。"
    await world.move_to(world.clock.now() + timedelta(hours=1))
    assert [message.chat_id for _, message in world.sent if message.text == "早上好"] == [ROOM.id]


async def test_what_left_is_told_apart_from_what_did_not(world: World) -> None:
    await ask(world, "/安静 会员2群 1小时", BOSS, None)
    await announced(world, "会员群 早上好")
    await ask(world, CODE, BOSS, None)
    await world.move_to(world.clock.now() + timedelta(minutes=5))
    assert await ask(world, "/撤销", BOSS, None) == [
        "公告撤销了：会员2群不发了。会员1群已经发出去了，只能在微信里撤回。"
    ]
    await world.move_to(world.clock.now() + timedelta(hours=2))
    assert [message.chat_id for _, message in world.sent if message.text == "早上好"] == [ROOM.id]


async def test_what_nobody_knows_to_have_arrived_is_told_so(world: World) -> None:
    await announced(world, f"{KEY} 早上好")
    world.channel.say(CODE, BOSS)
    world.channel.fail_next(Fault.LOST)
    await world.settle()
    await world.move_to(world.clock.now() + timedelta(minutes=1))
    assert [row["state"] for row in look(world, outgoing, intent=Intent.GIVE)] == ["unknown"]
    (said,) = await ask(world, "/撤销", BOSS, None)
    assert said == "撤销不了：会员1群可能已经发出去了，只能在微信里撤回。"


def test_where_the_platform_cannot_call_everybody_that_is_said(listener: Listener) -> None:
    listener.give(BOSS, roles.ADMIN)
    listener.say(f"/公告 {KEY} 早上好 @所有人", BOSS, None)
    (shown,) = listener.queued()
    assert "这个通道不能@所有人，会照普通话发。\n1群0人，不@所有人。" in shown
    listener.say(f"发 {shown.partition('“发 ')[2][:4]}", BOSS, None)
    (post,) = listener.rows(outgoing, intent=Intent.GIVE)
    assert (post["payload"]["text"], "at_all" in post["payload"]) == ("早上好", False)


def test_all_sending_is_stopped_and_so_that_is_said(listener: Listener) -> None:
    listener.give(BOSS, roles.ADMIN)
    listener.say("/停发", BOSS, None)
    listener.say(f"/公告 {KEY} 早上好", BOSS, None)
    assert "所有发送都停着，恢复了才发。" in listener.queued()[-1]
