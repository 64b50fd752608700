"""When a day's post comes after all: at its moment, later, or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.sop import calendar
from bot.sop.kinds.theme_day.exceptions import SKIP, moved_to
from bot.sop.kinds.theme_day.model import ThemeDay


def instead(sop: ThemeDay, due: datetime, zone: ZoneInfo) -> datetime | None:
    """When to post what is due (local time): then, later, or (None) not at all."""
    exception = sop.exceptions.get(due.date().isoformat())
    if exception == SKIP:
        return None
    if exception is not None:
        return max(due, moved_to(exception, due.date(), zone).astimezone(zone))
    if sop.on_holiday == "照发" or not calendar.is_holiday(due.date()):
        return due
    if sop.on_holiday == "跳过":
        return None
    workday = calendar.next_workday(due.date())
    return None if _comes_by(sop, due, workday, zone) else datetime.combine(workday, due.timetz())


def _comes_by(sop: ThemeDay, due: datetime, workday: date, zone: ZoneInfo) -> bool:
    """Whether the SOP comes again from the next day to that one: then nothing is put off onto it."""
    after, until = (datetime.combine(day, time.max, zone) for day in (due.date(), workday))
    return any(due_between(sop, after, until, zone))


def put_off_by(sop: ThemeDay, due: datetime, zone: ZoneInfo) -> str:
    """In Chinese, why a post does not come when it is due."""
    if sop.days is not None and not sop.days.contains(due.date()):
        return "不在 days 的日子里，不发"
    when = instead(sop, due, zone)
    if when == due:
        return ""
    why = "except 写了这天" if due.date().isoformat() in sop.exceptions else "法定假日"
    return f"{why}不发" if when is None else f"{why}挪到{when.month}月{when.day}日 {when:%H:%M}"


def due_between(sop: ThemeDay, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a SOP in (after, until], those of its days alone."""
    for every in sop.every:
        due = every.next_after(after, zone)
        while due is not None and due <= until:
            if sop.days is None or sop.days.contains(due.astimezone(zone).date()):
                yield due
            due = every.next_after(due, zone)
