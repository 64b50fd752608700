"""Times as people say them: schedules (``周一 09:30``), durations (``1h30m``), moments and ranges of days.

All parsers raise ``Mistake`` with the reason in Chinese and, where there is one, the right words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from bot.sop import cron
from bot.sop.cron import WEEKDAYS, Fields, in_order, weekday_range
from bot.sop.problems import Mistake, closest

EXAMPLE = "周一 09:30"
LONGEST_SHIFT = timedelta(hours=2)
"""How far clocks are put forward or back at once, at most."""
LONGEST = 300

_CRON = re.compile(r"cron\s*:?\s*(.*)", re.IGNORECASE)
_AT = re.compile(r"(.*?)\s*(\d{1,2}):(\d{2})")
_O_CLOCK = re.compile(r"(\d{1,2})\s*点(?:半|(\d{1,2})分?)?")
_DAILY = ("每天", "每日", "天天", "daily", "every day")
_MONTHLY = re.compile(r"每(?:个)?月\s*(\d{1,2}[日号]?(?:[,、和\s]+\d{1,2}[日号]?)*)")
_CHINESE_DAYS = "一二三四五六日"
_DAY = re.compile(r"(?:每?(?:周|星期|礼拜))?([一二三四五六日天])")
_WEEK_NUMBER = re.compile(r"(?:每?(?:周|星期|礼拜))?([1-7])")
_DAY_LIST = re.compile(r"(?:每?(?:周|星期|礼拜))([一二三四五六日天]{2,7})")
_RANGE = re.compile(r"\s*(?:到|至|-|~)\s*")
_ENGLISH = {name: name for name in WEEKDAYS} | {
    name: name[:3] for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A time that comes again; ``words`` is how its author wrote it."""

    words: str
    fields: Fields

    @classmethod
    def parse(cls, words: str) -> Schedule:
        plain = _plain(words)
        if as_cron := _CRON.fullmatch(plain):
            return cls._from_cron(words.strip(), as_cron[1])
        days, hour, minute = _split(plain)
        day, weekday = _days(days, f"{hour:02}:{minute:02}")
        return cls(words.strip(), (str(minute), str(hour), day, "*", weekday))

    @classmethod
    def _from_cron(cls, words: str, fields: str) -> Schedule:
        try:
            return cls(words, cron.parse(fields))
        except Mistake as mistake:
            raise Mistake(str(mistake), f"cron: {mistake.suggestion}") from None

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When it comes next after ``moment`` (aware), in UTC; its hours are those of ``zone``.

        It comes once on each of its days: where clocks are put forward over its time, it comes as much later;
        where they are put back over it, at the first of the two.
        """
        return _next(self.fields, moment, zone)


def once(day: date, at: str) -> Schedule:
    """The moment ``at`` on this day of the year; who plays it looks at the year."""
    hour, _, minute = at.partition(":")
    return Schedule(f"{day} {at}", (str(int(minute)), str(int(hour)), str(day.day), str(day.month), "*"))


@lru_cache(maxsize=1024)
def _next(fields: Fields, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Many rooms ask for the same: what is played in them together comes next together."""
    wall = _wall(moment, zone) - LONGEST_SHIFT
    while (found := _trigger(fields).get_next_fire_time(None, wall)) is not None:
        at: datetime = found.replace(tzinfo=zone).astimezone(UTC)
        if at > moment:
            return at
        wall = found + timedelta(microseconds=1)
    return None


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What clocks in ``zone`` show, as if there were no other zone: arithmetic without summer time."""
    return moment.astimezone(zone).replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def _trigger(fields: Fields) -> CronTrigger:
    minute, hour, day, month, weekday = fields
    return CronTrigger(
        minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, second=0, timezone=UTC
    )


def _plain(words: str) -> str:
    """Full-width digits, colons and spaces as the narrow ones; ``12点半`` as ``12:30``."""
    if len(words) > LONGEST:
        raise Mistake(f"写得太长了，时间不会超过 {LONGEST} 个字", EXAMPLE)
    plain = unicodedata.normalize("NFKC", words).strip().lower()
    return _O_CLOCK.sub(_with_colon, plain)


def _with_colon(at: re.Match[str]) -> str:
    minutes = "30" if at[0].endswith("半") else (at[2] or "").zfill(2)
    return f"{at[1]}:{minutes}"


def _split(plain: str) -> tuple[str, int, int]:
    match = _AT.fullmatch(plain)
    if match is None:
        raise Mistake(f"“{plain}”里没有看懂几点几分", _with_some_time(plain))
    hour, minute = int(match[2]), int(match[3])
    if hour > 23 or minute > 59:
        raise Mistake(f"没有 {match[2]}:{match[3]} 这个时刻，从 00:00 到 23:59", EXAMPLE)
    return match[1], hour, minute


def _with_some_time(plain: str) -> str:
    try:
        _days(plain, "09:30")
    except Mistake:
        return EXAMPLE
    return f"{plain} 09:30"


def _days(words: str, at: str) -> tuple[str, str]:
    """The fields for the day of the month and of the week."""
    if not words:
        raise Mistake("只写了时刻，没写哪一天", f"每天 {at}")
    if words in _DAILY:
        return "*", "*"
    if monthly := _MONTHLY.fullmatch(words):
        return _month_days(monthly[1]), "*"
    return "*", in_order(_weekdays(words, at))


def _month_days(words: str) -> str:
    days = sorted({int(number) for number in re.findall(r"\d+", words)})
    if not 1 <= days[0] <= days[-1] <= 31:
        raise Mistake("一个月里的日子从 1 日到 31 日", "每月1日 10:00")
    return ",".join(map(str, days))


def weekdays(words: str) -> list[str]:
    """The days that ``words`` name (``周一到周五``, ``周末``, ``每天``), as ``mon`` and so on."""
    plain = _plain(words)
    return list(WEEKDAYS) if plain in _DAILY else _weekdays(plain, "")


def _weekdays(words: str, at: str) -> list[str]:
    if words == "周末":
        return ["sat", "sun"]
    if together := _DAY_LIST.fullmatch(words):
        return [_chinese(letter) for letter in together[1]]
    days: list[str] = []
    for item in re.split(r"[,、和\s]+", _RANGE.sub("-", words)):
        first, _, last = item.partition("-")
        days += weekday_range(_weekday(first, words, at), _weekday(last or first, words, at))
    return days


def _chinese(letter: str) -> str:
    return WEEKDAYS[_CHINESE_DAYS.index("日" if letter == "天" else letter)]


def _weekday(word: str, words: str, at: str) -> str:
    if word in _ENGLISH:
        return _ENGLISH[word]
    if match := _DAY.fullmatch(word):
        return _chinese(match[1])
    if match := _WEEK_NUMBER.fullmatch(word):
        right = words.replace(word, f"周{_CHINESE_DAYS[int(match[1]) - 1]}")
        raise Mistake(cron.NUMBERS_REFUSED, f"{right} {at}")
    meant = closest(word, [*_ENGLISH, *(f"周{letter}" for letter in _CHINESE_DAYS)]) if word else ""
    raise Mistake(f"看不懂“{words}”是哪一天", f"{words.replace(word, meant)} {at}" if meant else EXAMPLE)


_UNITS = (("days", "d|天"), ("hours", "h|个?小时"), ("minutes", "m|min|分钟?"), ("seconds", "s|秒钟?"))
_DURATION = re.compile("".join(rf"(?:(?P<{name}>\d{{1,5}})\s*(?:{unit}))?\s*" for name, unit in _UNITS))


def parse_duration(words: str) -> timedelta:
    """``40s``, ``30m``, ``4h``, ``3d``, ``1h30m``, ``1小时30分``."""
    plain = re.sub("半个?小时", "30m", _plain(words))
    match = _DURATION.fullmatch(plain)
    if match is None or not plain:
        hint = f"{plain}m" if plain.isdigit() else "30m"
        raise Mistake(f"看不懂时长“{words}”，写成 40s、30m、4h、3d 或 1h30m", hint)
    return timedelta(**{name: int(number) for name, number in match.groupdict("0").items()})


def write_duration(duration: timedelta) -> str:
    """A duration as operators write it: ``1h30m``."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


