"""Cells become values: money in cents, moments, ids. What cannot be read is refused with its reason."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

LONGEST_ID = 100
MOST_CENTS = 10**10
MANY = 100_000
_USUAL = len("2026-11-01 09:05:00")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""Clocks differ; what is later than that has not happened."""
_EXCEL_BEGINS = datetime(1899, 12, 30)  # noqa: DTZ001 - a local moment, made aware below
_MONEY_WORDS = re.compile(r"[¥￥,\s]|人民币|RMB|CNY|元$", re.IGNORECASE)
_MONEY = re.compile(r"-?\d{1,12}(\.\d+)?")
_DAY = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
_TIME = r"(?:[T\s]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?"
_ZONE = r"\s*(Z|[+-]\d{2}:?\d{2})?"
_WRITTEN = re.compile(_DAY + _TIME + _ZONE, re.IGNORECASE)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?()")
_SERIAL = re.compile(r"\d{5}(\.\d+)?")
_NO_YEAR = re.compile(r"\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?(\s.*)?")


class Refused(ValueError):
    """A row that cannot be taken; ``reason`` is the same for all that are wrong in the same way."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}：{detail}" if detail else reason)
        self.reason = reason


@lru_cache(MANY)
def cents(text: str) -> int:
    """An amount in yuan as integer cents, negative with a minus sign or in brackets."""
    plain = _MONEY_WORDS.sub("", unicodedata.normalize("NFKC", text)).replace("−", "-")
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    if not _MONEY.fullmatch(plain):
        raise Refused("金额看不懂", text[:20])
    try:
        value = Decimal(plain) * 100
    except InvalidOperation:
        raise Refused("金额看不懂", text[:20]) from None
    if value != value.to_integral_value():
        raise Refused("金额比分还细", text[:20])
    if abs(value) > MOST_CENTS:
        raise Refused("金额太大", text[:20])
    return int(value)


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """When something was, in UTC; a moment without a zone is the community's."""
    try:
        at = (_iso(text, zone) or _read_moment(text, zone)).astimezone(UTC)
    except OverflowError:  # at an end of the calendar
        raise Refused("没有这样的日期", text[:20]) from None
    if at < _EARLIEST:
        raise Refused("日期太早，要在 2000 年以后", text[:20])
    if at > _latest(now):
        raise Refused("日期在将来", text[:20])
    return at


@lru_cache(1)
def _latest(now: datetime) -> datetime:
    return now + _AHEAD


def _iso(text: str, zone: ZoneInfo) -> datetime | None:
    """``2026-11-01 09:05``, with or without seconds and zone: what nearly all files have, read at once."""
    if text[4:5] != "-" or text[7:8] != "-":
        return None
    try:
        if _is_usual(text) and (offset := _offset(text[:10], zone)) is not None:
            return datetime.fromisoformat(f"{text}+00:00") - offset
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _is_usual(text: str) -> bool:
    """Whether it is written as ``2026-11-01 09:05:00``, once it is known to be ISO."""
    return len(text) == _USUAL and text[13] == text[16] == ":"


@lru_cache(MANY)
def _offset(day: str, zone: ZoneInfo) -> timedelta | None:
    """How far the zone is from UTC, if it is so all day long; to ask a zone takes long."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    offsets = {(midnight + timedelta(hours=hour)).utcoffset() for hour in range(25)}
    return offsets.pop() if len(offsets) == 1 else None


@lru_cache(MANY)
def _read_moment(text: str, zone: ZoneInfo) -> datetime:
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _WRITTEN.fullmatch(plain) or _COMPACT.fullmatch(plain)
    if found is not None:
        return _put_together(text, found, zone)
    if _SERIAL.fullmatch(plain):
        seconds = round(float(plain) * 86_400)
        return (_EXCEL_BEGINS + timedelta(seconds=seconds)).replace(tzinfo=zone)
    if _NO_YEAR.fullmatch(plain):
        raise Refused("日期没有写年份", text[:20])
    raise Refused("日期看不懂", text[:20])


def _put_together(text: str, found: re.Match[str], zone: ZoneInfo) -> datetime:
    year, month, day, hour, minute, second = (int(it or 0) for it in found.groups()[:6])
    written = (found[7] or "").upper().replace("Z", "+00:00")
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        return at.replace(tzinfo=datetime.strptime(written, "%z").tzinfo) if written else at
    except ValueError:
        raise Refused("没有这样的日期", text[:30]) from None


def identifier(text: str) -> str:
    """An id as it was meant: spreadsheets write ``="123"`` and ``'123`` to keep its digits."""
    if text.isalnum() and text.isascii() and len(text) <= LONGEST_ID:
        return text  # nearly all
    if not text:
        return ""
    plain = text.strip()
    if plain[:1] in ("=", "'", '"'):
        plain = plain.removeprefix("=").strip("'\"").strip()
    if not plain.isprintable():
        raise Refused("编号里有看不见的字符")
    if len(plain) > LONGEST_ID:
        raise Refused("编号太长", plain[:20])
    if "+" in plain and re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", plain):
        raise Refused("编号被表格软件改成了科学计数", plain[:20])
    return plain


def words(text: str, longest: int) -> str:
    """One line of text, without what cannot be seen or stored."""
    text = text.strip()
    return (text if text.isprintable() else "".join(filter(str.isprintable, text)))[:longest]


def count(text: str) -> int:
    """A whole number, not negative."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\d{1,9}(\.0+)?", plain):
        raise Refused("数字看不懂", text[:20])
    return int(float(plain))


def code(text: str) -> str:
    """An invite code, as it was given out."""
    return unicodedata.normalize("NFKC", text).strip().upper()[:LONGEST_ID]
