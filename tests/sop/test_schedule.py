from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sop.problems import Mistake
from bot.sop.schedule import DateRange, Schedule, parse_duration, parse_moment, write_duration

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY_9 = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)


def next_of(words: str, after: datetime = MONDAY_9) -> str:
    found = Schedule.parse(words).next_after(after, ZONE)
    assert found is not None
    assert found.tzinfo is UTC
    return f"{found.astimezone(ZONE):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("周一 09:30", "11-30 09:30"),
        ("每周一 9:30", "11-30 09:30"),
        ("星期一 09:30", "11-30 09:30"),
        ("礼拜天 09:30", "12-06 09:30"),
        ("周日 20:00", "12-06 20:00"),
        ("周二、周四 09:30", "12-01 09:30"),
        ("周二四 09:30", "12-01 09:30"),
        ("周三到周五 09:30", "12-02 09:30"),
        ("周六至周一 08:00", "12-05 08:00"),
        ("mon 09:30", "11-30 09:30"),
        ("Tuesday 09:30", "12-01 09:30"),
        ("tue,wed 09:30", "12-01 09:30"),
        ("每天 9:30", "11-30 09:30"),
        ("每天9:30", "11-30 09:30"),
        ("daily 8:00", "12-01 08:00"),
        ("每月1日 10:00", "12-01 10:00"),
        ("每月15号、28号 10:00", "12-15 10:00"),
        ("周一　０９：３０", "11-30 09:30"),
        ("周一9点半", "11-30 09:30"),
        ("每天 12点", "11-30 12:00"),
        ("周一 12点5分", "11-30 12:05"),
        ("cron: 30 9 * * tue", "12-01 09:30"),
        ("cron 0 6 */2 * *", "12-01 06:00"),
        ("cron: 0 10 1 jan,jun *", "01-01 10:00"),
        ("cron: 0 10 * * fri-sun", "12-04 10:00"),
    ],
)
def test_a_schedule_comes_when_its_words_say(words: str, moment: str) -> None:
    assert next_of(words) == moment


def test_the_next_time_is_after_the_moment_itself() -> None:
    at = datetime(2026, 11, 30, 9, 30, tzinfo=ZONE)
    assert next_of("周一 09:30", at) == "12-07 09:30"
    assert next_of("周一 09:30", at - timedelta(microseconds=1)) == "11-30 09:30"


def test_hours_are_those_of_the_zone() -> None:
    found = Schedule.parse("每天 09:00").next_after(MONDAY_9, ZoneInfo("Europe/Berlin"))
    assert found == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def coming(words: str, zone: str, after: str, count: int) -> list[str]:
    """The next moments of a schedule, as clocks in ``zone`` show them, with their offset."""
    there, schedule, found = ZoneInfo(zone), Schedule.parse(words), list[str]()
    moment: datetime | None = datetime.fromisoformat(after).replace(tzinfo=there)
    for _ in range(count):
        assert moment is not None
        moment = schedule.next_after(moment, there)
        assert moment is not None
        found.append(f"{moment.astimezone(there):%m-%d %H:%M%z}")
    return found


@pytest.mark.parametrize(
    ("words", "zone", "after", "moments"),
    [
        (
            "每天 02:30",
            "Europe/Berlin",
            "2027-03-27 00:00",
            ["03-27 02:30+0100", "03-28 03:30+0200", "03-29 02:30+0200"],
        ),
        ("周日 00:30", "Asia/Beirut", "2027-03-26 00:00", ["03-28 01:30+0300", "04-04 00:30+0300"]),
        ("每天 00:00", "Africa/Cairo", "2027-04-29 12:00", ["04-30 01:00+0300", "05-01 00:00+0300"]),
        ("每天 02:15", "Australia/Lord_Howe", "2027-10-02 12:00", ["10-03 02:45+1100", "10-04 02:15+1100"]),
    ],
)
def test_a_time_that_is_left_out_in_spring_comes_as_much_later(
    words: str, zone: str, after: str, moments: list[str]
) -> None:
    assert coming(words, zone, after, len(moments)) == moments


def test_a_time_that_is_left_out_is_the_same_whenever_it_is_asked_for() -> None:
    half_past_three = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    for minutes in range(1, 120):
        asked = half_past_three - timedelta(minutes=minutes)
        assert Schedule.parse("每天 02:30").next_after(asked, ZoneInfo("Europe/Berlin")) == half_past_three


