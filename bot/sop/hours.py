"""The hours in which messages may be sent, as operators write them.

hours: {周一到周五: 08:30-21:30, 周末: 09:30-22:00}      # 节假日: 09:30-22:00 may stand beside them
"""

from __future__ import annotations

import re
import unicodedata
from datetime import time
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from bot.outbox.rules import Hours
from bot.sop.cron import WEEKDAYS
from bot.sop.problems import Finding, Mistake
from bot.sop.schedule import weekdays

EXAMPLE = "08:30-21:30"
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|~|到|至)\s*(\d{1,2}):(\d{2})")
HOLIDAY = "节假日"
_NAMES = ["周一", "周二", "周三", "周四", "周五", "周六", "周日", HOLIDAY]


def _hours(value: object) -> tuple[Hours, ...]:
    """The hours of each day, from Monday to Sunday, then those of holidays if they have their own."""
    if isinstance(value, tuple):
        return value
    if not isinstance(value, dict):
        raise Mistake("这里要写哪几天从几点到几点", "{周一到周五: 08:30-21:30, 周末: 09:30-22:00}")
    found: dict[str, Hours] = {}
    wrong: list[Finding] = []
    for days, span in value.items():
        try:
            if days == HOLIDAY:
                found[days] = _span(span)
            else:
                _add(found, days, span)
        except Mistake as mistake:
            wrong.append(Finding((days,), str(mistake), mistake.suggestion.strip()))
    missing = [name for name, day in zip(_NAMES, WEEKDAYS, strict=False) if day not in found]
    if missing and not wrong:
        raise Mistake(f"没有写{'、'.join(missing)}从几点到几点", f"{missing[0]}: {EXAMPLE}")
    if wrong:
        raise Mistake("", findings=wrong)
    return tuple(found[day] for day in (*WEEKDAYS, HOLIDAY) if day in found)


def _add(found: dict[str, Hours], days: str, span: object) -> None:
    hours = _span(span)
    for day in weekdays(days):
        if day in found:
            raise Mistake(f"{_NAMES[WEEKDAYS.index(day)]}写了两次", "只留一处")
        found[day] = hours


def _span(value: object) -> Hours:
    match = _SPAN.fullmatch(unicodedata.normalize("NFKC", value).strip()) if isinstance(value, str) else None
    if match is None:
        raise Mistake(f"看不懂“{value}”，要写从几点到几点", EXAMPLE)
    opens, closes = _time(match[1], match[2]), _time(match[3], match[4])
    if opens >= closes:
        raise Mistake("结束的时刻要比开始的晚，在同一天里", EXAMPLE)
    return Hours(opens, closes)


def _time(hour: str, minute: str) -> time:
    if (int(hour), int(minute)) == (24, 0):
        return time.max
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise Mistake(f"没有 {hour}:{minute} 这个时刻，从 00:00 到 24:00", EXAMPLE) from None


def _written(hours: tuple[Hours, ...]) -> dict[str, str]:
    return {name: str(it) for name, it in zip(_NAMES, hours, strict=False)}


OpenHours = Annotated[
    tuple[Hours, ...],
    PlainValidator(_hours),
    PlainSerializer(_written, when_used="json"),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string", "examples": [EXAMPLE]}}),
]
WORKDAY, WEEKEND = Hours(time(8, 30), time(21, 30)), Hours(time(9, 30), time(22))
USUAL = (WORKDAY,) * 5 + (WEEKEND,) * 2
