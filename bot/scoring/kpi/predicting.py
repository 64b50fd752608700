"""What the customers so far will bring in the next twelve months (5), with the error of such a prediction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bot.scoring import days, lifetime
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.money import NO_MARGIN, margin
from bot.scoring.kpi.period import Period
from bot.scoring.lifetime import Refused

HELD_OUT = timedelta(days=90)
ENOUGH = 3_000
"""So many buyers, by their first orders, tell as much as all do, within a second."""


def figures(period: Period) -> Iterator[Figure]:
    end = days.day_of(period.last)
    buyers = list(period.purchases.values())
    bought = [
        [(order.at.astimezone(period.zone).date(), order.kept) for order in orders]
        for orders in buyers[:: 1 + len(buyers) // ENOUGH]
    ]
    found = _expected(period, bought, end)
    if isinstance(found, Refused):
        yield Figure("ltv_predicted", "LTV预测", None, len(buyers), unit="元", why=found.reason)
        return
    error = lifetime.held_out_error(bought, end - HELD_OUT, end)
    parts = {"试猜最近90天每人差几单": None if isinstance(error, Refused) else error}
    yield Figure("ltv_predicted", "LTV预测", found, len(buyers), unit="元", parts=parts)


def _expected(period: Period, bought: list[list[tuple[date, int]]], end: date) -> float | Refused:
    """The margin of a buyer's coming twelve months, in yuan."""
    buyers = [buyer for own in bought if (buyer := lifetime.summary(own, end))]
    model = lifetime.fit(buyers)
    if isinstance(model, Refused):
        return model
    rate = margin(period)
    if rate is None:
        return Refused(NO_MARGIN)
    orders = [order for mine in period.purchases.values() for order in mine]
    ours = sum(order.worth(rate) for order in orders) / sum(order.kept for order in orders)
    worth = lifetime.values(model, buyers, ours, period.money.discount)
    return sum(worth) / len(worth) / 100
