"""Occasions beside hashtags and schedules: people who come, friends, words, and rooms that listen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.events import FriendMade, MembersJoined, MembersLeft
from bot.scenario.world import World
from bot.sop.context import Context
from bot.sop.kind import Act, Behaviour, OnFriend, OnHashtag, OnHeard, OnJoin, OnSlot, OnWords
from bot.sop.loader import SopSet
from bot.sop.schedule import Schedule
from bot.store.tables import interaction, slot
from tests.builders import BOSS, KEY, MONDAY_9, QING, ROOM, ZHOU, look, said, toy_kind, with_kinds
from tests.conftest import MakeWorld

Ctx = Context[Any]


@pytest.fixture
def told() -> list[Any]:
    return []


async def world_of(make_world: MakeWorld, sops: SopSet, *behaviours: Behaviour) -> World:
    return await make_world(with_kinds(sops, toy_kind("toy", *behaviours)), enabled={KEY: ROOM})


async def test_who_comes_into_a_room_is_told_once(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    world = await world_of(make_world, sops, OnJoin(lambda ctx: told.append(ctx.joined)))
    coming = MembersJoined("join-1", ROOM, (QING, ZHOU), MONDAY_9, BOSS)
    await world.happen(coming, coming)
    assert [(it.person.name, it.again, it.late) for it in told] == [
        ("阿青", False, False),
        ("老周", False, False),
    ]
    assert told[0].id in [row["id"] for row in look(world, interaction, name="member_joined")]


async def test_who_comes_back_is_told_so(make_world: MakeWorld, sops: SopSet, told: list[Any]) -> None:
    world = await world_of(make_world, sops, OnJoin(lambda ctx: told.append(ctx.joined and ctx.joined.again)))
    await world.happen(MembersJoined("join-1", ROOM, (QING,), MONDAY_9))
    await world.happen(MembersLeft("left-1", ROOM, (QING,), MONDAY_9 + timedelta(seconds=1)))
    await world.happen(MembersJoined("join-2", ROOM, (QING,), MONDAY_9 + timedelta(seconds=2)))
    assert told == [False, True]


async def test_a_join_that_is_told_late_says_so(make_world: MakeWorld, sops: SopSet, told: list[Any]) -> None:
    world = await world_of(make_world, sops, OnJoin(lambda ctx: told.append(ctx.joined and ctx.joined.late)))
    await world.move_to(MONDAY_9 + timedelta(hours=1))
    await world.happen(MembersJoined("join-1", ROOM, (QING,), MONDAY_9))
    assert told == [True]


def befriended(told: list[Any]) -> Act:
    return lambda ctx: told.append(ctx.befriended and ctx.befriended.person.name)


async def test_a_friend_is_told_once_whatever_the_platform_repeats(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    world = await world_of(make_world, sops, OnFriend(befriended(told)))
    await world.happen(*[FriendMade("friend-1", QING, MONDAY_9)] * 2)
    assert told == ["阿青"]
    assert len(look(world, interaction, name="friend_made")) == 1


async def test_a_stranger_who_writes_is_a_friend_and_their_words_are_not_kept(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    world = await world_of(make_world, sops, OnFriend(befriended(told)))
    await world.happen(said("我通过了你的朋友验证请求", QING, None))
    await world.happen(said("在吗", QING, None))
    assert told == ["阿青"]
    assert [row["text_id"] for row in look(world, interaction)] == [None, None]


async def test_where_no_sop_minds_friends_nothing_is_kept_of_them(
    make_world: MakeWorld, sops: SopSet
) -> None:
    world = await world_of(make_world, sops, OnHashtag(lambda sop: ("番茄",), lambda ctx: None))
    await world.happen(FriendMade("friend-1", QING, MONDAY_9), said("在吗", QING, None))
    assert look(world, interaction) == []


async def test_a_word_calls_its_sop_in_its_rooms(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    words = OnWords(lambda sop: ("提问",), lambda ctx: told.append(ctx.heard and ctx.heard.text))
    world = await world_of(make_world, sops, words)
    await world.happen(said("提问：番茄怎么放", QING), said("番茄真好", QING), said("提问", QING, None))
    assert told == ["提问：番茄怎么放"]


def listening(told: list[Any], took: bool | None = None) -> tuple[Behaviour, ...]:
    def begin(ctx: Ctx) -> None:
        run = ctx.open_run(f"room:{ctx.room and ctx.room.id}", "window")
        ctx.listen(run, ctx.now + timedelta(hours=1))

    def hear(ctx: Ctx) -> bool | None:
        told.append(ctx.heard and ctx.heard.text)
        return took

    minds = OnHeard(hear, minds=lambda sop, heard: "不听" not in heard.text)
    return OnHashtag(lambda sop: ("开始",), begin), minds


async def test_a_run_without_a_person_hears_everybody_in_its_room(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    world = await world_of(make_world, sops, *listening(told))
    await world.happen(said("早饭吃什么", ZHOU), said("#开始#", QING), said("粥", QING), said("面", ZHOU))
    await world.happen(said("不听这句", ZHOU), said("私下说", QING, None))
    assert told == ["粥", "面"]
    await world.move_to(MONDAY_9 + timedelta(hours=2))
    await world.happen(said("散了", ZHOU, occurred_at=world.clock.now()))
    assert told == ["粥", "面"]


async def test_what_one_takes_nobody_else_is_asked_about(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    first = toy_kind("first", OnHashtag(lambda sop: ("番茄",), lambda ctx: True))
    second = toy_kind("second", OnWords(lambda sop: ("番茄",), lambda ctx: told.append("second")))
    world = await make_world(with_kinds(sops, first, second), enabled={KEY: ROOM})
    await world.happen(said("#番茄#"))
    assert told == []
    await world.happen(said("番茄"))
    assert told == ["second"]


async def test_several_moments_of_a_step_are_steps_of_their_own(
    make_world: MakeWorld, sops: SopSet, told: list[Any]
) -> None:
    both = (Schedule.parse("每天 12:10"), Schedule.parse("每天 19:30"))
    act = OnSlot("post", lambda sop: both, lambda sop: timedelta(hours=1), lambda ctx: told.append(ctx.nth))
    world = await world_of(make_world, sops, act)
    await world.move_to(MONDAY_9 + timedelta(hours=12))
    assert told == [0, 1]
    assert sorted(row["step"] for row in look(world, slot)) == ["post", "post#2"]
