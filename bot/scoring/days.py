"""Local days in the database: the number since 1970 of the day on which something occurred."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, case, literal, type_coerce

EPOCH = date(1970, 1, 1)
DAY = 86_400_000
"""Milliseconds, as moments are stored."""
_MINUTE = timedelta(minutes=1)


def number(moment: datetime, zone: ZoneInfo) -> int:
    return (moment.astimezone(zone).date() - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def begin(number: int, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day_of(number), datetime.min.time(), zone).astimezone(UTC)


def column(
    at: ColumnElement[datetime], zone: ZoneInfo, first: datetime, last: datetime
) -> ColumnElement[int]:
    """The day's number of the moments in ``at``, all of which lie from ``first`` to ``last``.

    Integer arithmetic, so that the database can group by it; a zone whose clocks change has a case for each.
    """
    stored = type_coerce(at, BigInteger)
    spans = list(_offsets(zone, first, last))
    shift: ColumnElement[int] = literal(spans[-1][1])
    if len(spans) > 1:
        shift = case(*((stored < until, offset) for until, offset in spans[:-1]), else_=spans[-1][1])
    return (stored + shift) // DAY


def _offsets(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    """(until, offset) in milliseconds: how far the zone's clocks are from UTC, span after span."""
    at = first.astimezone(UTC)
    while at < last:
        after = min(at + timedelta(days=1), last.astimezone(UTC))
        if _offset(zone, after) != _offset(zone, at):
            changes = _change(zone, at, after)
            yield _stored(changes), _offset(zone, at)
            after = changes
        at = after
    yield _stored(at), _offset(zone, at)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute between the two at which the clocks change."""
    while after - before > _MINUTE:
        middle = before + (after - before) / 2
        middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
        if middle <= before:
            middle = before + _MINUTE
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None, "the moment is aware"
    return int(offset / timedelta(milliseconds=1))


def _stored(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
