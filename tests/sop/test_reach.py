"""A SOP for an audience hears its members alone, and turns to nobody else; what was begun goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot.audience.conditions import Condition, Silent, Tagged
from bot.events import FriendMade, MembersJoined, MembersLeft, Person
from bot.people import directory, roles, tags
from bot.people.tags import Tag
from bot.sop.audiences import Audiences
from bot.sop.context import Context
from bot.sop.kind import Act, Behaviour, OnFriend, OnHashtag, OnHeard, OnJoin, OnWords
from bot.sop.loader import SopSet
from bot.store.writer import Writer
from tests.builders import BOSS, MONDAY_9, QING, ROOM, ZHOU, toy_kind, with_kinds
from tests.listener import ACCOUNT, SOURCE, Listener

Ctx = Context[Any]
COOKS = Tagged("烹饪热情")
MakeListener = Callable[..., Listener]


@pytest.fixture
def heard() -> list[str]:
    """Whom the SOP heard."""
    return []


@pytest.fixture
def note(heard: list[str]) -> Act:
    return lambda ctx: heard.append(ctx.heard.person.name) if ctx.heard else None


def for_cooks(sops: SopSet, *behaviours: Behaviour, condition: Condition | None = COOKS) -> SopSet:
    """One SOP, for those whom ``condition`` means; None: its audience is no more."""
    made = with_kinds(sops, toy_kind("toy", *behaviours))
    only = MappingProxyType({"toy": made.sops["toy"].model_copy(update={"audience": "爱做饭的"})})
    conditions = {} if condition is None else {"爱做饭的": condition}
    return replace(made, sops=only, declared=only, audiences=Audiences(conditions))


@pytest.fixture
def listening(writer: Writer, sops: SopSet) -> MakeListener:
    def make(*behaviours: Behaviour, **more: Any) -> Listener:
        return Listener(writer, for_cooks(sops, *behaviours, **more))

    return make


def like_cooking(bot: Listener, who: Person) -> None:
    with bot.writer.transaction(bot.now) as tx:
        tags.put(tx, directory.meet(tx, SOURCE, [who])[who.id], Tag("烹饪热情", 1.0), None)


def all_say(bot: Listener, text: str) -> None:
    for who in (QING, ZHOU):
        bot.say(text, who)


def begin(bot: Listener, act: Act) -> None:
    """The SOP begins something."""
    with bot.writer.transaction(bot.now) as tx:
        (room,) = directory.rooms_of(tx, ACCOUNT)
        act(Context(tx, bot.sops, bot.sops.sops["toy"], ACCOUNT, "begun", room))


def reached(bot: Listener) -> set[str]:
    """Whom the SOP is for, of all who are known."""
    with bot.writer.transaction(bot.now) as tx:
        people = directory.known_people(tx, SOURCE, [BOSS.id, QING.id, ZHOU.id]).values()
        ctx: Ctx = Context(tx, bot.sops, bot.sops.sops["toy"], ACCOUNT, "key")
        found = ctx.reached([person.member_id for person in people])
        return {person.name for person in people if person.member_id in found}


@pytest.mark.parametrize("on", [OnHashtag, OnWords])
def test_its_hashtags_and_words_are_those_of_its_members(
    listening: MakeListener, heard: list[str], note: Act, on: Callable[..., Behaviour]
) -> None:
    bot = listening(on(lambda sop: ("早饭",), note))
    all_say(bot, "#早饭")
    assert heard == []
    like_cooking(bot, QING)
    all_say(bot, "#早饭")
    assert heard == ["阿青"]


def test_who_is_not_heard_by_it_is_heard_by_others(
    writer: Writer, sops: SopSet, heard: list[str], note: Act
) -> None:
    takes = toy_kind("toy", OnHashtag(lambda sop: ("早饭",), lambda ctx: True))
    other = toy_kind("other", OnWords(lambda sop: ("早饭",), note))
    both = with_kinds(sops, takes, other)
    toys = {**both.sops, "toy": both.sops["toy"].model_copy(update={"audience": "爱做饭的"})}
    bot = Listener(writer, replace(both, sops=toys, audiences=Audiences({"爱做饭的": COOKS})))
    like_cooking(bot, QING)
    all_say(bot, "#早饭")
    assert heard == ["老周"]


def test_a_room_is_listened_to_for_its_members(listening: MakeListener, heard: list[str], note: Act) -> None:
    bot = listening(OnHeard(note))
    begin(bot, lambda ctx: ctx.listen(ctx.open_run("room", "1"), ctx.now + timedelta(days=1)))
    like_cooking(bot, ZHOU)
    all_say(bot, "今天的米真香")
    assert heard == ["老周"]


def test_what_was_begun_with_somebody_goes_on_when_they_are_in_it_no_more(
    listening: MakeListener, heard: list[str], note: Act
) -> None:
    """So that a no is heard, however late."""

    def with_qing(ctx: Ctx) -> None:
        person = directory.meet(ctx.tx, SOURCE, [QING])[QING.id]
        ctx.listen(ctx.open_run("member", "1", person=person), ctx.now + timedelta(days=1))

    bot = listening(OnHeard(note))
    begin(bot, with_qing)
    all_say(bot, "不用了")
    assert heard == ["阿青"]


def test_of_who_comes_and_befriends_us_it_minds_its_members(
    listening: MakeListener, heard: list[str]
) -> None:
    def came(ctx: Ctx) -> None:
        assert ctx.joined is not None
        heard.append(f"来了 {ctx.joined.person.name}")

    def befriended(ctx: Ctx) -> None:
        assert ctx.befriended is not None
        heard.append(f"好友 {ctx.befriended.person.name}")

    bot = listening(OnJoin(came), OnFriend(befriended))
    like_cooking(bot, QING)
    bot.hear(MembersJoined("join-1", ROOM, (QING, ZHOU), MONDAY_9))
    with bot.writer.transaction(bot.now) as tx:
        for who in (QING, ZHOU):
            bot.pipeline.consider(tx, FriendMade(f"friend-{who.id}", who, MONDAY_9))
    assert heard == ["来了 阿青", "好友 阿青"]


def test_who_left_is_in_no_audience(listening: MakeListener) -> None:
    bot = listening()
    like_cooking(bot, QING)
    all_say(bot, "早")
    assert reached(bot) == {"阿青"}
    bot.hear(MembersLeft("left-1", ROOM, (QING,), bot.now + timedelta(seconds=1)))
    assert reached(bot) == set()


@pytest.mark.parametrize("role", [roles.ADMIN, "营养师"])
def test_our_own_people_are_always_heard(
    listening: MakeListener, heard: list[str], note: Act, role: str
) -> None:
    bot = listening(OnWords(lambda sop: ("早饭",), note))
    bot.give(BOSS, role)
    bot.say("早饭吃了吗", BOSS)
    assert heard == ["管管"]


@pytest.mark.parametrize("condition", [None, Silent(30)])
def test_an_audience_that_is_no_more_or_empty_is_nobodys(
    listening: MakeListener, condition: Condition | None
) -> None:
    bot = listening(condition=condition)
    all_say(bot, "早")
    assert reached(bot) == set()


def test_without_an_audience_it_is_for_everybody(writer: Writer, sops: SopSet) -> None:
    bot = Listener(writer, with_kinds(sops, toy_kind("toy")))
    all_say(bot, "早")
    assert reached(bot) == {"阿青", "老周"}
