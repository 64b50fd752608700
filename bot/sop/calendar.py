"""China's holidays and the days that are worked in their place, as they are decreed each year.

Years that are not decreed yet have the library's estimates.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

DAY = timedelta(days=1)


@lru_cache(maxsize=1)
def _china() -> HolidayBase:
    from holidays import country_holidays  # takes a while, and most communities never ask

    return country_holidays("CN")


def is_holiday(day: date) -> bool:
    """Whether ``day`` is a public holiday, off because a weekend was moved to it, or a weekend between."""
    if _is_weekend(day):
        return all(_beside(day, step) in _china() for step in (-DAY, DAY))
    return day in _china()


def _is_weekend(day: date) -> bool:
    return day not in _china() and not is_workday(day)


def _beside(day: date, step: timedelta) -> date:
    """The first day before or after a weekend."""
    while _is_weekend(day):
        day += step
    return day


def is_workday(day: date) -> bool:
    """Whether people work: no holiday, and no weekend unless it is worked in a holiday's place."""
    return bool(_china().is_working_day(day))


def next_workday(day: date) -> date:
    """The first working day after ``day``."""
    later = day + DAY
    while not is_workday(later):
        later += DAY
    return later
