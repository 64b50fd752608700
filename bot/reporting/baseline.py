"""The baseline month: worked out once it is over, and then kept as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, select

from bot.reporting.asked import Terms, whole
from bot.scoring.goals import Month
from bot.scoring.kpi import report
from bot.scoring.kpi.figure import Figure
from bot.store.figures import baseline
from bot.store.session import insert_new
from bot.store.transaction import Reader, Transaction

SETTLES = timedelta(days=3)
"""What the shop knows comes in files, some days late."""
_ALL = ""
Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the figures came to, by id; ``room`` empty: in all rooms."""

    month: Month
    room: str
    values: Values


def unkept(reader: Reader, terms: Terms, today: date) -> Iterator[Kept]:
    """What is to be kept from now on: of the baseline month, once it is over, for each name of rooms."""
    month = terms.goals.baseline
    if month is None or today < whole(month).last + SETTLES:
        return
    with reader() as connection:
        there = set(connection.scalars(select(baseline.c.room).where(baseline.c.month == str(month))))
        for name in (_ALL, *terms.rooms):
            if name not in there and (values := _worked_out(connection, terms, month, name or None)):
                yield Kept(month, name, values)


def keep(tx: Transaction, kept: Kept) -> None:
    """What somebody else kept before stays."""
    row = {"month": str(kept.month), "room": kept.room, "figures": kept.values, "kept_at": tx.now}
    insert_new(tx.connection, baseline, [row])


def of(connection: Connection, terms: Terms, room: str | None, today: date) -> Values:
    """As it is kept, or as it would be; nothing while the month is not over."""
    month = terms.goals.baseline
    if month is None:
        return {}
    where = (baseline.c.month == str(month)) & (baseline.c.room == (room or _ALL))
    found: Values | None = connection.scalar(select(baseline.c.figures).where(where))
    if found is None and today > whole(month).last:
        return _worked_out(connection, terms, month, room)
    return found or {}


def _worked_out(
    connection: Connection, terms: Terms, month: Month, room: str | None
) -> dict[str, float | None]:
    """Nothing of a month in which nobody was there yet."""
    period = terms.period(connection, whole(month, room))
    if not period.present:
        return {}
    return {it.id: it.value for it in report.figures(period, terms.is_quiet)}


def held_against(figure: Figure, values: Values, month: Month | None, length: int) -> float | None:
    """The baseline of a figure in a period of ``length`` days."""
    value = values.get(figure.id)
    if value is None or month is None or not figure.summed:
        return value
    return value * length / whole(month).length
