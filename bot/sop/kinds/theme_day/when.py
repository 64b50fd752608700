"""When a day's post comes after all: at its moment, later, or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.sop import calendar
from bot.sop.context import Context
from bot.sop.kinds.theme_day.model import SKIP, ThemeDay
from bot.sop.schedule import parse_moment

MOST_MOVED = timedelta(days=31)
"""How far what is due is put off at most."""


def instead(ctx: Context[ThemeDay], due: datetime) -> datetime | None:
    """When to post what is due (local time): then, later, or (None) not at all."""
    exception = ctx.sop.exceptions.get(due.date().isoformat())
    if exception == SKIP:
        return None
    if exception is not None:
        midnight = datetime.combine(due.date(), time(), due.tzinfo)
        moved = parse_moment(exception, midnight.astimezone(UTC), ctx.sops.community.zone)
        return max(due, ctx.local(moved))
    if ctx.sop.on_holiday == "照发" or not calendar.is_holiday(due.date()):
        return due
    if ctx.sop.on_holiday == "跳过":
        return None
    return datetime.combine(calendar.next_workday(due.date()), due.timetz())


def due_between(sop: ThemeDay, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a SOP in (after, until], those of its days alone."""
    for every in sop.every:
        due = every.next_after(after, zone)
        while due is not None and due <= until:
            if sop.days is None or sop.days.contains(due.astimezone(zone).date()):
                yield due
            due = every.next_after(due, zone)
