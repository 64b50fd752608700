"""Whether members would recommend the community: the NPS (3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.scoring.kpi.figure import Figure, percent
from bot.scoring.kpi.intervals import Nps, distance, nps
from bot.scoring.kpi.ledger import ANSWERED, ASKED, WITHDRAWN
from bot.scoring.kpi.period import Period

LATELY = timedelta(days=90)


def figures(period: Period) -> Iterator[Figure]:
    marks = _marks(period, period.ends)
    asked = _asked(period)
    answered = percent(len(asked & marks.keys()), len(asked))
    if not marks:
        yield Figure("nps", "NPS", None, why="90天里没有人答过", parts={"问了的里答了": answered})
        return
    found = _nps(period, marks)
    earlier = _marks(period, period.ends - LATELY)
    parts = {
        "推荐": found.promote,
        "中立": found.n - found.promote - found.detract,
        "不推荐": found.detract,
        "问了的里答了": answered,
        "和再前90天的差z": distance(found, _nps(period, earlier)) if earlier else None,
    }
    yield Figure("nps", "NPS", found.value, found.n, found.low, found.high, parts=parts)


def _nps(period: Period, marks: dict[int, int]) -> Nps:
    return nps(marks.values(), len(period.present))


def _marks(period: Period, until: datetime) -> dict[int, int]:
    """The latest mark that each member who is there gave in the 90 days before ``until``."""
    withdrawn = {row.corrects_event_id for row in period.recorded(WITHDRAWN)}
    return {
        row.member_id: row.value_int
        for row in period.recorded(ANSWERED)
        if until - LATELY <= row.occurred_at < until
        and row.member_id in period.present
        and row.id not in withdrawn
    }


def _asked(period: Period) -> set[int]:
    rows = (row for row in period.recorded(ASKED) if row.occurred_at >= period.ends - LATELY)
    return {row.member_id for row in rows if row.member_id in period.present}
