"""Who is there: monthly active members (1), interactions a member (2), the silent (13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from statistics import median

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
    return ratio(
        "interactions_per_member",
        "人均互动",
        total,
        len(counts),
        len(counts),
        活跃的人均=total / len(active) if active else None,
        中位数=median(acts for acts, _ in counts) if counts else None,
        自发占比=percent(own, total),
    )


def _silent(period: Period) -> Figure:
    """Of who is there for 30 days and longer: those without an interaction in 30 days."""
    since = period.ends - timedelta(days=MONTH)
    old = {member for member, at in period.joined.items() if at <= since}
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
