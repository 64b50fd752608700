from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from bot.errors import StoreError
from bot.store.session import check, insert_new, open_engine, savepoint, upsert
from bot.store.tables import counter
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


def test_insert_new_tells_what_is_new_from_what_was_there(tx: Transaction) -> None:
    tx.connection.execute(insert(counter).values(scope="a", last=1))
    several = [{"scope": scope, "last": 2} for scope in ("a", "b", "c", "b")]
    new = insert_new(tx.connection, counter, several, "scope", "last")
    assert [tuple(row) for row in new] == [("b", 2), ("c", 2)]
    assert tx.connection.execute(select(counter.c.last).where(counter.c.scope == "a")).scalar() == 1


def test_insert_new_takes_nothing_and_gives_nothing(tx: Transaction) -> None:
    assert insert_new(tx.connection, counter, []) == []
    assert insert_new(tx.connection, counter, [{"scope": "a", "last": 1}]) == []
    assert len(rows(tx.connection, counter)) == 1


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
