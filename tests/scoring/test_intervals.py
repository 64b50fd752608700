"""The intervals against numbers that were published, or worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.kpi.intervals import apart, distance, nps, wilson, within

_6MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
"""Weeks in remission of 21 patients (Freireich et al. 1963); + : still so when the trial ended."""
_PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def waits(written: str) -> list[tuple[float, bool]]:
    return [(float(it.removesuffix("+")), not it.endswith("+")) for it in written.split()]


@pytest.mark.parametrize(
    ("part", "of", "low", "high"), [(0, 10, 0, 27.8), (3, 10, 10.8, 60.3), (41, 100, 31.9, 50.8)]
)
def test_wilsons_interval(part: int, of: int, low: float, high: float) -> None:
    assert wilson(part, of) == pytest.approx((low / 100, high / 100), abs=5e-4)


def test_the_difference_of_two_shares_as_newcombe_published() -> None:
    """Method 10 for 56/70 - 48/80 (Newcombe 1998)."""
    assert apart(56, 70, 48, 80) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("written", "median"), [(_6MP, 23), (_PLACEBO, 8)])
def test_medians_of_the_leukaemia_trial_as_published(written: str, median: float) -> None:
    assert within(waits(written), 0.5) == median


def test_survival_of_the_leukaemia_trial_as_published() -> None:
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, surviving in published.items():
        assert within(waits(_6MP), 1 - surviving - 0.001) == week
        assert within(waits(_6MP), 1 - surviving + 0.001) != week
    assert within(waits(_6MP), 0.9) is None


def test_of_nothing_there_is_no_time() -> None:
    assert within([], 0.5) is None
    assert within([(3, False)], 0.5) is None
    assert within([(3, True), (9, True)], 0.5) == 3


@given(st.lists(st.integers(1, 50), min_size=1), st.sampled_from([0.1, 0.5, 0.9]))
def test_where_all_is_over_it_is_the_plain_quantile(times: list[int], share: float) -> None:
    found = within([(time, True) for time in times], share)
    assert found is not None
    assert sum(time <= found for time in times) >= share * len(times) - 1e-6
    assert sum(time < found for time in times) < share * len(times) + 1e-6


def marks(promote: int, passive: int, detract: int) -> list[int]:
    return [9] * promote + [7] * passive + [6] * detract


def test_nps_with_its_interval_by_hand() -> None:
    """5 of 10 recommend, 2 do not: p = 5.75/13, d = 2.75/13, middle 3/13 = 23.08;
    error² = (8.5/13 - 9/169)/13 = 0.046199, error 21.494; 23.08 ± 42.13."""
    found = nps(marks(5, 3, 2))
    assert found.value == 30
    assert (found.low, found.high) == pytest.approx((-19.05, 65.20), abs=0.01)


def test_who_asked_many_of_few_is_surer() -> None:
    """10 of 40: more than 5 %, so √(30/39) of the error; of 1,000 it is 1 %, so all of it."""
    assert nps(marks(5, 3, 2), 40).error == pytest.approx(21.494 * (30 / 39) ** 0.5, abs=0.001)
    assert nps(marks(5, 3, 2), 1000) == nps(marks(5, 3, 2))
    assert nps(marks(5, 3, 2), 10).error == 0


def test_two_are_apart_by_so_many_errors() -> None:
    """Middles 3/13 and -3/13, errors both 21.494: 46.15 / 30.40."""
    apart = distance(nps(marks(5, 3, 2)), nps(marks(2, 3, 5)))
    assert apart == pytest.approx(1.518, abs=0.001)
    assert distance(nps(marks(5, 3, 2), 10), nps(marks(2, 3, 5), 10)) is None


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_an_interval_stays_in_its_bounds(promote: int, passive: int, detract: int) -> None:
    if promote + passive + detract:
        found = nps(marks(promote, passive, detract))
        assert -100 <= found.low <= found.value <= found.high <= 100
