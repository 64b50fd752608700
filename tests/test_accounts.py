"""Two accounts, each with a process of its own, on one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from bot.commands.desk import CommandDesk
from bot.events import (
    Chat,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
    RoomEvent,
    RoomRenamed,
)
from bot.scenario.world import CLAIM_CODE, World
from bot.sop.loader import SopSet
from bot.store import ids
from bot.store.tables import (
    cursor,
    identity,
    interaction,
    member,
    metadata,
    outgoing,
    room,
    room_address,
    texts,
    wait,
)
from bot.store.transaction import Transaction
from tests.builders import BOSS, KEY, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, ask, look, said

PEOPLE = [Person(f"person-{number}", f"{number}号") for number in range(40)]
GATHERED = timedelta(minutes=31)

Pair = tuple[World, World]


@pytest.fixture
async def pair(sops: SopSet, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    """``a`` in the first room, ``b`` in the other; their blocks of ids are used up often."""
    monkeypatch.setattr(ids, "BLOCK", 7)
    a, b = (World(sops, MONDAY_9, url, account=account) for account in "ab")
    await a.start({KEY: ROOM}, [BOSS])
    await b.start({OTHER_KEY: OTHER_ROOM}, [BOSS])
    yield a, b
    await a.close()
    await b.close()


def all_talk(chat: Chat) -> list[RoomEvent]:
    return [said(f"我是{person.name}", person, chat) for person in PEOPLE]


def entry(chat: Chat) -> list[RoomEvent]:
    """A picture and its words: a receipt is due in half an hour."""
    picture = said("", QING, chat, kind=MessageKind.IMAGE, media=(Media("p.jpg"),))
    return [picture, said("#我的原野餐桌# 番茄", QING, chat)]


async def test_what_both_hear_at_once_is_recorded_once_for_each(pair: Pair) -> None:
    a, b = pair
    await asyncio.gather(*(world.happen(*all_talk(chat)) for world, chat in ((a, ROOM), (b, OTHER_ROOM))))
    assert a.count("message_posted") == 2 * len(PEOPLE)
    assert a.count("failures") == 0
    sources = [row["source"] for row in look(a, interaction, name="message_posted")]
    assert (sources.count("fake:a"), sources.count("fake:b")) == (len(PEOPLE), len(PEOPLE))


async def test_ids_and_the_numbers_of_members_are_never_given_twice(pair: Pair) -> None:
    a, b = pair
    await asyncio.gather(*(world.happen(*all_talk(chat)) for world, chat in ((a, ROOM), (b, OTHER_ROOM))))
    people = 2 * (len(PEOPLE) + 1)
    numbers = [row["number"] for row in look(a, member)]
    assert sorted(numbers) == list(range(1, people + 1))
    assert {row["member_id"] for row in look(a, identity)} == {row["id"] for row in look(a, member)}
    used = [row["id"] for table in (member, identity, interaction) for row in look(a, table)]
    assert len(set(used)) == len(used)


async def test_the_same_platform_id_at_two_accounts_is_two_messages(pair: Pair) -> None:
    for world, chat in zip(pair, (ROOM, OTHER_ROOM), strict=True):
        await world.happen(said("番茄", QING, chat, id="the-same"))
    assert [row["source"] for row in look(pair[0], interaction)] == ["fake:a", "fake:b"]


async def test_each_has_its_own_moments_and_says_only_its_own(pair: Pair) -> None:
    a, b = pair
    await a.happen(*entry(ROOM))
    await b.happen(*entry(OTHER_ROOM))
    homes = {row["room_id"]: row["account"] for row in look(a, room_address)}
    assert all(homes[row["room_id"]] == row["account"] for row in look(a, cursor))
    assert {row["account"] for row in look(a, wait)} == {"a", "b"}
    await a.move_to(MONDAY_9 + GATHERED)
    assert ([message.chat_id for _, message in a.sent], b.sent) == ([ROOM.id], [])
    await b.move_to(MONDAY_9 + GATHERED)
    assert ([message.chat_id for _, message in b.sent], len(a.sent)) == ([OTHER_ROOM.id], 1)
    assert sorted(row["account"] for row in look(a, outgoing)) == ["a", "b"]


async def test_a_restart_of_one_leaves_what_waits_for_the_other_alone(pair: Pair) -> None:
    a, b = pair
    a.channel.cut()
    await a.settle()
    a.channel.say("/状态", BOSS, ROOM)
    await a.settle()
    await b.stop()
    await b.start()
    assert [row["state"] for row in look(a, outgoing)] == ["queued"]
    assert b.sent == []
    a.channel.mend()
    await a.settle()
    assert [message.chat_id for _, message in a.sent] == [ROOM.id]


# --- a chat that both are in ---


def everything(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with world.engine.connect() as connection:
        counts = (select(func.count()).select_from(table) for table in metadata.sorted_tables)
        return {
            table.name: connection.execute(count).scalar_one()
            for table, count in zip(metadata.sorted_tables, counts, strict=True)
        }


async def test_what_another_account_hears_in_a_room_of_ours_is_dropped(pair: Pair) -> None:
    a, b = pair
    before = everything(a)
    newcomer, gone = Person("newcomer", "新来的"), Person("gone", "走了的")
    question, picture = said("这是什么菜", ZHOU), entry(ROOM)
    await b.happen(
        question,
        *picture,
        said("/状态", BOSS),
        said("/开群 会员3群", BOSS),
        said("/绑群 会员2群 确定", BOSS),
        said("/关群", BOSS),
        said(f"/认领 {CLAIM_CODE}", ZHOU),
        said("我自己的手机说的", Person("b", "小野"), is_self=True),
        MembersJoined("j1", ROOM, (newcomer,), MONDAY_9),
        MembersLeft("l1", ROOM, (gone,), MONDAY_9),
        RoomRenamed("r1", Chat(ROOM.id, "改了名字"), MONDAY_9),
        MessageRecalled("c1", question.id, ZHOU, MONDAY_9, ROOM),
        MembersLeft("l2", ROOM, (), MONDAY_9, bot_left=True),
    )
    await b.move_to(MONDAY_9 + GATHERED)
    assert b.sent == []
    assert everything(a) == before
    assert await ask(a, "/状态") == ["在线｜1群｜今天发0 待发0"]


async def test_an_admin_of_both_is_answered_by_the_one_whose_room_it_is(pair: Pair) -> None:
    for number in range(2):
        answers = [await ask(world, "/开群 会员3群", BOSS, ROOM) for world in pair[::-1]]
        assert (number, answers[0]) == (number, [])
        assert answers[1] != []
    assert [row["account"] for row in look(pair[0], room, key="会员3群")] == ["a"]


async def test_an_enabling_that_both_hear_at_once_is_done_by_one(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = pair
    where, meeting = Chat("room-3", "原野三群"), Barrier(2, timeout=5)
    obey = CommandDesk.obey_unheard

    def obey_together(desk: CommandDesk, tx: Transaction, message: MessageReceived) -> None:
        if tx.connection.dialect.name == "postgresql":  # SQLite lets only one of them begin
            meeting.wait()
        obey(desk, tx, message)

    monkeypatch.setattr(CommandDesk, "obey_unheard", obey_together)
    monkeypatch.setattr(CommandDesk, "count_unheard", lambda *_: None)  # there they would meet before
    await asyncio.gather(*(world.happen(said("/开群 会员3群", BOSS, where)) for world in pair))
    (bound,) = look(a, room, key="会员3群")
    winner, other = (a, b) if bound["account"] == "a" else (b, a)
    assert "开通了" in winner.sent[0][1].text
    assert other.sent == []
    assert a.count("failures") == 0


async def test_a_key_that_another_account_has_is_refused_with_its_name(pair: Pair) -> None:
    a, b = pair
    elsewhere = Chat("another-id-of-room-1", ROOM.title)  # what b's gateway calls it
    (answer,) = await ask(b, f"/开群 {KEY}", BOSS, elsewhere)
    assert answer == f"“{KEY}”是另一个账号（a）的群。先让它在那边 /关群，再来这里开。"
    (answer,) = await ask(b, f"/绑群 {KEY} 确定", BOSS, elsewhere)
    assert answer == f"“{KEY}”是另一个账号（a）的群，接不过来。"
    assert {row["key"]: row["account"] for row in look(b, room)} == {KEY: "a", OTHER_KEY: "b"}
    assert await ask(a, "/状态") != []


async def test_what_others_have_is_not_among_the_free_keys(pair: Pair) -> None:
    (answer,) = await ask(pair[1], "/开群", BOSS, Chat("room-3"))
    assert answer == "要说是哪个群，例如 /开群 会员3群。还没用的有：会员3群、运营群。"


@pytest.mark.parametrize("where", [ROOM, Chat("another-id-of-room-1")])
async def test_a_room_that_its_owner_disabled_may_be_enabled_by_another(pair: Pair, where: Chat) -> None:
    a, b = pair
    await ask(a, "/关群")
    done, _ = await ask(b, f"/开群 {KEY}", BOSS, where)
    assert done == f"开通了，这个群是“{KEY}”。"
    assert await ask(b, "/状态", BOSS, where) == ["在线｜2群｜今天发2 待发0"]
    assert await ask(a, f"/开群 {OTHER_KEY}", BOSS, ROOM) == (
        [] if where == ROOM else [f"“{OTHER_KEY}”是另一个账号（b）的群。先让它在那边 /关群，再来这里开。"]
    )


async def test_a_recall_is_obeyed_by_who_keeps_the_words_whoever_has_the_room_now(pair: Pair) -> None:
    a, b = pair
    regretted = said("番茄", QING)
    await a.happen(regretted)
    await ask(a, "/关群")
    await ask(b, f"/开群 {KEY}", BOSS, ROOM)
    assert "番茄" in [row["body"] for row in look(a, texts)]
    await a.happen(MessageRecalled("c1", regretted.id, QING, MONDAY_9, ROOM))
    assert "番茄" not in [row["body"] for row in look(a, texts)]


async def test_complaints_are_those_of_the_account(pair: Pair) -> None:
    a, b = pair
    await a.happen(said("番茄坏了", QING, ROOM))
    await b.happen(said("番茄发霉了", ZHOU, OTHER_ROOM), said("我要退款", ZHOU, None, id="private"))
    (listed,) = await ask(a, "/投诉", BOSS, None)
    assert "投诉1" in listed
    assert "投诉2" not in listed
    assert await ask(a, "/已处理 2", BOSS, None) == ["没有投诉2。发 /投诉 看编号。"]
    assert await ask(a, "/已处理", BOSS, None) == ["好的，投诉1已处理。会员1群的消息恢复。"]
    (listed,) = await ask(b, "/投诉", BOSS, None)
    assert "投诉2" in listed
    assert "投诉3" in listed
    assert "投诉2" in (await ask(b, "/状态", BOSS, None))[0]
