from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.pace import OFF, Pace
from tests.builders import MONDAY_9

PACE = Pace(timedelta(seconds=3), timedelta(seconds=2), timedelta(seconds=6))
seconds = st.integers(0, 60).map(lambda n: timedelta(seconds=n))
seeds = st.integers(0, 10**12)


def test_the_first_message_leaves_at_once() -> None:
    assert PACE.ready_at(1, None, None) is None


@given(seeds)
def test_an_account_rests_for_its_gap_more_or_less_the_jitter(seed: int) -> None:
    ready = PACE.ready_at(seed, MONDAY_9, None)
    assert ready is not None
    assert timedelta(seconds=1) <= ready - MONDAY_9 <= timedelta(seconds=5)


@given(seeds)
def test_the_jitter_of_a_message_is_always_the_same(seed: int) -> None:
    assert PACE.ready_at(seed, MONDAY_9, None) == PACE.ready_at(seed, MONDAY_9, None)


def test_the_jitter_differs_from_message_to_message() -> None:
    assert len({PACE.ready_at(seed, MONDAY_9, None) for seed in range(20)}) == 20


@given(seeds, seconds)
def test_a_room_rests_for_its_own_gap(seed: int, before: timedelta) -> None:
    ready = PACE.ready_at(seed, MONDAY_9, MONDAY_9 - before)
    assert ready is not None
    assert ready >= MONDAY_9 - before + PACE.room_gap


@given(seeds, st.tuples(seconds, seconds, seconds).map(lambda gaps: Pace(*gaps)))
def test_a_message_never_leaves_before_the_one_before_it(seed: int, pace: Pace) -> None:
    ready = pace.ready_at(seed, MONDAY_9, MONDAY_9)
    assert ready is not None
    assert ready >= MONDAY_9


def test_without_a_pace_nothing_waits() -> None:
    assert OFF.ready_at(1, MONDAY_9, MONDAY_9) == MONDAY_9
