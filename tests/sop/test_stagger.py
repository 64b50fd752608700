"""Rooms take turns: at the same moment each time, in order, and in time where there are many."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.sop.stagger import ALL_WITHIN, AT_LEAST, AT_MOST, delay

DAY = date(2026, 11, 30)
MINUTE = timedelta(minutes=1)


def delays(count: int, within: timedelta | None = None, day: date = DAY) -> list[timedelta]:
    rooms = tuple(f"会员{n}群" for n in range(count))
    return [delay("monday-origin", day, rooms, room, within) for room in rooms]


@given(st.integers(1, 11), st.dates())
def test_rooms_come_one_to_three_minutes_apart_from_the_written_minute_on(count: int, day: date) -> None:
    found = delays(count, None, day)
    assert found[0] == timedelta(0)
    assert all(AT_LEAST <= later - before <= AT_MOST for before, later in pairwise(found))


@given(st.integers(2, 200), st.none() | st.integers(1, 600).map(lambda n: n * MINUTE))
def test_many_rooms_come_closer_together_and_in_time(count: int, within: timedelta | None) -> None:
    found = delays(count, within)
    assert sorted(set(found)) == found
    assert found[-1] <= (ALL_WITHIN if within is None else min(ALL_WITHIN, within / 2))


def test_the_turns_of_another_day_are_others_and_those_of_a_day_always_the_same() -> None:
    assert delays(3) == delays(3) != delays(3, None, DAY + timedelta(days=1))


def test_a_room_that_takes_no_turn_does_not_wait() -> None:
    assert delay("monday-origin", DAY, ("会员1群", "会员2群"), "会员9群", None) == timedelta(0)