_FULL_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SHORT_DATE = re.compile(r"(\d{1,2})[-/.月](\d{1,2})日?")
_NEAR = {"今天": 0, "明天": 1, "后天": 2}


def parse_moment(words: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment after ``now`` so named: ``周五 19:00``, ``19:00``, ``明天 9:00``, ``12-01 9:00``."""
    days, hour, minute = _split(_plain(words))
    today = now.astimezone(zone).date()
    if days in _NEAR:
        return _not_past(today + timedelta(days=_NEAR[days]), time(hour, minute, tzinfo=zone), now)
    if full := _FULL_DATE.fullmatch(days):
        return _not_past(_date(full[0]), time(hour, minute, tzinfo=zone), now)
    if short := _SHORT_DATE.fullmatch(days):
        return _this_year_or_later(int(short[1]), int(short[2]), time(hour, minute, tzinfo=zone), now)
    found = Schedule.parse(f"{days or '每天'} {hour}:{minute:02}").next_after(now, zone)
    assert found is not None, "a day of the week or month always comes"
    return found


def _not_past(day: date, at: time, now: datetime) -> datetime:
    moment = datetime.combine(day, at).astimezone(UTC)
    if moment <= now:
        raise Mistake(f"{day:%Y-%m-%d} {at:%H:%M} 已经过去了", f"明天 {at:%H:%M}")
    return moment


def _this_year_or_later(month: int, day: int, at: time, now: datetime) -> datetime:
    year = now.astimezone(at.tzinfo).year
    for later in range(9):  # 29 February may be eight years away
        try:
            return _not_past(date(year + later, month, day), at, now)
        except ValueError:  # not in that year, or past
            continue
    raise Mistake(f"没有 {month} 月 {day} 日这一天")


def _date(words: str) -> date:
    match = _FULL_DATE.fullmatch(words)
    if match is None:
        raise Mistake(f"看不懂日期“{words}”", "2026-11-30")
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        raise Mistake(f"没有 {words} 这一天", "2026-11-30") from None


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @classmethod
    def parse(cls, words: str) -> DateRange:
        begin, separator, end = re.sub(r"\s*(?:到|至|~|—+)\s*", " 到 ", _plain(words)).partition(" 到 ")
        if not separator:
            raise Mistake("要写从哪天到哪天", "2026-11-30 到 2026-12-20")
        first, last = _date(begin), _date(end)
        if last < first:
            raise Mistake("结束的日子比开始的还早", f"{last} 到 {first}")
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first} 到 {self.last}"

    def contains(self, day: date) -> bool:
        return self.first <= day <= self.last
