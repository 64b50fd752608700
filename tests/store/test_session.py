from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, insert, make_url, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import Pool

from bot.errors import StoreError
from bot.store.session import (
    check,
    count_up,
    insert_new,
    is_passing,
    one_of,
    open_engine,
    savepoint,
    upsert,
)
from bot.store.tables import counter, membership, metadata
from bot.store.transaction import Transaction
from tests.builders import Boom, failing, rows, values


def counters(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {row["scope"]: row["last"] for row in rows(connection, counter)}


def test_a_savepoint_that_comes_first_is_undone_with_its_transaction(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        with savepoint(connection):
            connection.execute(insert(counter).values(scope="question", last=1))
        transaction.rollback()
    assert counters(engine) == {}


def test_a_transaction_has_the_database_for_itself_from_its_begin_on(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'bot.db'}")
    other = sqlite3.connect(tmp_path / "bot.db", timeout=0)
    with engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()
    engine.dispose()


def test_what_is_deleted_is_overwritten_however_sqlite_was_built(tmp_path: Path) -> None:
    def built_without(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    event.listen(Pool, "connect", built_without)
    try:
        with open_engine(f"sqlite:///{tmp_path / 'bot.db'}").connect() as connection:
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    finally:
        event.remove(Pool, "connect", built_without)


def test_what_fails_in_a_savepoint_is_undone_alone(tx: Transaction) -> None:
    tx.connection.execute(insert(counter).values(scope="before", last=1))
    with pytest.raises(Boom), savepoint(tx.connection), failing():
        tx.connection.execute(insert(counter).values(scope="inside", last=1))
    tx.connection.execute(insert(counter).values(scope="after", last=1))
    assert [row["scope"] for row in rows(tx.connection, counter)] == ["after", "before"]


def test_savepoints_stand_in_each_other(tx: Transaction) -> None:
    with savepoint(tx.connection):
        with pytest.raises(Boom), savepoint(tx.connection), failing():
            tx.connection.execute(insert(counter).values(scope="inner", last=1))
        tx.connection.execute(insert(counter).values(scope="outer", last=1))
    assert [row["scope"] for row in rows(tx.connection, counter)] == ["outer"]


def test_insert_new_tells_how_many_are_new_and_leaves_what_was_there(tx: Transaction) -> None:
    tx.connection.execute(insert(counter).values(scope="a", last=1))
    several = [{"scope": scope, "last": 2} for scope in ("a", "b", "c", "b")]
    assert insert_new(tx.connection, counter, several) == 2
    assert [values(row) for row in rows(tx.connection, counter)] == [["a", 1], ["b", 2], ["c", 2]]


def test_insert_new_takes_nothing(tx: Transaction) -> None:
    assert insert_new(tx.connection, counter, []) == 0
    assert rows(tx.connection, counter) == []


def test_insert_new_takes_rows_of_different_columns_and_fills_in_the_defaults(tx: Transaction) -> None:
    key = {"room_id": 1, "alias": "青姐", "joined_at": tx.now}
    several: list[dict[str, object]] = [
        {**key, "identity_id": 1},
        {"room_id": 1, "identity_id": 2},
        {**key, "identity_id": 3},
    ]
    assert insert_new(tx.connection, membership, several) == 3
    assert [values(row) for row in rows(tx.connection, membership)] == [
        [1, 1, "青姐", 1, tx.now, None],
        [1, 2, "", 1, None, None],
        [1, 3, "青姐", 1, tx.now, None],
    ]


@pytest.mark.parametrize("wanted", [[], ["a"], ["没有的"], ["b", "a", "a"], ["'", '"[]', "阿青\u2005"]])
def test_one_of_finds_the_rows_whose_column_is_among_the_values(tx: Transaction, wanted: list[str]) -> None:
    there = ["a", "b", "c", "'", '"[]', "阿青\u2005"]
    insert_new(tx.connection, counter, [{"scope": scope, "last": 1} for scope in there])
    query = select(counter.c.scope).where(one_of(counter.c.scope, "wanted"))
    assert set(tx.connection.scalars(query, {"wanted": wanted})) == {*wanted} & {*there}


def test_one_of_takes_numbers_of_any_size(tx: Transaction) -> None:
    ids = [1, 40_000, 3_000_000_000]
    insert_new(tx.connection, membership, [{"room_id": 1, "identity_id": id} for id in ids])
    query = select(membership.c.identity_id).where(one_of(membership.c.identity_id, "ids"))
    assert set(tx.connection.scalars(query, {"ids": {*ids[1:], 5}})) == {*ids[1:]}


def test_upsert_inserts_or_sets_the_other_columns(tx: Transaction) -> None:
    upsert(tx.connection, counter, [{"scope": "b", "last": 1}], ["scope"])
    upsert(tx.connection, counter, [{"scope": "b", "last": 5}, {"scope": "a", "last": 2}], ["scope"])
    upsert(tx.connection, counter, [], ["scope"])
    assert [values(row) for row in rows(tx.connection, counter)] == [["a", 2], ["b", 5]]


def test_errors_do_not_name_what_was_to_be_written(tx: Transaction) -> None:
    words = "我妈妈住院了"
    tx.connection.execute(insert(counter).values(scope=words, last=1))
    with pytest.raises(IntegrityError) as caught:
        tx.connection.execute(insert(counter).values(scope=words, last=2))
    assert words not in str(caught.value)


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'a' / 'b' / 'bot.db'}")
    check(engine)
    engine.dispose()
    assert (tmp_path / "a" / "b" / "bot.db").exists()


def test_a_folder_that_cannot_be_made_is_said_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="建不起来"):
        open_engine(f"sqlite:///{tmp_path / 'file' / 'bot.db'}")


def test_an_unreadable_url_is_said_in_chinese() -> None:
    with pytest.raises(StoreError, match="DATABASE_URL 写得不对"):
        open_engine("my database")


def test_a_database_that_does_not_open_is_said_in_chinese(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreError, match="数据库打不开"):
        check(engine)
    engine.dispose()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_opened_however_its_url_is_spelt(postgres_url: str, scheme: str) -> None:
    engine = open_engine(postgres_url.replace("postgresql", scheme, 1))
    check(engine)
    assert engine.dialect.driver == "psycopg"
    engine.dispose()


def test_another_kind_of_database_is_refused_in_chinese() -> None:
    with pytest.raises(StoreError, match="只能是 sqlite:///文件 或 postgresql://"):
        open_engine("mysql://root@localhost/bot")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"database": "nowhere"}, "没有这个数据库"),
        ({"username": "nobody"}, "用户名或密码不对"),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "连不上"),
    ],
)
def test_why_postgresql_does_not_open_is_said_in_chinese_without_the_password(
    postgres_url: str, change: dict[str, Any], reason: str
) -> None:
    url = make_url(postgres_url).set(password="hush", **change)
    engine = open_engine(url.render_as_string(hide_password=False))
    with pytest.raises(StoreError, match=reason) as caught:
        check(engine)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("sqlstate", "passes"),
    [
        (None, True),  # the server was not reached
        ("57P01", True),  # it is shutting down
        ("40001", True),  # serialization
        ("40P01", True),  # deadlock
        ("53100", True),  # disk full
        ("42501", False),  # no permission
    ],
)
def test_what_passes_on_postgresql_is_told_by_its_state(sqlstate: str | None, passes: bool) -> None:
    error = psycopg.OperationalError()
    error.sqlstate = sqlstate
    assert is_passing(OperationalError("SELECT 1", None, error)) is passes


def test_a_server_that_is_away_passes() -> None:
    engine = open_engine("postgresql://127.0.0.1:1/bot")
    with pytest.raises(OperationalError) as caught:
        engine.connect()
    assert is_passing(caught.value)


def test_two_who_wait_for_each_other_are_told_apart_by_an_error_that_passes(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(counter), [{"scope": scope, "last": 1} for scope in ("a", "b")])
    with ThreadPoolExecutor(2) as pool:
        meet = Barrier(2)
        both = [pool.submit(touch, engine, meet, *order) for order in (("a", "b"), ("b", "a"))]
        errors = [error for task in both if (error := task.exception())]
    engine.dispose()
    (error,) = errors
    assert isinstance(error, OperationalError)
    assert is_passing(error)


def touch(engine: Engine, meet: Barrier, first: str, then: str) -> None:
    with engine.begin() as connection:
        count_up(connection, counter, {"scope": first}, "last")
        meet.wait(10)
        count_up(connection, counter, {"scope": then}, "last")
