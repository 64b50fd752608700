from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ingest import values
from bot.ingest.values import Refused, cents, count, identifier, moment, words
from tests.builders import MONDAY_9

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-01", datetime(2026, 10, 31, 16, tzinfo=UTC)),
        ("2026-11-01 09:05", datetime(2026, 11, 1, 1, 5, tzinfo=UTC)),
        ("2026-11-01 09:05:30", datetime(2026, 11, 1, 1, 5, 30, tzinfo=UTC)),
        ("2026/11/1 9:05", datetime(2026, 11, 1, 1, 5, tzinfo=UTC)),
        ("2026.11.1", datetime(2026, 10, 31, 16, tzinfo=UTC)),
        ("2026年11月1日", datetime(2026, 10, 31, 16, tzinfo=UTC)),
        ("2026年11月1日 9:05", datetime(2026, 11, 1, 1, 5, tzinfo=UTC)),
        ("20261101", datetime(2026, 10, 31, 16, tzinfo=UTC)),
        ("20261101090530", datetime(2026, 11, 1, 1, 5, 30, tzinfo=UTC)),
        ("46327", datetime(2026, 10, 31, 16, tzinfo=UTC)),
        ("46327.375", datetime(2026, 11, 1, 1, tzinfo=UTC)),
        ("2026-11-01T09:05:00Z", datetime(2026, 11, 1, 9, 5, tzinfo=UTC)),
        ("2026-11-01T09:05:00+08:00", datetime(2026, 11, 1, 1, 5, tzinfo=UTC)),
        ("2026-11-01T09:05:00.123+0800", datetime(2026, 11, 1, 1, 5, tzinfo=UTC)),
        ("２０２６－１１－０１　９：０５", datetime(2026, 11, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_any_of_its_forms(written: str, utc: datetime) -> None:
    assert moment(written, ZONE, MONDAY_9).replace(microsecond=0) == utc


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("11月1日", "没有写年份"),
        ("11-01 09:05", "没有写年份"),
        ("2026-13-01", "没有这样的日期"),
        ("2026-02-30 10:00", "没有这样的日期"),
        ("20261301", "没有这样的日期"),
        ("2026-11-01 25:00", "没有这样的日期"),
        ("昨天", "看不懂"),
        ("26/11/1", "看不懂"),
        ("1", "看不懂"),
        ("", "看不懂"),
        ("1999-12-31", "太早"),
        ("2026-12-02", "在将来"),
        ("9999-12-31 23:59:59", "在将来"),
        ("0001-01-01 00:00:00", "没有这样的日期"),
    ],
)
def test_a_moment_that_is_none_is_refused_with_its_reason(written: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        moment(written, ZONE, MONDAY_9)


def _moment_or_why(text: str, zone: ZoneInfo) -> datetime | str:
    try:
        return moment(text, zone, MONDAY_9)
    except Refused as why:
        return str(why)


@given(
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001 - as files have it
    st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M+08", "%Y-%m-%d 24:%M:%S"]
    ),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_the_usual_form_is_read_quickly_and_as_any_other(at: datetime, form: str, name: str) -> None:
    """The nights when clocks are set are among them, with an hour that is twice or never."""
    text, zone = at.strftime(form), ZoneInfo(name)
    quickly = _moment_or_why(text, zone)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_is_usual", lambda _text: False)
        assert _moment_or_why(text, zone) == quickly


@pytest.mark.parametrize("night", ["2026-03-08", "2026-11-01"])
def test_a_night_on_which_clocks_are_set_is_read_with_the_zone(night: str) -> None:
    zone = ZoneInfo("America/New_York")
    for hour in range(24):
        text = f"{night} {hour:02}:30:00"
        at = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
        assert moment(text, zone, MONDAY_9) == at


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("59", 5900),
        ("59.9", 5990),
        ("59.90", 5990),
        ("59.900", 5990),
        ("¥1,234.50", 123450),
        ("￥１２．５０", 1250),
        ("12.50元", 1250),
        ("-12.5", -1250),
        ("−12.5", -1250),
        ("(12.50)", -1250),
        ("（12.50）", -1250),
        ("0", 0),
        ("CNY 8", 800),
    ],
)
def test_money_is_integer_cents(written: str, expected: int) -> None:
    assert cents(written) == expected


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "看不懂"),
        ("五十", "看不懂"),
        ("1e3", "看不懂"),
        ("NaN", "看不懂"),
        ("12.345", "比分还细"),
        ("999999999999", "太大"),
        ("1.2.3", "看不懂"),
    ],
)
def test_money_that_is_none_is_refused(written: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        cents(written)


@given(st.integers(-(10**9), 10**9))
def test_cents_come_back_as_they_were_written(sum: int) -> None:
    assert cents(f"{'-' if sum < 0 else ''}{abs(sum) // 100}.{abs(sum) % 100:02}") == sum


def test_an_id_is_what_was_meant() -> None:
    assert identifier(' ="0012345" ') == "0012345"
    assert identifier("'0012345") == "0012345"
    for wrong in ("1.23457E+18", "x" * 101):
        with pytest.raises(Refused):
            identifier(wrong)


def test_a_count_is_a_whole_number() -> None:
    assert (count(" 12 "), count("12.0")) == (12, 12)
    with pytest.raises(Refused, match="数字看不懂"):
        count("-1")


def test_what_cannot_be_seen_is_in_no_id_and_left_out_of_words() -> None:
    for wrong in ("A\x001", "A\ud8001", "A\u20281"):
        with pytest.raises(Refused, match="看不见"):
            identifier(wrong)
    assert words(" 番\x00茄\ud800\n汤 ", 3) == "番茄汤"
