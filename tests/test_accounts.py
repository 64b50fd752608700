"""Two accounts, each with a process of its own, on one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.events import Chat, Media, MessageKind, Person, RoomEvent
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store import ids
from bot.store.tables import cursor, identity, interaction, member, outgoing, room_address, wait
from tests.builders import BOSS, KEY, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, ask, look, said

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


async def test_a_room_of_one_is_unknown_to_the_other_who_is_in_it_too(pair: Pair) -> None:
    a, b = pair
    assert await ask(b, "/状态", BOSS, ROOM) == []
    assert look(a, interaction) == []
    assert await ask(a, "/状态", BOSS, ROOM) != []
