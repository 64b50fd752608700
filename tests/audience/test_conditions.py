"""Conditions: and, or, not, and what is left of them for who closed personalisation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from bot.audience.conditions import (
    Active,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    InRoom,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
    goes_by_traits,
    holds,
    leaves,
    longest,
)
from tests.audience.made_up import LEVELS, Made, conditions, people

COOKS, OFFICE = Tagged("烹饪热情"), Tagged("办公室")
ROOM = InRoom(frozenset({"会员1群"}))
FACTS = Facts(100, frozenset({"会员1群"}), 10, True, {"烹饪热情": 0.5, "办公室": -1.0}, 1, 2, (71, 90))


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        (COOKS, True),
        (OFFICE, False),
        (Leveled(1, 2, LEVELS), True),
        (Leveled(2, 2, LEVELS), False),
        (Leveled(0, 0, LEVELS), False),
        (Spends(2, 3), True),
        (Spends(0, 1), False),
        (Active(2, 30), True),
        (Active(2, 29), False),
        (Silent(10), True),
        (Silent(11), False),
        (ROOM, True),
        (InRoom(frozenset({"会员2群"})), False),
        (AllOf((COOKS, ROOM)), True),
        (AllOf((COOKS, OFFICE)), False),
        (AnyOf((OFFICE, COOKS)), True),
        (Not(OFFICE), True),
        (Not(AnyOf((COOKS, OFFICE))), False),
    ],
)
def test_what_is_met(condition: Condition, met: bool) -> None:
    assert holds(condition, FACTS) is met
    assert holds(Not(condition), FACTS) is not met


def test_who_just_came_is_not_silent() -> None:
    assert not holds(Silent(10), replace(FACTS, came=91))
    assert holds(Silent(10), replace(FACTS, came=90))


def test_who_has_a_level_that_is_no_more_has_the_highest() -> None:
    assert holds(Leveled(2, 2, LEVELS), replace(FACTS, level=4))


def test_who_closed_personalisation_neither_has_a_trait_nor_lacks_it() -> None:
    closed = replace(FACTS, personal=False)
    assert not holds(COOKS, closed)
    assert not holds(Not(OFFICE), closed)
    assert not holds(Not(AllOf((COOKS, OFFICE))), closed)
    assert holds(ROOM, closed)
    assert holds(AnyOf((COOKS, ROOM)), closed)
    assert not holds(Not(AllOf((COOKS, ROOM))), closed)


@given(condition=conditions, one=people, other=people)
def test_nothing_that_they_do_moves_them_in_or_out(condition: Condition, one: Made, other: Made) -> None:
    if not one.here or not other.here:
        return
    alike = replace(other.facts, personal=False, rooms=one.facts.rooms)
    assert holds(condition, replace(one.facts, personal=False)) == holds(condition, alike)


@given(condition=conditions, made=people)
def test_of_all_others_it_is_certain(condition: Condition, made: Made) -> None:
    if made.here:
        known = replace(made.facts, personal=True)
        assert holds(condition, known) is not holds(condition, known, wanted=False)
        assert holds(Not(Not(condition)), known) is holds(condition, known)


def test_what_a_condition_goes_by() -> None:
    whole = AllOf((AnyOf((COOKS, Silent(30))), Not(Active(1, 7)), ROOM))
    assert list(leaves(whole)) == [COOKS, Silent(30), Active(1, 7), ROOM]
    assert (goes_by_traits(whole), goes_by_traits(Not(ROOM))) == (True, False)
    assert (longest(whole), longest(ROOM)) == (30, 0)