@pytest.mark.parametrize(
    ("words", "zone", "after", "moments"),
    [
        ("每天 02:30", "Europe/Berlin", "2027-10-30 12:00", ["10-31 02:30+0200", "11-01 02:30+0100"]),
        ("每天 23:30", "Africa/Cairo", "2027-10-28 12:00", ["10-28 23:30+0300", "10-29 23:30+0200"]),
        ("每天 01:45", "Australia/Lord_Howe", "2027-04-03 12:00", ["04-04 01:45+1100", "04-05 01:45+1030"]),
    ],
)
def test_a_time_that_comes_twice_in_autumn_counts_at_the_first(
    words: str, zone: str, after: str, moments: list[str]
) -> None:
    assert coming(words, zone, after, len(moments)) == moments


@pytest.mark.parametrize(
    ("words", "after", "moments"),
    [
        ("每月31日 10:00", "2026-12-31 12:00", ["01-31 10:00+0800", "03-31 10:00+0800", "05-31 10:00+0800"]),
        ("每月29日 10:00", "2027-02-01 12:00", ["03-29 10:00+0800", "04-29 10:00+0800"]),
        ("每月29日 10:00", "2028-02-01 12:00", ["02-29 10:00+0800", "03-29 10:00+0800"]),
        ("每天 00:00", "2026-12-30 12:00", ["12-31 00:00+0800", "01-01 00:00+0800"]),
        ("每天 23:59", "2028-02-28 12:00", ["02-28 23:59+0800", "02-29 23:59+0800", "03-01 23:59+0800"]),
        ("周四 00:00", "2026-12-30 12:00", ["12-31 00:00+0800", "01-07 00:00+0800"]),
    ],
)
def test_ends_of_months_and_years_and_leap_days(words: str, after: str, moments: list[str]) -> None:
    assert coming(words, "Asia/Shanghai", after, len(moments)) == moments


def test_a_leap_day_is_waited_for_over_the_years() -> None:
    schedule = Schedule.parse("cron: 0 10 29 feb *")
    found = schedule.next_after(datetime(2096, 3, 1, tzinfo=UTC), ZONE)  # 2100 has none
    assert found == datetime(2104, 2, 29, 10, tzinfo=ZONE)


shifting = ["Europe/Berlin", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "America/New_York"]


@given(
    zone=st.sampled_from([*shifting, "Asia/Shanghai"]).map(ZoneInfo),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 15, 30, 59]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_daily_schedule_comes_once_on_each_day_wherever_it_is(
    zone: ZoneInfo, hour: int, minute: int, start: datetime
) -> None:
    schedule, moment, days = Schedule.parse(f"每天 {hour}:{minute:02}"), start, list[date]()
    for _ in range(400):
        coming = schedule.next_after(moment, zone)
        assert coming is not None
        assert coming > moment
        moment = coming
        days.append(moment.astimezone(zone).date())
    assert days == [days[0] + timedelta(days=n) for n in range(400)]


def test_a_schedule_keeps_the_words_of_its_author() -> None:
    assert Schedule.parse(" 每周一 9:30 ").words == "每周一 9:30"


@pytest.mark.parametrize(
    ("words", "reason", "suggestion"),
    [
        ("9:30", "没写哪一天", "每天 09:30"),
        ("1 12:10", "星期不能写数字", "周一 12:10"),
        ("周3 12:10", "星期不能写数字", "周三 12:10"),
        ("mno 09:30", "哪一天", "mon 09:30"),
        ("周一", "几点几分", "周一 09:30"),
        ("周一 25:00", "没有 25:00", "周一 09:30"),
        ("每月32日 10:00", "1 日到 31 日", "每月1日 10:00"),
        ("", "几点几分", "周一 09:30"),
        ("cron: 30 9 * * 1", "星期不能写数字", "cron: 30 9 * * mon"),
        ("cron: 30 9 * * mno", "不认识的星期", "cron: 30 9 * * mon"),
        ("cron: 30 9 * *", "五段", "cron: 30 9 * * mon"),
        ("cron: 99 9 * * mon", "0 到 59", "cron: "),
        ("cron: 0 9 30 feb *", "永远不会到", "cron: 30 9 * * mon"),
        ("cron: 0 9 1 * mon", "又限日期又限星期", "cron: 0 9 * * mon"),
        ("cron: 30-10 9 * * mon", "一个也没有", "cron: 30 9 * * mon"),
        ("cron: 10 12,18 * * *", "一天里只能有一个时刻", "cron: 10 12 * * *"),
        ("cron: 0 * * * *", "一天里只能有一个时刻", "cron: 0 9 * * *"),
        ("cron: x/y 9 * * mon", "看不懂", "cron: 30 9 * * mon"),
    ],
)
def test_words_that_are_no_schedule_are_refused_with_the_reason(
    words: str, reason: str, suggestion: str
) -> None:
    with pytest.raises(Mistake, match=reason) as refused:
        Schedule.parse(words)
    assert refused.value.suggestion == suggestion


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("40s", 40),
        ("30m", 1800),
        ("4h", 14400),
        ("3d", 259200),
        ("1h30m", 5400),
        ("1小时30分", 5400),
        ("90 分钟", 5400),
        ("15秒", 15),
        ("３０ｍ", 1800),
        ("0s", 0),
    ],
)
def test_durations_are_read_in_letters_and_in_chinese(words: str, seconds: int) -> None:
    assert parse_duration(words) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("words", "suggestion"), [("30", "30m"), ("", "30m"), ("三小时", "30m"), ("1m2h", "30m")]
)
def test_a_duration_needs_its_unit(words: str, suggestion: str) -> None:
    with pytest.raises(Mistake, match="看不懂时长") as refused:
        parse_duration(words)
    assert refused.value.suggestion == suggestion


