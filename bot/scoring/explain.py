"""Why somebody has the score they have: which of their interactions count, and for how much today.

The sum of it is the score, to the last digit that anybody sees: it is made of the same days, act by act.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from bot.people.points import Dimension
from bot.scoring import daybook, days
from bot.scoring.contribution import Act, credits
from bot.scoring.rules import Scoring
from bot.store.tables import interaction


@dataclass(frozen=True, slots=True)
class Reason:
    """One interaction (``event``) of ``day``: ``points`` then, ``today`` what is left of them."""

    event: int
    name: str
    day: int
    dimension: Dimension
    points: float
    today: float
    prompted: bool


def reasons(
    connection: Connection, identities: Collection[int], scoring: Scoring, zone: ZoneInfo, now: datetime
) -> list[Reason]:
    """All that counts of these identities (one person's), the latest first."""
    today = days.number(now, zone)
    found = [
        Reason(it.act.event, it.act.name, day, it.dimension, it.points, left, it.act.prompted)
        for (_, day), acts in _acts(connection, identities, scoring, zone, now).items()
        for it in credits(acts, scoring)
        if (left := it.points * scoring.decay(today - day))
    ]
    return sorted(found, key=lambda it: (it.day, it.event), reverse=True)


def _acts(
    connection: Connection, identities: Collection[int], scoring: Scoring, zone: ZoneInfo, now: datetime
) -> dict[tuple[int, int], list[Act]]:
    """The acts by identity and day: each identity has its own day."""
    part = daybook.Part(datetime.fromtimestamp(0, zone), now + timedelta(days=1), identities)
    found: defaultdict[tuple[int, int], list[Act]] = defaultdict(list)
    for key, acts in daybook.rewards(connection, part, zone).items():
        found[key] += acts
    for key, act in _weighed(connection, part, scoring, zone):
        found[key].append(act)
    return found


def _weighed(
    connection: Connection, part: daybook.Part, scoring: Scoring, zone: ZoneInfo
) -> Iterator[tuple[tuple[int, int], Act]]:
    i = interaction.c
    at = type_coerce(i.occurred_at, BigInteger)
    day = days.column(i.occurred_at, zone, part.first, part.last)
    prompted = i.initiated_by == "prompted"
    query = (
        select(i.identity_id, day, i.name, prompted, func.min(i.id), func.min(at))
        .where(i.name.in_(sorted(scoring.weights)), *daybook.that_count(part))
        .group_by(i.identity_id, day, i.name, prompted, i.room_id, daybook.cause())
    )
    for identity_id, number, name, asked, event, moment in connection.execute(
        query, daybook.parameters(part)
    ):
        yield (identity_id, number), Act(name, event, moment, bool(asked))
