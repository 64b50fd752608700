"""The five fields of a ``cron:`` line, checked and spelled out in full.

Weekdays are names only: 1 is Monday to cron and Tuesday to APScheduler, so nobody could tell what it means.
"""

from __future__ import annotations

import re

from bot.sop.problems import Mistake, closest

Fields = tuple[str, str, str, str, str]
"""minute, hour, day, month, day of week; as CronTrigger takes them."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERS_REFUSED = "星期不能写数字：1 在有的系统里是周一，在有的系统里是周二"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_RANGES = (("分钟", 0, 59), ("小时", 0, 23), ("日期", 1, 31), ("月份", 1, 12))
_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?")
_EXAMPLE = "30 9 * * mon"


def parse(text: str) -> Fields:
    """``30 9 * * mon`` as fields; a ``Mistake`` says what is wrong with it."""
    words = text.lower().split()
    if len(words) != 5:
        raise Mistake(f"cron 要写五段：分 时 日 月 星期，这里有 {len(words)} 段", _EXAMPLE)
    weekday = _weekday(words)
    minute, hour, day, month = (_numbers(word, *of) for word, of in zip(words[:4], _RANGES, strict=True))
    _refuse_several(minute, hour, words)
    _refuse_never(day, month)
    if day != "*" and weekday != "*":
        raise Mistake(
            "cron 里不能又限日期又限星期：不同系统的理解不一样", f"{' '.join(words[:2])} * * {words[4]}"
        )
    return minute, hour, day, month, weekday


def weekday_range(first: str, last: str) -> list[str]:
    """The names from ``first`` to ``last``, over the end of the week if need be."""
    start, length = WEEKDAYS.index(first), (WEEKDAYS.index(last) - WEEKDAYS.index(first)) % 7 + 1
    return [WEEKDAYS[(start + n) % 7] for n in range(length)]


def in_order(names: list[str]) -> str:
    """A field of weekday names: each once, Monday first."""
    return ",".join(sorted(set(names), key=WEEKDAYS.index))


def _weekday(words: list[str]) -> str:
    field = words[4]
    if field == "*":
        return field
    if re.search(r"\d", field):
        raise Mistake(NUMBERS_REFUSED, " ".join((*words[:4], _as_names(field))))
    days: list[str] = []
    for item in field.split(","):
        first, _, last = item.partition("-")
        days += weekday_range(_day_name(first, words), _day_name(last or first, words))
    return in_order(days)


def _as_names(field: str) -> str:
    """The weekday numbers of cron itself (0 and 7 are Sunday) as names."""
    return re.sub(r"[0-7]", lambda digit: WEEKDAYS[(int(digit[0]) - 1) % 7], field)


def _day_name(word: str, words: list[str]) -> str:
    if word in WEEKDAYS:
        return word
    meant = closest(word, WEEKDAYS)
    right = [*words[:4], words[4].replace(word, meant)] if meant else [_EXAMPLE]
    raise Mistake(f"cron 里不认识的星期“{word}”，只认 {' '.join(WEEKDAYS)}", " ".join(right))


def _numbers(field: str, name: str, low: int, high: int) -> str:
    if field == "*":
        return field
    found: set[int] = set()
    for item in field.split(","):
        found |= _item(item, name, low, high)
    return ",".join(map(str, sorted(found)))


def _item(item: str, name: str, low: int, high: int) -> set[int]:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise Mistake(f"cron 的{name}“{item}”看不懂", _EXAMPLE)
    star, first, last, step = match.groups()
    start = low if star else _number(first, name, low, high)
    end = high if star or (step and not last) else _number(last or first, name, low, high)
    if end < start or step in ("0", "00", "000", "0000"):
        raise Mistake(f"cron 的{name}“{item}”里一个也没有", _EXAMPLE)
    return set(range(start, end + 1, int(step or 1)))


def _number(word: str, name: str, low: int, high: int) -> int:
    if high == 12 and word in _MONTHS:
        return _MONTHS.index(word) + 1
    if word.isascii() and word.isdigit() and len(word) <= 4 and low <= int(word) <= high:
        return int(word)
    meant = closest(word, _MONTHS) if high == 12 else ""
    raise Mistake(f"cron 的{name}“{word}”不对，应在 {low} 到 {high} 之间", meant)


def _refuse_several(minute: str, hour: str, words: list[str]) -> None:
    """A SOP plays once a day at most: its slots are told apart by their dates."""
    if minute.isdigit() and hour.isdigit():
        return
    first = [field.partition(",")[0].replace("*", example) for field, example in ((minute, "0"), (hour, "9"))]
    raise Mistake("一天里只能有一个时刻；要发几次，就写几个 SOP", " ".join((*first, *words[2:])))


def _refuse_never(day: str, month: str) -> None:
    """30 February never comes; looking for it would take for ever."""
    if day == "*" or month == "*":
        return
    longest = max(_LONGEST[int(number) - 1] for number in month.split(","))
    if int(day.split(",")[0]) > longest:
        raise Mistake("这个日子永远不会到：所选的月份里没有这一天", _EXAMPLE)
