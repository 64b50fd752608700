"""When a day's post comes after all: at its moment, later, or not."""

from __future__ import annotations

from datetime import UTC, datetime, time

from bot.sop import calendar
from bot.sop.context import Context
from bot.sop.kinds.theme_day.model import SKIP, ThemeDay
from bot.sop.schedule import parse_moment


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
