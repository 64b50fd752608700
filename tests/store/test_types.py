from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, String, Table, cast, insert, select
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import StatementError

from bot.store.transaction import Transaction
from bot.store.types import EPOCH, UtcTime, as_json, of_json
from tests.builders import MONDAY_9

moments = Table("moments", MetaData(), Column("at", UtcTime))


def stored(engine: Engine, moment: datetime | None) -> tuple[datetime | None, str | None]:
    """What comes back of ``moment``, and what the database itself holds."""
    with engine.begin() as connection:
        moments.create(connection)
        connection.execute(insert(moments).values(at=moment))
        back = connection.execute(select(moments.c.at)).scalar()
        raw = connection.execute(select(cast(moments.c.at, String))).scalar()
    return back, raw


def test_a_moment_is_kept_as_milliseconds_of_utc(engine: Engine) -> None:
    back, raw = stored(engine, datetime(1970, 1, 2, 8, tzinfo=timezone(timedelta(hours=8))))
    assert raw == str(24 * 3600 * 1000)
    assert back == EPOCH + timedelta(days=1)
    assert back.utcoffset() == timedelta(0)


def test_no_moment_stays_none(engine: Engine) -> None:
    assert stored(engine, None) == (None, None)


def test_a_naive_moment_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="naive"):
        stored(engine, MONDAY_9.replace(tzinfo=None))


@given(st.datetimes(timezones=st.timezones()))
def test_the_order_of_moments_is_that_of_their_numbers(moment: datetime) -> None:
    to_number = UtcTime().bind_processor(DefaultDialect())
    number = to_number(moment)
    later = to_number(moment.astimezone(EPOCH.tzinfo) + timedelta(milliseconds=1))
    assert number is not None
    assert later == number + 1


def test_moments_are_compared_in_the_database(tx: Transaction) -> None:
    moments.create(tx.connection)
    tx.connection.execute(insert(moments), [{"at": MONDAY_9}, {"at": MONDAY_9 + timedelta(seconds=1)}])
    found = tx.connection.execute(select(moments.c.at).where(moments.c.at > MONDAY_9)).scalars().all()
    assert found == [MONDAY_9 + timedelta(seconds=1)]


_WORDS = st.text(st.characters(exclude_categories=()))  # half a character, too
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(_WORDS, inner),
    max_leaves=10,
)


@given(_JSON)
def test_what_is_keptas_json_comes_back_as_it_was(value: object) -> None:
    assert of_json(as_json(value)) == json.loads(as_json(value)) == value
