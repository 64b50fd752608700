"""How each room is at a glance: 🟢, or 🟡 where something in it wants a look, and what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from bot.scoring.kpi.boundary import left_after_promotion
from bot.scoring.kpi.period import Period
from bot.store.figures import activity
from bot.store.tables import complaint_case

FEW = 5
"""Where fewer took part before, that fewer do now says nothing."""
MANY = 2
"""Members who left after a promotion."""


@dataclass(frozen=True, slots=True)
class Light:
    """A room by its key: complaints that nobody closed, members who left within a day after a promotion, and
    how many took part, in this period and in the one before."""

    key: str
    complaints: int = 0
    left: int = 0
    took_part: int = 0
    took_part_before: int = 0

    @property
    def worries(self) -> tuple[str, ...]:
        """In Chinese, what wants a look; nothing: it is green."""
        return tuple(self._worries())

    def _worries(self) -> Iterator[str]:
        if self.complaints:
            yield f"投诉未结{self.complaints}"
        if self.sold_too_much:
            yield f"推广后退{self.left}人"
        if self.took_part_before >= FEW and self.took_part * 2 <= self.took_part_before:
            yield f"说话的人{self.took_part_before}→{self.took_part}"

    @property
    def sold_too_much(self) -> bool:
        return self.left >= MANY

    def __str__(self) -> str:
        return f"{self.key}{'🟡' if self.worries else '🟢'}"


def lights(period: Period, rooms: Mapping[str, int]) -> list[Light]:
    cases, left = _open_cases(period), Counter(left_after_promotion(period))
    length = period.last - period.first + 1
    now = _took_part(period, period.first, period.last)
    before = _took_part(period, period.first - length, period.first - 1)
    return [Light(key, cases[id], left[id], now[id], before[id]) for key, id in rooms.items()]


def _open_cases(period: Period) -> Counter[int]:
    c = complaint_case.c
    query = select(c.room_id).where(
        c.room_id.in_(period.rooms), c.closed_at.is_(None), c.opened_at < period.ends
    )
    return Counter(period.connection.scalars(query))


def _took_part(period: Period, first: int, last: int) -> Counter[int]:
    """Accounts that did something, by room."""
    a = activity.c
    query = select(a.room_id, func.count(a.identity_id.distinct())).where(
        a.day.between(first, last), a.room_id.in_(period.rooms), a.acts > 0
    )
    rows = period.connection.execute(query.group_by(a.room_id))
    return Counter({row[0]: row[1] for row in rows})
