from __future__ import annotations

from datetime import timedelta

import pytest

from bot.people.directory import Room
from bot.sop import index as lookup
from bot.sop.index import Index, is_for
from bot.sop.kind import Act, OnHashtag, OnHeard, OnRecall, OnSlot, OnWait
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.schedule import Schedule
from tests.builders import KEY, OTHER_KEY, toy_kind, with_kinds

HERE, THERE = Room(1, KEY, "", enabled=True), Room(2, OTHER_KEY, "", enabled=True)
DAILY = Schedule.parse("每天 09:30")


def act(name: str) -> Act:
    """A behaviour that can be told from others."""

    def do(ctx: object) -> None:
        """Nothing."""

    do.__name__ = name
    return do


def tagged(index: Index, text: str, room: Room | None = HERE) -> list[tuple[str, str]]:
    return [(found.sop.id, found.act.__name__) for found in index.tagged(text, room)]


def test_a_hashtag_finds_the_sop_that_answers_it(sops: SopSet) -> None:
    kinds = [toy_kind(name, OnHashtag(lambda sop: (sop.id,), act(f"act-{name}"))) for name in ("a", "b")]
    index = Index(with_kinds(sops, *kinds))
    assert tagged(index, "#a# 早") == [("a", "act-a")]
    assert tagged(index, "#b# #a#") == [("b", "act-b"), ("a", "act-a")]
    assert tagged(index, "a b") == []


def test_a_sop_answers_in_its_rooms_alone(sops: SopSet) -> None:
    kind = toy_kind("a", OnHashtag(lambda sop: ("a",), act("answer")))
    index = Index(with_kinds(sops, kind, rooms=(KEY,)))
    assert tagged(index, "#a") == [("a", "answer")]
    assert tagged(index, "#a", THERE) == tagged(index, "#a", None) == []


def test_a_message_with_two_tags_of_a_sop_is_answered_once(sops: SopSet) -> None:
    kind = toy_kind("a", OnHashtag(lambda sop: ("one", "two"), act("answer")))
    index = Index(with_kinds(sops, kind))
    assert tagged(index, "#one# #two#") == [("a", "answer")]


def test_two_behaviours_of_a_sop_may_have_a_tag_each(sops: SopSet) -> None:
    kind = toy_kind(
        "a", OnHashtag(lambda sop: ("in",), act("enter")), OnHashtag(lambda sop: ("out",), act("leave"))
    )
    index = Index(with_kinds(sops, kind))
    assert tagged(index, "#in# #out#") == [("a", "enter"), ("a", "leave")]


def test_without_any_tag_to_look_for_nothing_is_found(sops: SopSet) -> None:
    assert tagged(Index(with_kinds(sops)), "#a#") == []


@pytest.fixture
def scheduled(sops: SopSet) -> SopSet:
    """A SOP with two schedules, of which one is left out, for one room."""
    late = timedelta(hours=1)
    kind = toy_kind(
        "a",
        OnSlot("post", lambda sop: DAILY, lambda sop: late, act("post")),
        OnSlot("digest", lambda sop: None, lambda sop: late, act("digest")),
        OnSlot("remind", lambda sop: DAILY, lambda sop: late * 2, act("remind")),
    )
    return with_kinds(sops, kind, rooms=(KEY,))


def test_the_timetable_has_a_line_for_each_schedule_in_each_room(scheduled: SopSet) -> None:
    lines = list(Index(scheduled).lines([HERE, THERE]))
    assert [(line.key, line.late_after) for line in lines] == [
        (("a", HERE.id, "post"), timedelta(hours=1)),
        (("a", HERE.id, "remind"), timedelta(hours=2)),
    ]


def test_a_line_is_found_by_its_key(scheduled: SopSet) -> None:
    index = Index(scheduled)
    line = index.line("a", HERE.id, "remind")
    assert line is not None
    assert line.key == ("a", HERE.id, "remind")
    assert index.line("a", HERE.id, "digest") is None
    assert index.line("gone", HERE.id, "post") is None


def test_a_sop_that_names_no_rooms_is_for_all(scheduled: SopSet) -> None:
    sop = scheduled.sops["a"]
    assert is_for(sop, KEY)
    assert not is_for(sop, OTHER_KEY)
    assert is_for(Sop(sop="a", id="a", name="a"), OTHER_KEY)


def test_behaviours_are_found_by_their_occasion() -> None:
    slot = OnSlot("post", lambda sop: DAILY, lambda sop: timedelta(0), act("post"))
    hear = OnHeard(act("hear"))
    kind = toy_kind(
        "a",
        hear,
        OnRecall(act("recall")),
        OnWait("remind", act("remind")),
        OnWait("close", act("close")),
        slot,
    )
    found = [lookup.on_recall(kind), lookup.on_wait(kind, "close"), lookup.on_slot(kind, "post")]
    assert [it.__name__ for it in found if it is not None] == ["recall", "close", "post"]
    assert lookup.on_heard(kind) is hear
    assert lookup.on_slot(kind, "post#3") is slot.act
    assert lookup.first_slot(kind) is slot


def test_a_kind_that_minds_nothing_has_no_behaviours() -> None:
    kind = toy_kind("a")
    found = [
        lookup.on_heard(kind),
        lookup.on_recall(kind),
        lookup.on_wait(kind, "x"),
        lookup.on_slot(kind, "y"),
    ]
    assert found == [None] * 4
    assert lookup.first_slot(kind) is None
