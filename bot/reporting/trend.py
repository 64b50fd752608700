"""How many members took part in each of the last weeks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bot.reporting.asked import DAY, WEEK, Asked, Terms
from bot.scoring import days

WEEKS = 8


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days, ``last`` counted, and the members who did something in them."""

    last: date
    members: int


def weeks(connection: Connection, terms: Terms, asked: Asked) -> list[Week]:
    """The oldest first; the last one ends with the report."""
    first = asked.last - WEEK * WEEKS + DAY
    period = terms.period(connection, Asked(first, asked.last, asked.room))
    found: defaultdict[int, set[int]] = defaultdict(set)
    for member, day, acts, _ in period.acts(period.first, period.last):
        if acts:
            found[(day - period.first) // WEEK.days].add(member)
    lasts = [days.day_of(period.first + WEEK.days * (n + 1) - 1) for n in range(WEEKS)]
    return [Week(last, len(found[n])) for n, last in enumerate(lasts)]
