"""One voice a member, and what errors do to shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.mood import Mood, Tally, corrected_share, mood, tally
from bot.scoring.sentiment import Reliability

shares = st.floats(0, 1)
better_than_a_coin = st.builds(Reliability, st.floats(0.55, 1), st.floats(0.55, 1))
tallies = st.lists(st.builds(Tally, *[st.integers(0, 50)] * 4), max_size=20)


def test_signs_are_counted() -> None:
    assert tally([1, 1, 0, -1, None, None, None]) == Tally(glad=2, flat=1, sorry=1, silent=3)


def test_a_hand_computed_community() -> None:
    """甲 is glad, 乙 mixed, 丙 sorry once of two, 丁 only practical: (1 + 0 − ½) / 3."""
    four = [Tally(glad=3, silent=2), Tally(1, 1, 1), Tally(flat=1, sorry=1), Tally(silent=5)]
    found = mood(four)
    assert found.index == pytest.approx(100 / 6)
    assert found.glad == pytest.approx((1 + 1 / 3) / 3)
    assert found.sorry == pytest.approx((1 / 3 + 1 / 2) / 3)
    assert found.coverage == 8 / 15
    assert found.members == 3


def test_a_loud_voice_is_one_voice() -> None:
    quiet = [Tally(glad=1)] * 9
    assert mood([*quiet, Tally(sorry=1)]).index == mood([*quiet, Tally(sorry=500)]).index == 80


def test_where_nobody_spoke_there_is_no_mood() -> None:
    assert mood([]) == Mood(None, None, None, None, 0)
    assert mood([Tally(silent=4)]) == Mood(None, None, None, 0.0, 0)


@given(tallies)
def test_the_index_is_the_difference_of_the_shares(some: list[Tally]) -> None:
    found = mood(some)
    if found.index is None or found.glad is None or found.sorry is None:
        assert all(each.judged == 0 for each in some)
    else:
        assert found.index == pytest.approx(100 * (found.glad - found.sorry), abs=1e-9)
        assert -100 <= found.index <= 100


@given(tallies)
def test_turning_every_sign_turns_the_index(some: list[Tally]) -> None:
    turned = mood([Tally(each.sorry, each.flat, each.glad, each.silent) for each in some])
    found = mood(some)
    assert (found.coverage, found.glad, found.sorry) == (turned.coverage, turned.sorry, turned.glad)
    assert found.index == pytest.approx(None if turned.index is None else -turned.index)


def test_a_corrected_share_by_hand() -> None:
    """Of 1,000, 300 are glad: 270 of them are found, and 70 others taken for it."""
    assert corrected_share(0.34, Reliability(0.9, 0.9)) == pytest.approx(0.3)


@given(shares, better_than_a_coin)
def test_errors_are_undone(true: float, reliable: Reliability) -> None:
    observed = true * reliable.sensitivity + (1 - true) * (1 - reliable.specificity)
    assert corrected_share(observed, reliable) == pytest.approx(true, abs=1e-9)


@given(shares, shares, better_than_a_coin)
def test_a_share_stays_one_and_keeps_its_order(one: float, other: float, reliable: Reliability) -> None:
    low, high = (corrected_share(share, reliable) for share in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert 0 <= low <= high <= 1


@given(shares)
def test_who_never_errs_is_not_corrected(share: float) -> None:
    assert corrected_share(share, Reliability(1, 1)) == pytest.approx(share)


@given(shares, shares)
def test_a_coin_tells_nothing(share: float, sensitivity: float) -> None:
    assert corrected_share(share, Reliability(sensitivity, 1 - sensitivity)) is None
