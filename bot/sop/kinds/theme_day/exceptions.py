"""Single days on which a theme day goes otherwise: not at all, or later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from bot.sop.language import Finding, Mistake
from bot.sop.schedule import Schedule, parse_moment

SKIP = "停"
MOST_MOVED = timedelta(days=31)
"""How far what is due is put off at most."""
_ZONE = ZoneInfo("UTC")
_DAY, _MOMENT = timedelta(days=1), timedelta(milliseconds=1)


def moved_to(what: str, day: date, zone: ZoneInfo) -> datetime:
    """The moment that is written for a day: a time of that day, or the next moment after it so named."""
    return parse_moment(what, datetime.combine(day, time(), zone).astimezone(UTC), zone)


def _read(value: object) -> object:
    """Days as dates, each with 停, a later time of that day, or another moment."""
    if not isinstance(value, dict):
        raise Mistake("这里要写哪天怎么办", "{2026-12-07: 停}")
    wrong = [
        Finding((day,), f"看不懂“{day}: {what}”", "2026-12-07: 停")
        for day, what in value.items()
        if not _is_exception(str(day), str(what))
    ]
    if wrong:
        raise Mistake("", findings=wrong)
    return value


def _is_exception(day: str, what: str) -> bool:
    try:
        read = date.fromisoformat(day)
        return read.isoformat() == day and (what == SKIP or moved_to(what, read, _ZONE).date() >= read)
    except (ValueError, Mistake):
        return False


Exceptions = Annotated[dict[str, str], BeforeValidator(_read)]


def check(exceptions: Mapping[str, str], every: Iterable[Schedule]) -> Iterator[Finding]:
    """Days on which what is due cannot be moved as it is written."""
    schedules = tuple(every)
    for day, what in exceptions.items():
        if what != SKIP and (why := _why_not(date.fromisoformat(day), what, schedules)):
            yield Finding(("except", day), why, f"{day}: {SKIP}")


def _why_not(day: date, what: str, every: Iterable[Schedule]) -> str:
    midnight = datetime.combine(day, time(), UTC)
    coming = [it.next_after(midnight - _MOMENT, _ZONE) for it in every]
    due = [at for at in coming if at is not None and at < midnight + _DAY]
    moved = moved_to(what, day, _ZONE)
    if not due:
        return "这天本来就不发，没有可以挪的"
    if len(due) > 1:
        return f"这天发{len(due)}次，不能都挪到一个时刻"
    if moved <= due[0]:
        return f"这天 {due[0]:%H:%M} 发，只能往后挪"
    return f"{moved:%Y-%m-%d} 离得太远，最多往后挪{MOST_MOVED.days}天" if moved - due[0] > MOST_MOVED else ""
