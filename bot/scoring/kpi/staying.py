"""How people stay: complaints, and the flywheel's four counted stages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from sqlalchemy import select

from bot.scoring import book
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.period import Period
from bot.store.tables import complaint_case, interaction, score_entry

LATELY = timedelta(days=90)
CO_CREATOR = 2
"""The level from which on somebody is trusted."""
_TIES = ("answer_given", "answer_thanked")
_MADE = ("ugc_approved", "answer_thanked")


def figures(period: Period) -> Iterator[Figure]:
    yield _complaints(period)
    yield _flywheel(period)


def _complaints(period: Period) -> Figure:
    c = complaint_case.c
    query = select(c.opened_at, c.answered_at, c.closed_at).where(
        c.room_id.in_(period.rooms), c.opened_at >= period.begins, c.opened_at < period.ends
    )
    cases = list(period.connection.execute(query))
    waits = [(row.answered_at - row.opened_at) / timedelta(minutes=1) for row in cases if row.answered_at]
    is_open = sum(row.closed_at is None for row in cases)
    parts = {"首响分钟": median(waits) if waits else None, "未结": float(is_open)}
    return Figure("complaints", "投诉", len(cases), len(cases), parts=parts, summed=True)


def _flywheel(period: Period) -> Figure:
    """Each stage is a part of the one before it: 共鸣 was there in 30 days; 连接 answered, thanked or was
    thanked in 90; 信任 is 共创者 and above; 共创 made something in 90 days that was approved or helped."""
    there = {member for member, (acts, _) in period.month.items() if acts} & period.eligible
    tied = there & _tied(period)
    levels = book.standings(period.connection)
    trusted = {member for member in tied if member in levels and levels[member].level >= CO_CREATOR}
    making = trusted & _makers(period)
    stages = {"共鸣": there, "连接": tied, "信任": trusted, "共创": making}
    parts: dict[str, float | None] = {name: float(len(members)) for name, members in stages.items()}
    return Figure("flywheel", "飞轮", len(there), len(period.eligible), unit="人", parts=parts)


def _tied(period: Period) -> set[int]:
    i = interaction.c
    query = select(i.identity_id, i.target_identity_id).where(
        i.name.in_(_TIES), i.occurred_at >= period.ends - LATELY, i.occurred_at < period.ends
    )
    return _members(period, (it for row in period.connection.execute(query) for it in row))


def _makers(period: Period) -> set[int]:
    e = score_entry.c
    query = select(e.identity_id).where(e.rule.in_(_MADE), e.at >= period.ends - LATELY, e.at < period.ends)
    return _members(period, period.connection.scalars(query))


def _members(period: Period, identities: Iterator[int | None]) -> set[int]:
    found = (period.member_of.get(it) for it in identities if it is not None)
    return {member for member in found if member is not None}
