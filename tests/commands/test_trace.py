"""``bot why``, and ``/为什么`` with the number of an event: what followed, and why the others did nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.commands.trace import Trace, told
from bot.commands.trace import ask as trace_of
from bot.errors import BotError, StoreError
from bot.events import Media, MembersJoined, MessageKind, Person
from bot.scenario.world import World
from bot.store.reading import reading
from bot.store.tables import interaction
from tests.builders import BOSS, KEY, MONDAY_9, OTHER_ROOM, QING, ROOM, ask, rows, said

NOON = MONDAY_9 + timedelta(hours=3, minutes=30)
VIEW = "我家这周用它做了一大锅粥，孩子喝了两碗"


async def say(world: World, text: str, **more: Any) -> Trace:
    """Somebody says ``text`` now; gives its trace."""
    message = said(text, **{"occurred_at": world.clock.now(), **more})
    await world.happen(message)
    return look(world, message.id)


def look(world: World, source_id: str) -> Trace:
    with world.engine.connect() as connection:
        (event,) = rows(connection, interaction, source_id=source_id)
    return at(world, event["id"])


def at(world: World, number: int, **more: Any) -> Trace:
    url = world.engine.url.render_as_string(hide_password=False)
    return trace_of(url, world.sops, world.account, number, **more)


def why_not(trace: Trace) -> dict[str, str]:
    return {it.sop: it.reason for it in trace.unmoved}


def followed(trace: Trace) -> list[tuple[str, str | None, str]]:
    return [(it.what, it.sop, it.name) for it in trace.effects]


# --- what ran ---


async def test_what_followed_is_told_with_what_followed_from_that(world: World) -> None:
    await world.move_to(NOON)
    trace = await say(world, VIEW)
    assert followed(trace) == [
        ("record", "monday-origin", "window_contributed"),
        ("record", "monday-origin", "tag_changed"),
        ("points", "monday-origin", "window_contributed"),
    ]
    assert (trace.room, trace.member, trace.text) == (KEY, 2, None)
    shown = list(told.lines(trace, world.sops))
    assert shown[0] == f"#{trace.event} 11月30日 周一 12:30 会员1群 M2 说话"
    assert any("改标签 可持续农业 M2" in line for line in shown)


async def test_a_message_tells_its_state_and_what_holds_it(world: World) -> None:
    trace = await say(world, "我买的番茄坏了")
    assert trace.notes == ["算投诉，交给人了，SOP 都不接"]
    assert {it.state for it in trace.effects if it.what == "message"} == {"sent"}
    assert not trace.unmoved


async def test_a_receipt_that_repeats_the_words_later_belongs_to_it(world: World) -> None:
    picture = await say(world, "", kind=MessageKind.IMAGE, media=(Media("dinner"),))
    tag = await say(world, "#我的原野餐桌 番茄牛腩")
    await world.move_to(MONDAY_9 + timedelta(hours=2))
    messages = [it for it in at(world, tag.event).effects if it.what == "message"]
    assert [(it.sop, it.room, it.state) for it in messages] == [("dinner-table", KEY, "sent")]
    assert any(it.what == "picture" for it in at(world, picture.event).effects)


async def test_of_a_message_of_the_outbox_its_cause_is_told(world: World) -> None:
    await ask(world, "/状态")
    with world.engine.connect() as connection:
        (command,) = rows(connection, interaction, name="command_given")
    (answer,) = (it for it in at(world, command["id"]).effects if it.what == "message")
    assert at(world, answer.id).event == command["id"]


async def test_the_words_are_told_only_where_they_are_asked_for(world: World) -> None:
    trace = await say(world, VIEW)
    assert VIEW not in told.as_json(trace, world.sops)
    assert at(world, trace.event, text=True).text == VIEW


async def test_programs_read_the_same(world: World) -> None:
    trace = await say(world, VIEW)
    read = json.loads(told.as_json(trace, world.sops))
    assert (read["event"], read["at"], read["room"]) == (trace.event, "2026-11-30T09:00:00+08:00", KEY)
    assert {it["sop"] for it in read["unmoved"]} >= {"monday-origin", "friday-qa"}


# --- what did not, judged by today's state ---


async def test_before_its_window_and_after_it(world: World) -> None:
    before = why_not(await say(world, VIEW))
    assert before["monday-origin"] == "它没有在听"
    await world.move_to(MONDAY_9 + timedelta(hours=13))
    after = why_not(await say(world, VIEW))
    assert after["monday-origin"] == "它只听到11月30日 周一 21:30"


async def test_a_window_that_listens_but_does_not_take_it_says_why(world: World) -> None:
    await world.move_to(NOON)
    assert why_not(await say(world, "好吃"))["monday-origin"] == "不到10个字，不收"
    assert why_not(await say(world, VIEW, sender=BOSS))["monday-origin"] == "自己人说的不收"
    assert why_not(await say(world, f"{VIEW}好不好？"))["monday-origin"] == "带#的、问话和笑声不收"


async def test_words_and_tags_that_were_not_said_are_named(world: World) -> None:
    reasons = why_not(await say(world, "今天吃什么好呢"))
    assert reasons["dinner-table"] == "没提到#我的原野餐桌、我的餐桌等，它没有在听"
    assert reasons["friday-qa"] == "没提到#提问，它没有在听"
    assert reasons["saturday-product-story"] == "它没有在听"


async def test_what_is_switched_off_or_paused_says_so(world: World) -> None:
    await ask(world, "/暂停 溯源日", BOSS, None)
    reasons = why_not(await say(world, "今天吃什么好呢"))
    assert reasons["monday-origin"].endswith("；它现在暂停着")
    assert reasons["expert-lecture"] == "停用着（enabled: false）"


async def test_a_challenge_that_is_over_says_since_when(world: World) -> None:
    await world.move_to(MONDAY_9 + timedelta(days=24))
    trace = await say(world, "#我的原野餐桌 番茄牛腩")
    assert why_not(trace)["dinner-table"] == "12月20日就结束了"


async def test_who_comes_after_the_one_that_took_it_is_told_so(world: World) -> None:
    await world.move_to(MONDAY_9 + timedelta(days=3, hours=4))
    trace = await say(world, "#提问 我的餐桌上的番茄要不要放冰箱")
    assert ("record", "friday-qa", "question_asked") in followed(trace)
    assert why_not(trace)["dinner-table"] == "多半先被“周五问答日”接走了"


async def test_what_is_late_or_a_command_or_a_list_says_so(world: World) -> None:
    await world.move_to(NOON)
    late = await say(world, "忘了带的话", occurred_at=NOON - timedelta(minutes=7))
    assert late.notes == ["晚到7分0秒，只记不答"]
    listed = await say(world, "#接龙\n周末农场\n1. 阿青")
    assert (listed.notes, listed.unmoved) == (["接龙、红包、转账、公告、拍一拍只记下，SOP 不听"], [])
    await ask(world, "/帮助")
    with world.engine.connect() as connection:
        command = rows(connection, interaction, name="command_given")[-1]
    assert at(world, command["id"]).notes == ["这是命令，SOP 不听"]


async def test_words_that_were_recalled_are_not_judged(world: World) -> None:
    await world.move_to(NOON)
    trace = await say(world, "好吃")
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM text")
    reasons = why_not(at(world, trace.event))
    assert reasons["friday-qa"].startswith("原话已经删了")
    assert reasons["monday-origin"] == "它在听"


async def test_who_came_in_is_judged_by_who_minds_that(world: World) -> None:
    await world.happen(MembersJoined("j1", ROOM, (Person("new", "新人"),), world.clock.now()))
    with world.engine.connect() as connection:
        (came,) = rows(connection, interaction, name="member_joined")
    assert why_not(at(world, came["id"]))["welcome-survey"] == "问过它，它没接"
    await world.move_to(MONDAY_9 + timedelta(minutes=30))
    assert ("record", "welcome-survey", "member_greeted") in followed(at(world, came["id"]))


# --- numbers ---


async def test_what_was_never_recorded_has_no_number(world: World) -> None:
    await world.happen(said("在没开通的群里说的", chat=OTHER_ROOM))
    with world.engine.connect() as connection:
        assert not rows(connection, interaction, name="message_posted")
    with pytest.raises(BotError, match="没有 #99999999 这件事"):
        at(world, 99_999_999)


async def test_another_accounts_event_is_none_of_ours(world: World) -> None:
    trace = await say(world, VIEW)
    url = world.engine.url.render_as_string(hide_password=False)
    with pytest.raises(BotError):
        trace_of(url, world.sops, "another", trace.event)


async def test_a_room_that_was_closed_meanwhile_is_told(world: World) -> None:
    trace = await say(world, VIEW)
    await ask(world, "/关群")
    assert at(world, trace.event).notes == ["这个群现在没有开通"]


# --- in chat ---


async def test_an_admin_asks_by_the_number_on_a_phone(world: World) -> None:
    await world.move_to(NOON)
    trace = await say(world, "好吃")
    (answer,) = await ask(world, f"/为什么 #{trace.event}", BOSS, None)
    lines = answer.splitlines()
    assert lines[:2] == [f"#{trace.event} 11月30日 周一 12:30 会员1群 M2 说话", "没有引出任何事。"]
    assert "周一溯源日：不到10个字，不收" in lines[2]
    assert len(lines) <= 6
    assert "好吃" not in answer


async def test_a_number_of_nothing_is_told_where_to_look(world: World) -> None:
    assert await ask(world, "/为什么 99999999", BOSS, None) == ["没有 99999999 这一条。发 /发件箱 看号。"]


# --- reading alone ---


async def test_nothing_can_be_written_while_reading(world: World) -> None:
    url = world.engine.url.render_as_string(hide_password=False)
    with reading(url) as connection:
        assert connection.execute(select(interaction.c.id)).all() is not None
        with pytest.raises((DBAPIError, StoreError)):
            connection.exec_driver_sql("DELETE FROM interaction")


def test_where_there_is_no_database_it_is_not_made(tmp_path: Any) -> None:
    with pytest.raises(StoreError, match="还没有数据库"), reading(f"sqlite:///{tmp_path / 'none.db'}"):
        pass
    assert not list(tmp_path.iterdir())


async def test_who_writes_goes_on_while_somebody_reads(world: World) -> None:
    url = world.engine.url.render_as_string(hide_password=False)
    with reading(url) as connection:
        before = connection.execute(select(interaction.c.id)).all()
        await world.happen(said("大家好", QING))
        assert connection.execute(select(interaction.c.id)).all() == before
