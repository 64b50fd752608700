"""Days in a row, and who wins by which rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.sop.kinds.challenge import streaks
from bot.sop.kinds.challenge.model import Challenge, Prize
from bot.sop.kinds.challenge.prizes import Standing, by_rule
from bot.sop.loader import SopSet
from tests.builders import MONDAY_9

FIRST = date(2026, 11, 30)


def days(*numbers: int) -> set[date]:
    return {FIRST + timedelta(n - 1) for n in numbers}


@pytest.mark.parametrize(
    ("mine", "longest", "by_the_fifth"),
    [
        (days(), 0, 0),
        (days(1), 1, 0),
        (days(1, 2, 3, 4), 4, 4),  # the fifth is not over yet
        (days(1, 2, 3, 5), 3, 1),
        (days(1, 2, 3), 3, 0),
        (days(3, 4, 5, 6, 7), 5, 5),
    ],
)
def test_days_in_a_row(mine: set[date], longest: int, by_the_fifth: int) -> None:
    assert streaks.longest(mine) == longest
    assert streaks.current(mine, FIRST + timedelta(4)) == by_the_fifth


def test_a_day_without_a_table_is_in_no_row() -> None:
    assert streaks.length_at(days(1, 3), FIRST + timedelta(1)) == 0


def table(sops: SopSet) -> Challenge:
    sop = sops.sops["dinner-table"]
    assert isinstance(sop, Challenge)
    return sop


def standing(member: int, days: int, streak: int, hours: int = 0) -> Standing:
    return Standing(member, member, days, streak, days, MONDAY_9 + timedelta(hours=hours))


def order(sops: SopSet, by: str, *people: Standing) -> list[int]:
    prize = Prize.model_validate({"by": by, "seats": 1})
    return [one.member_id for one in by_rule(table(sops), "奖", prize, people)]


def test_of_equals_the_first_there_wins(sops: SopSet) -> None:
    people = [standing(1, 5, 2, hours=9), standing(2, 5, 5, hours=3), standing(3, 7, 3)]
    assert order(sops, "days", *people) == [3, 2, 1]
    assert order(sops, "streak", *people) == [2, 3, 1]


def test_whoever_is_chosen_is_chosen_by_people(sops: SopSet) -> None:
    assert order(sops, "运营挑选", standing(1, 5, 5)) == []


def test_the_lot_is_the_same_however_often_it_is_drawn(sops: SopSet) -> None:
    people = [standing(n, 1, 1) for n in range(1, 30)]
    drawn = order(sops, "抽签", *people)
    assert drawn == order(sops, "抽签", *reversed(people))
    assert sorted(drawn) == [one.member_id for one in people] != drawn
    other = table(sops).model_copy(update={"id": "other"})
    prize = Prize(by="抽签", seats=1)
    assert [one.member_id for one in by_rule(other, "奖", prize, people)] != drawn


def test_a_table_more_moves_up(sops: SopSet) -> None:
    first, second = standing(1, 5, 5, hours=1), standing(2, 5, 5, hours=2)
    assert order(sops, "tables", first, second) == [1, 2]
    assert order(sops, "tables", first, replace(second, tables=6)) == [2, 1]
