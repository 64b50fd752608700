"""Who buys again (10), and who buys for the first time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta

from bot.scoring import days
from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.scoring.orders import Buyer, Order

AGAIN = timedelta(days=90)


def figures(period: Period) -> Iterator[Figure]:
    yield _again(period)
    yield _first_month(period)


def newcomers(period: Period, since: datetime, until: datetime) -> dict[Buyer, datetime]:
    """When those bought for the first time who did so from ``since`` on, before ``until``."""
    first = ((buyer, orders[0].at) for buyer, orders in period.purchases.items())
    return {buyer: at for buyer, at in first if since <= at < until}


def _days(period: Period, orders: Collection[Order]) -> list[int]:
    """The local days with an order; several of one day are one."""
    return sorted({days.number(order.at, period.zone) for order in orders})


def _again(period: Period) -> Figure:
    """Of the buyers of the period, 90 days at least: those who bought on another day of it as well."""
    since = min(period.begins, period.ends - AGAIN)
    lately = {
        buyer: mine
        for buyer, orders in period.purchases.items()
        if (mine := [order for order in orders if order.at >= since])
    }
    repeaters = {buyer for buyer, mine in lately.items() if len(_days(period, mine)) > 1}
    members = {buyer for buyer in lately if buyer.is_member}
    return share(
        "repurchase",
        "复购",
        len(repeaters),
        len(lately),
        其中优惠单=_discounted(period, lately),
        会员复购=percent(len(repeaters & members), len(members)),
    )


def _discounted(period: Period, lately: Mapping[Buyer, Collection[Order]]) -> float | None:
    """Of the orders after each buyer's first day that tell their discount: those that had one."""
    told = [
        order.discount
        for mine in lately.values()
        for order in mine
        if order.discount is not None and days.number(order.at, period.zone) > _days(period, mine)[0]
    ]
    return percent(sum(discount != 0 for discount in told), len(told))


def _first_month(period: Period) -> Figure:
    """Of those who bought first in the latest month that ended 90 days ago: who did so again in 90 days."""
    first, after = _month_before(days.day_of(period.last + 1) - AGAIN)
    each = (_days(period, orders) for orders in period.purchases.values())
    bought = [mine for mine in each if first <= mine[0] < after]
    again = sum(any(0 < it - mine[0] <= AGAIN.days for it in mine) for mine in bought)
    return share("repurchase_90", "首单90天再买", again, len(bought), 首单月份=days.day_of(first).month)


def _month_before(end: date) -> tuple[int, int]:
    """The first day of the latest month that is over on ``end``, and the day after it."""
    after = end.replace(day=1)
    first = (after - timedelta(days=1)).replace(day=1)
    return (first - days.EPOCH).days, (after - days.EPOCH).days
