"""Whether words to the silent bring them back (13): held against those who were left alone to compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from bot.scoring import days
from bot.scoring.kpi.figure import Figure, percent
from bot.scoring.kpi.intervals import apart
from bot.scoring.kpi.ledger import HELD_OUT, WRITTEN_TO
from bot.scoring.kpi.period import Period

LATELY = timedelta(days=90)
WITHIN = 7
"""Days in which somebody who took part is taken for woken; that of the words is the first."""


def figures(period: Period) -> Iterator[Figure]:
    written, left_alone = _outcomes(period, WRITTEN_TO), _outcomes(period, HELD_OUT)
    parts = {
        "写了的回来": percent(sum(written), len(written)),
        "没写的回来": percent(sum(left_alone), len(left_alone)),
    }
    if not written or not left_alone:
        why = "没有留出不写的人来比" if written else "90天里没有叫过人"
        yield Figure("woken", "唤醒", None, len(written), unit="%", why=why, parts=parts)
        return
    found = apart(sum(written), len(written), sum(left_alone), len(left_alone))
    value, low, high = (100 * it for it in found)
    yield Figure("woken", "唤醒", value, len(written), low, high, "%", parts=parts)


def _outcomes(period: Period, name: str) -> list[bool]:
    """Whether each of those whose days are over by now took part in them."""
    since = min(period.begins, period.ends - LATELY)
    cases = [
        (row.member_id, days.number(row.occurred_at, period.zone))
        for row in period.recorded(name)
        if row.occurred_at >= since and period.is_about(row.member_id)
    ]
    over = [(member, day) for member, day in cases if day + WITHIN - 1 <= period.last]
    if not over:
        return []
    took_part: defaultdict[int, set[int]] = defaultdict(set)
    for member, day, acts, _ in period.acts(min(day for _, day in over), period.last):
        if acts:
            took_part[member].add(day)
    return [any(day + it in took_part[member] for it in range(WITHIN)) for member, day in over]
