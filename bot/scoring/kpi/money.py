"""What customers bring and what winning them costs: LTV (5), CAC (6), both against each other (7).

Sums are in cents, and in yuan where they are shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from bot.scoring.kpi.buying import newcomers
from bot.scoring.kpi.figure import Figure, percent
from bot.scoring.kpi.ledger import COST, REVERSED, USED
from bot.scoring.kpi.period import Period
from bot.scoring.kpi.word_of_mouth import proven_among
from bot.scoring.orders import Buyer

YEAR = timedelta(days=365)
_MONTH = YEAR / 12
NO_MARGIN = "订单里没有毛利：导入时带上“毛利”一列，或者在 scoring.yaml 写 money.margin"
_NO_YEAR = "还没有首单满一年的买家"
_NO_COSTS = "没有记获客花费：bot import costs"
_NO_NEW = "这段时间没有第一次买的人"
_NO_COHORT = "还没有首单满一年、那时又记了获客花费的买家"
_BY_ROOM = "花费不分群"
Year = list[tuple[timedelta, int]]
"""What a buyer brought in the 365 days from their first order on: how long after it, and cents."""


def figures(period: Period) -> Iterator[Figure]:
    yield _lifetime(period)
    yield _cost(period)
    yield _worth_it(period)


# --- what customers bring ---


def margin(period: Period) -> float | None:
    """What share of an order is ours where it does not tell; None: none tells, and nobody said."""
    if period.money.margin is not None:
        return period.money.margin
    told = [it for orders in period.purchases.values() for it in orders if it.margin is not None]
    paid = sum(it.paid for it in told)
    return sum(it.margin or 0 for it in told) / paid if paid else None


def _years(period: Period, rate: float) -> dict[Buyer, Year]:
    """The first year of each buyer whom we have known for so long: margins, less what benefits cost."""
    benefits = _benefits(period)
    found: dict[Buyer, Year] = {}
    for buyer, orders in period.purchases.items():
        first = orders[0].at
        if first + YEAR > period.ends:
            continue
        steps = [(it.at, it.worth(rate)) for it in orders] + benefits.get(buyer, [])
        found[buyer] = [(at - first, cents) for at, cents in steps if first <= at < first + YEAR]
    return found


def _benefits(period: Period) -> dict[Buyer, list[tuple[datetime, int]]]:
    """What each member's benefits cost us, below nothing; a use that was taken back gives it back."""
    found: defaultdict[Buyer, list[tuple[datetime, int]]] = defaultdict(list)
    for row in period.recorded(USED, REVERSED):
        if row.cost_cents and row.member_id is not None:
            found[Buyer(row.member_id, is_member=True)].append((row.occurred_at, -row.cost_cents))
    return found


def _mean(years: Collection[Year]) -> float | None:
    """In yuan."""
    return sum(cents for year in years for _, cents in year) / len(years) / 100 if years else None


def _lifetime(period: Period) -> Figure:
    """Only of those who bought first a year ago and earlier: who came later would make it smaller."""
    rate = margin(period)
    if rate is None:
        return Figure("ltv", "LTV", None, unit="元", why=NO_MARGIN if period.purchases else _NO_YEAR)
    years = _years(period, rate)
    orders = [it for mine in period.purchases.values() for it in mine]
    parts = {
        "会员": _mean([year for buyer, year in years.items() if buyer.is_member]),
        "毛利是估的订单": percent(sum(it.margin is None for it in orders), len(orders)),
    }
    why = "" if years else _NO_YEAR
    return Figure("ltv", "LTV", _mean(years.values()), len(years), unit="元", why=why, parts=parts)


# --- what winning them costs ---


def _spent(period: Period, since: datetime, until: datetime) -> tuple[int, int]:
    """What was spent on winning customers, and on the rest."""
    costs = [row for row in period.recorded(COST) if since <= row.occurred_at < until]
    wins = sum(row.cost_cents for row in costs if row.object_id in period.money.acquisition)
    return wins, sum(row.cost_cents for row in costs) - wins


def _cost(period: Period) -> Figure:
    """For each new customer; and for each who was not brought by others."""
    if not period.whole:
        return Figure("cac", "CAC", None, unit="元", why=_BY_ROOM)
    new = newcomers(period, period.begins, period.ends)
    spent, rest = _spent(period, period.begins, period.ends)
    alone = len(new) - len(proven_among(period, new))
    parts = {
        "不算别人带来的": spent / 100 / alone if spent and alone else None,
        "获客花费": spent / 100,
        "没算进来的花费": rest / 100,
    }
    why = "" if spent and new else _NO_COSTS if new else _NO_NEW
    value = spent / 100 / len(new) if spent and new else None
    return Figure("cac", "CAC", value, len(new), unit="元", why=why, parts=parts)


# --- one against the other ---


def _worth_it(period: Period) -> Figure:
    """Of those who bought first since costs are recorded, and a year ago and earlier."""
    rate = margin(period)
    if rate is None or not period.whole:
        return Figure("ltv_cac", "LTV/CAC", None, unit="倍", why=NO_MARGIN if period.whole else _BY_ROOM)
    since = _recorded_since(period)
    years = _years(period, rate).items()
    cohort = [year for buyer, year in years if period.purchases[buyer][0].at >= since]
    spent, _ = _spent(period, since, period.ends - YEAR)
    if not cohort or not spent:
        return Figure("ltv_cac", "LTV/CAC", None, unit="倍", why=_NO_COHORT)
    cost, worth = spent / 100 / len(cohort), _mean(cohort) or 0.0
    parts = {"那批的LTV": worth, "那批的CAC": cost, "回本月数": _pays_back(cohort, cost)}
    return Figure("ltv_cac", "LTV/CAC", worth / cost, len(cohort), unit="倍", parts=parts)


def _recorded_since(period: Period) -> datetime:
    costs = period.recorded(COST)
    won = (row.occurred_at for row in costs if row.object_id in period.money.acquisition)
    return min(won, default=period.ends)


def _pays_back(cohort: Collection[Year], cost: float) -> float | None:
    """The first month by which a buyer has brought what winning them cost; None: not in their first year."""
    for month in range(1, 13):
        so_far = [[step for step in year if step[0] < month * _MONTH] for year in cohort]
        if (_mean(so_far) or 0.0) >= cost:
            return float(month)
    return None
