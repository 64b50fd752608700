from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people.points import Dimension
from bot.scoring.contribution import Act, by_weights, credits, score, with_rewards
from bot.scoring.rules import DIMENSIONS, Scoring, Weight

SCORING = Scoring(
    weights={"said": Weight(1, 3, "参与"), "shared": Weight(2, 1, "传播")}, rewards={"answered": 2}
)


def test_of_a_day_the_first_few_count() -> None:
    assert by_weights((("said", False, 10),), SCORING) == {"参与": 3}
    assert by_weights((("said", False, 2), ("shared", False, 4)), SCORING) == {"参与": 2, "传播": 2}


def test_a_day_in_two_rooms_is_one_day() -> None:
    assert by_weights((("said", False, 2), ("said", False, 2)), SCORING) == {"参与": 3}


def test_what_was_asked_for_counts_less_and_only_where_there_is_room() -> None:
    assert by_weights((("said", False, 2), ("said", True, 5)), SCORING) == {"参与": pytest.approx(2.7)}


def test_what_sops_gave_is_capped_by_name() -> None:
    answers = [Act("answered", event, event, False, 4.0, "互助") for event in range(5)]
    assert with_rewards({}, answers, SCORING) == {"互助": 8}


def test_what_nobody_weighed_is_worth_nothing() -> None:
    assert by_weights((("slept", False, 3),), SCORING) == {}


def test_half_is_left_after_a_half_life() -> None:
    days: list[tuple[int, Dimension, float]] = [(10, "参与", 8.0), (100, "创作", 5.0)]
    now = score(days, Scoring(half_life=90), today=100)
    assert (now.by_dimension["参与"], now.by_dimension["创作"], now.total) == (4, 5, 9)


def test_what_is_yet_to_come_does_not_count() -> None:
    assert score([(101, "参与", 8.0)], Scoring(), today=100).total == 0


acts = st.builds(
    lambda name, event, at, prompted: Act(name, event, at, prompted),
    st.sampled_from(["said", "shared", "slept"]),
    st.integers(1, 99),
    st.integers(0, 9),
    st.booleans(),
)
rewards = st.builds(
    lambda event, prompted, points, dimension: Act("answered", event, event, prompted, points, dimension),
    st.integers(100, 199),
    st.booleans(),
    st.sampled_from([1.0, 4.0, -2.0]),
    st.sampled_from(DIMENSIONS),
)


@given(st.lists(acts, unique_by=lambda it: it.event), st.lists(rewards, unique_by=lambda it: it.event))
def test_counting_is_the_sum_of_the_credits(said: list[Act], given_: list[Act]) -> None:
    times = tuple((it.name, it.prompted, 1) for it in said)
    fast = with_rewards(by_weights(times, SCORING), given_, SCORING)
    slow: Counter[Dimension] = Counter()
    for credit in credits([*said, *given_], SCORING):
        slow[credit.dimension] += credit.points  # type: ignore[assignment]
    assert {name: fast.get(name, 0) for name in DIMENSIONS} == pytest.approx(
        {name: slow[name] for name in DIMENSIONS}, abs=1e-9
    )
