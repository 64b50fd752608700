"""Local days in the database: the number since 1970 of the day on which something occurred."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, case, literal, type_coerce

EPOCH = date(1970, 1, 1)
DAY = 86_400_000
"""Milliseconds, as moments are stored."""
_MINUTE, _WEEK = timedelta(minutes=1), timedelta(days=7)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def number(moment: datetime, zone: ZoneInfo) -> int:
    return (moment.astimezone(zone).date() - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


@lru_cache(maxsize=10_000)
def begin(number: int, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day_of(number), datetime.min.time(), zone).astimezone(UTC)


def last_moment(number: int, zone: ZoneInfo) -> datetime:
    """The last one of a day that can be stored."""
    return begin(number + 1, zone) - timedelta(milliseconds=1)


def milliseconds(at: datetime) -> int:
    """A moment, as it is stored."""
    return (at - _FIRST) // timedelta(milliseconds=1)


def column(
    at: ColumnElement[datetime], zone: ZoneInfo, first: datetime, last: datetime
) -> ColumnElement[int]:
    """The day's number of the moments in ``at``, all of which lie from ``first`` to ``last``.

    Integer arithmetic, so that the database can group by it; a zone whose clocks change has a case for each.
    """
    stored = type_coerce(at, BigInteger)
    begins, ends = milliseconds(first), milliseconds(last)
    spans = [span for span in _spans(zone) if span.until > begins and span.since <= ends]
    shift: ColumnElement[int] = literal(spans[-1].offset)
    if len(spans) > 1:
        shift = case(*((stored < it.until, it.offset) for it in spans[:-1]), else_=spans[-1].offset)
    return (stored + shift) // DAY


class _Span(NamedTuple):
    """From ``since`` until before ``until`` the zone's clocks are ``offset`` from UTC; in milliseconds."""

    since: int
    until: int
    offset: int


@cache
def _spans(zone: ZoneInfo) -> tuple[_Span, ...]:
    """All from 1970 on; none is shorter than a week. The last has no end that anybody will see."""
    spans, since, at = [], _FIRST, _FIRST
    while at < _LAST:
        after = at + _WEEK
        if _offset(zone, after) != _offset(zone, at):
            changes = _change(zone, at, after)
            spans.append(_Span(milliseconds(since), milliseconds(changes), _offset(zone, at)))
            since = after = changes
        at = after
    never = datetime.max.replace(tzinfo=UTC)
    return (*spans, _Span(milliseconds(since), milliseconds(never), _offset(zone, at)))


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
