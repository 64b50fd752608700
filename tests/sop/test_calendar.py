from __future__ import annotations

from datetime import date

import pytest

from bot.sop import calendar


@pytest.mark.parametrize(
    ("day", "holiday", "workday"),
    [
        (date(2026, 10, 1), True, False),  # 国庆
        (date(2026, 10, 4), True, False),  # the Sunday in the midst of it
        (date(2026, 10, 10), False, True),  # a Saturday that is worked
        (date(2026, 2, 21), True, False),  # a Saturday in the midst of 春节
        (date(2027, 1, 2), False, False),  # a weekend after a holiday
        (date(2026, 11, 28), False, False),  # a Saturday like others
        (date(2026, 11, 30), False, True),
        (date(2027, 1, 1), True, False),
    ],
)
def test_holidays_and_the_days_worked_in_their_place(day: date, holiday: bool, workday: bool) -> None:
    assert calendar.is_holiday(day) is holiday
    assert calendar.is_workday(day) is workday


def test_after_a_holiday_comes_the_next_day_that_is_worked() -> None:
    assert calendar.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)
    assert calendar.next_workday(date(2026, 10, 9)) == date(2026, 10, 10)
