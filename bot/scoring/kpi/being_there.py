"""Who is there: monthly active members (1), interactions a member (2), the silent (13)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from bot.scoring import days
from bot.scoring.kpi.figure import Figure, percent, ratio, share
from bot.scoring.kpi.period import MONTH, Period


def figures(period: Period) -> Iterator[Figure]:
    active = {member for member, (acts, _) in period.month.items() if acts} & period.eligible
    own = {member for member, (_, own) in period.month.items() if own} & period.eligible
    there = len(period.eligible)
    yield share("monthly_active", "月活", len(active), there, 自发月活=percent(len(own), there))
    yield _interactions(period, active)
    yield _silent(period)


def _interactions(period: Period, active: set[int]) -> Figure:
    """Interactions of 30 days a member; beside it a median, for the mean is carried by a few."""
    counts = [period.month.get(member, (0, 0)) for member in period.eligible]
    total, own = sum(acts for acts, _ in counts), sum(own for _, own in counts)
    a_day = _there_a_day(period)
    return ratio(
        "interactions_per_member",
        "人均互动",
        total,
        a_day if counts else 0,
        len(counts),
        日均在群=a_day,
        活跃的人均=total / len(active) if active else None,
        中位数=median(acts for acts, _ in counts) if counts else None,
        自发占比=percent(own, total),
    )


def _there_a_day(period: Period) -> float:
    """How many members were there from before a day to its end: the mean of the last 30 days."""
    numbers = range(period.last - MONTH + 1, period.last + 2)
    edges = [days.milliseconds(days.begin(number, period.zone)) for number in numbers]
    there: defaultdict[int, int] = defaultdict(int)  # by member, a bit for each day
    for member, came, left in period.stays:
        first = bisect_right(edges, came)
        after = MONTH if left is None else bisect_right(edges, left) - 1
        if first < after:
            there[member] |= (1 << after) - (1 << first)
    return sum(bits.bit_count() for bits in there.values()) / MONTH


def _silent(period: Period) -> Figure:
    """Of E who are there for 30 days and longer: those without an interaction in 30 days."""
    since = period.ends - timedelta(days=MONTH)
    old = period.there(min(since, period.begins), period.ends)
    silent = {member for member in old if not period.month.get(member, (0, 0))[0]}
    never = silent - _ever_active(period)
    return share(
        "silent",
        "沉默",
        len(silent),
        len(old),
        从没说过话=percent(len(never), len(old)),
        后来不说了=percent(len(silent) - len(never), len(old)),
    )


def _ever_active(period: Period) -> set[int]:
    seen = period.people.first_seen(period.connection).items()
    found = (period.member_of.get(id) for id, day in seen if day <= period.last)
    return {member for member in found if member is not None}
