"""What a SOP says and hardly means: steps that are never reached. Kinds find it in ``Sop.doubts``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.sop.problems import Finding, Loc
from bot.sop.schedule import DateRange, Schedule

TOO_LONG = timedelta(hours=18)
"""Who wrote a window that is open for longer meant another hour."""
_JUST_AFTER = timedelta(hours=12)
_SOME_DAY, _WEEKS = date(2026, 1, 1), timedelta(days=40)


def never(schedule: Schedule, days: DateRange, zone: ZoneInfo, loc: Loc) -> Iterator[Finding]:
    """A schedule has no moment on any of ``days``."""
    begins = datetime.combine(days.first, time(0), zone) - timedelta(milliseconds=1)
    first = schedule.next_after(begins, zone)
    if first is None or not days.contains(first.astimezone(zone).date()):
        why = f"在 {days} 这段日子里，“{schedule.words}”一次也不会轮到"
        yield Finding(loc, why, "换一个时间，或者改 days")


def over(days: DateRange, today: date) -> Iterator[Finding]:
    """The days are past."""
    if days.last < today:
        why = f"这段日子到 {days.last} 就过完了，不会再发什么"
        yield Finding(("days",), why, "换新的日子，或者写 enabled: false")


def long_open(opens: Schedule, until: time, zone: ZoneInfo, loc: Loc) -> Iterator[Finding]:
    """A window closes earlier in the day than it opens, and so is open until the next day."""
    for moment in _moments(opens, zone):
        opened = moment.astimezone(zone)
        closes = datetime.combine(opened.date(), until, zone)
        closes += timedelta(days=closes <= opened)
        if closes - opened > TOO_LONG:
            why = f"{until:%H:%M} 比开始的 {opened:%H:%M} 早，会一直开到第二天 {until:%H:%M}"
            yield Finding(loc, why, "21:30")
            return


def just_after(reminder: Schedule, moment: Schedule, zone: ZoneInfo, loc: Loc) -> Iterator[Finding]:
    """What should come before a moment comes a little after it."""
    before = list(_moments(moment, zone))
    for at in _moments(reminder, zone):
        if any(timedelta(0) <= at - it < _JUST_AFTER for it in before):
            why = f"“{reminder.words}”在“{moment.words}”之后，提醒晚了，说的会是下一次"
            yield Finding(loc, why, "写早一点")
            return


def _moments(schedule: Schedule, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of some weeks; of which does not matter, so they are always the same."""
    at = schedule.next_after(datetime.combine(_SOME_DAY, time(0), zone), zone)
    ends = datetime.combine(_SOME_DAY + _WEEKS, time(0), zone)
    while at is not None and at < ends:
        yield at
        at = schedule.next_after(at, zone)
