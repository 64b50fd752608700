"""Goals: a number, or so many times a baseline; at least that, or at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.goals import Goal, Month
from bot.sop.goals_file import _goal, write_goal

numbers = st.integers(-1000, 1000).map(lambda n: n / 4)
goals = st.builds(Goal, value=numbers, at_most=st.booleans()) | st.builds(
    Goal, times=numbers.map(abs), at_most=st.booleans()
)


@pytest.mark.parametrize(
    ("goal", "value", "baseline", "met"),
    [
        (Goal(60), 60, None, True),
        (Goal(60), 59, None, False),
        (Goal(20, at_most=True), 20, None, True),
        (Goal(20, at_most=True), 21, None, False),
        (Goal(times=15), 30, 2, True),
        (Goal(times=15), 29, 2, False),
        (Goal(times=15), 29, None, None),
        (Goal(60), None, None, None),
    ],
)
def test_whether_it_is_met(goal: Goal, value: float | None, baseline: float | None, met: bool | None) -> None:
    assert goal.is_met(value, baseline) is met


@given(goals)
def test_a_goal_is_read_as_it_is_written(goal: Goal) -> None:
    assert _goal(write_goal(goal)) == goal


def test_after_december_comes_january() -> None:
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2026, 9).next == Month(2026, 10)
