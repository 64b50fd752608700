from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal, select

from bot.scoring import days
from bot.store.types import UtcTime

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
ZONES = [
    ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")
]


@pytest.mark.parametrize("zone", ZONES, ids=str)
@given(at=st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)))
def test_the_database_finds_the_same_local_day(zone: ZoneInfo, at: datetime) -> None:
    with create_engine("sqlite://").connect() as connection:
        stored = select(literal(at, UtcTime()).label("at")).subquery()
        column = days.column(stored.c.at, zone, FIRST, LAST)
        assert connection.execute(select(column)).scalar_one() == days.number(at, zone)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_day_begins_where_the_one_before_ends(zone: ZoneInfo) -> None:
    today = days.number(datetime(2026, 3, 29, 12, tzinfo=zone), zone)
    begins = days.begin(today, zone)
    assert days.number(begins, zone) == today
    assert days.number(begins - timedelta(milliseconds=1), zone) == today - 1