@pytest.mark.parametrize("words", ["40s", "1h30m", "3d", "2d1h", "0s"])
def test_a_duration_is_written_as_it_is_read(words: str) -> None:
    assert write_duration(parse_duration(words)) == words


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("周五 19:00", "2026-12-04 19:00"),
        ("周一 08:00", "2026-12-07 08:00"),
        ("19:00", "2026-11-30 19:00"),
        ("8:00", "2026-12-01 08:00"),
        ("今天 10:00", "2026-11-30 10:00"),
        ("明天 9:00", "2026-12-01 09:00"),
        ("2026-12-01 09:00", "2026-12-01 09:00"),
        ("12-01 09:00", "2026-12-01 09:00"),
        ("11月1日 09:00", "2027-11-01 09:00"),
        ("02-29 09:00", "2028-02-29 09:00"),
    ],
)
def test_a_moment_is_the_next_one_that_is_so_called(words: str, moment: str) -> None:
    assert f"{parse_moment(words, MONDAY_9, ZONE).astimezone(ZONE):%Y-%m-%d %H:%M}" == moment


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("今天 8:00", "已经过去"),
        ("2025-01-01 09:00", "已经过去"),
        ("13-01 9:00", "没有 13 月"),
        ("改天", "几点几分"),
    ],
)
def test_a_moment_that_never_comes_is_refused(words: str, reason: str) -> None:
    with pytest.raises(Mistake, match=reason):
        parse_moment(words, MONDAY_9, ZONE)


@pytest.mark.parametrize(
    "words",
    [
        "2026-11-30 到 2026-12-20",
        "2026-11-30至2026-12-20",
        "2026/11/30 ~ 2026/12/20",
        "2026年11月30日到2026年12月20日",
    ],
)
def test_a_range_of_days_holds_both_ends(words: str) -> None:
    days = DateRange.parse(words)
    assert str(days) == "2026-11-30 到 2026-12-20"
    assert days.contains(date(2026, 11, 30))
    assert days.contains(date(2026, 12, 20))
    assert not days.contains(date(2026, 12, 21))
    assert not days.contains(date(2026, 11, 29))


@pytest.mark.parametrize(
    ("words", "reason", "suggestion"),
    [
        ("2026-11-30", "从哪天到哪天", "2026-11-30 到 2026-12-20"),
        ("2026-12-20 到 2026-11-30", "还早", "2026-11-30 到 2026-12-20"),
        ("2026-02-30 到 2026-03-01", "没有 2026-02-30", "2026-11-30"),
        ("今天 到 明天", "看不懂日期", "2026-11-30"),
    ],
)
def test_days_that_are_no_range_are_refused(words: str, reason: str, suggestion: str) -> None:
    with pytest.raises(Mistake, match=reason) as refused:
        DateRange.parse(words)
    assert refused.value.suggestion == suggestion


@pytest.mark.parametrize("parse", [Schedule.parse, parse_duration, DateRange.parse])
def test_what_is_written_without_end_is_refused_at_once(parse: Callable[[str], object]) -> None:
    for words in ("周一" + " " * 200_000 + "x", "1d" * 100_000, "\u0301\u0316" * 50_000):
        with pytest.raises(Mistake, match="太长"):
            parse(words)
