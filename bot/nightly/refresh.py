"""The days of the log that changed, read in parts and written in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from bot.nightly.portions import portions
from bot.scoring import book, daybook, days
from bot.scoring.daybook import Day, Part, Span
from bot.scoring.rules import Scoring
from bot.store.tables import interaction, score_entry
from bot.store.transaction import Reader, Transaction

T = TypeVar("T")
Write = Callable[[Transaction, T], object]
Finish = Callable[[Transaction], None]
MOST = 3_000
"""Days that are written in one transaction; some 30 ms."""
PEOPLE = 10_000
"""Identities that are read at a time."""


@dataclass(frozen=True, slots=True)
class Some:
    """One day of these identities, in the place of what stood there."""

    day: int
    identities: list[int]
    found: list[Day]


@dataclass(frozen=True, slots=True)
class Whole:
    """All days of the identities from ``first`` to ``last``."""

    first: int
    last: int
    found: list[Day]


def parts(reader: Reader, scoring: Scoring, zone: ZoneInfo, after: int | None) -> Iterator[Some | Whole]:
    """What is to be written, of the log behind the id ``after`` or of all of it (None)."""
    with reader() as connection:
        span = _span(connection)
        if span is not None:
            yield from (
                _whole(connection, span, scoring, zone)
                if after is None
                else _changed(connection, span, scoring, zone, after)
            )


def write(tx: Transaction, part: Some | Whole) -> None:
    if isinstance(part, Whole):
        book.put_all(tx, part.first, part.last, part.found)
    else:
        book.put(tx, part.day, part.identities, part.found)


def _span(connection: Connection) -> Span | None:
    """All of the log and of what was given for it; None: it is empty."""
    moments = [
        at
        for column in (interaction.c.occurred_at, score_entry.c.at)
        for at in connection.execute(select(func.min(column), func.max(column))).one()
        if at is not None
    ]
    return Span(min(moments), max(moments)) if moments else None


def _whole(connection: Connection, span: Span, scoring: Scoring, zone: ZoneInfo) -> Iterator[Whole]:
    """Identities that have no days any more are between the others, and lose what stood there."""
    written = 0
    people = groupby(_all_days(connection, span, scoring, zone), key=lambda it: it.identity_id)
    for some in _by_size(([*found] for _, found in people), MOST):
        last = some[-1].identity_id
        yield Whole(written + 1, last, some)
        written = last
    yield Whole(written + 1, 2**62, [])


def _all_days(connection: Connection, span: Span, scoring: Scoring, zone: ZoneInfo) -> Iterator[Day]:
    """By identity, some at a time: so it takes no more memory of a longer log, and the first can be written
    while the next are read."""
    for some in portions(_identities(connection), PEOPLE):
        yield from daybook.read(connection, Part(*span, some), scoring, zone)


def _identities(connection: Connection) -> list[int]:
    acted = select(interaction.c.identity_id).where(interaction.c.identity_id.is_not(None))
    everybody = acted.union(select(score_entry.c.identity_id))
    return sorted(connection.scalars(everybody))


def _by_size(groups: Iterable[list[Day]], most: int) -> Iterator[list[Day]]:
    """The groups, so many together that they have about ``most`` days."""
    together: list[Day] = []
    for group in groups:
        together += group
        if len(together) >= most:
            yield together
            together = []
    if together:
        yield together


def _changed(
    connection: Connection, span: Span, scoring: Scoring, zone: ZoneInfo, after: int
) -> Iterator[Some]:
    for day, who in sorted(daybook.touched(connection, after, span, zone).items()):
        begins, ends = days.begin(day, zone), days.last_moment(day, zone)
        for some in portions(sorted(who), MOST):
            found = list(daybook.read(connection, Part(begins, ends, some), scoring, zone))
            yield Some(day, some, found)


def everything(connection: Connection, scoring: Scoring, zone: ZoneInfo) -> Iterator[Day]:
    """All days of the log: for a look by other rules, that writes nothing."""
    span = _span(connection)
    return iter(()) if span is None else _all_days(connection, span, scoring, zone)
