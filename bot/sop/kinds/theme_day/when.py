"""When a day's post comes after all: at its moment, later, or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.sop import calendar
from bot.sop.context import Context
from bot.sop.kinds.theme_day.exceptions import SKIP, moved_to
from bot.sop.kinds.theme_day.model import ThemeDay


def instead(ctx: Context[ThemeDay], due: datetime) -> datetime | None:
    """When to post what is due (local time): then, later, or (None) not at all."""
    exception = ctx.sop.exceptions.get(due.date().isoformat())
    if exception == SKIP:
        return None
    if exception is not None:
        return max(due, ctx.local(moved_to(exception, due.date(), ctx.sops.community.zone)))
    if ctx.sop.on_holiday == "照发" or not calendar.is_holiday(due.date()):
        return due
    if ctx.sop.on_holiday == "跳过":
        return None
    workday = calendar.next_workday(due.date())
    return None if _comes_by(ctx, due, workday) else datetime.combine(workday, due.timetz())


def _comes_by(ctx: Context[ThemeDay], due: datetime, workday: date) -> bool:
    """Whether the SOP comes again from the next day to that one: then nothing is put off onto it."""
    zone = ctx.sops.community.zone
    after, until = (datetime.combine(day, time.max, zone) for day in (due.date(), workday))
    return any(due_between(ctx.sop, after, until, zone))


def due_between(sop: ThemeDay, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a SOP in (after, until], those of its days alone."""
    for every in sop.every:
        due = every.next_after(after, zone)
        while due is not None and due <= until:
            if sop.days is None or sop.days.contains(due.astimezone(zone).date()):
                yield due
            due = every.next_after(due, zone)
