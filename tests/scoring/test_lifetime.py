"""The models against what Fader and Hardie published of CDNOW, and on data that bear no model."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.scoring import lifetime
from bot.scoring.bgnbd import Frequency, fit_frequency
from bot.scoring.gammagamma import Spend, fit_spend
from bot.scoring.lifetime import Buyer, Refused

pytest.importorskip("scipy")
CDNOW = Path(__file__).parent / "data" / "cdnow.csv"


@pytest.fixture(scope="module")
def buyers() -> list[Buyer]:
    """2,357 people (``cdnow.csv``; equal ones are one row), in weeks of 7 days and in cents."""
    with CDNOW.open() as file:
        return [
            Buyer(int(row["x"]), float(row["t_x"]), float(row["T"]), float(row["zbar"]) * 100)
            for row in csv.DictReader(file)
            for _ in range(int(row["customers"]))
        ]


def test_cdnow_as_published(buyers: list[Buyer]) -> None:
    model = lifetime.fit(buyers)
    assert not isinstance(model, Refused)
    found = model.frequency
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.002)
    assert model.spend.p == pytest.approx(6.25, abs=0.02)
    assert model.spend.q == pytest.approx(3.74, abs=0.01)
    assert model.spend.v == pytest.approx(1544, abs=5)


def test_expected_orders_as_published() -> None:
    published = Frequency(0.243, 4.414, 0.793, 2.426)
    assert float(published.expected(39, [2], [30.43], [38.86])[0]) == pytest.approx(1.226, abs=0.001)


def test_a_value_is_between_nothing_and_all_months_undiscounted(buyers: list[Buyer]) -> None:
    model = lifetime.fit(buyers)
    assert not isinstance(model, Refused)
    worth = lifetime.values(model, buyers[:50], 0.3)
    full = lifetime.values(model, buyers[:50], 0.3, discount=0.0)
    assert all(0 < a < b for a, b in zip(worth, full, strict=True))


def test_spend_of_a_stranger_is_everybodys_mean() -> None:
    spend = Spend(6.25, 3.74, 1544)
    assert float(spend.expected([0], [0.0])[0]) == pytest.approx(6.25 * 1544 / 2.74)


@pytest.mark.parametrize(
    "group",
    [[], [Buyer(1, 1, 2, 100)], [Buyer(0, 0, 9)] * 300, [Buyer(2, 3, 9, 0.0)] * 300],
)
def test_too_little_is_refused_with_its_reason(group: list[Buyer]) -> None:
    outcome = lifetime.fit(group)
    assert isinstance(outcome, Refused)
    assert "复购" in outcome.reason


def test_equal_buyers_bear_no_model() -> None:
    assert isinstance(lifetime.fit([Buyer(2, 3.0, 9.0, 500.0)] * 300), Refused)
    assert fit_frequency([0], [0.0], [5.0]) is None
    assert fit_spend([1, 2], [5.0, 5.0]) is None


def test_a_summary_counts_days_after_the_first() -> None:
    start = date(2026, 1, 1)
    orders = [(start, 100), (start, 50), (start + timedelta(14), 300), (start + timedelta(90), 999)]
    assert lifetime.summary(orders, start + timedelta(21)) == Buyer(1, 2.0, 3.0, 300.0)
    assert lifetime.summary(orders, start - timedelta(1)) is None
