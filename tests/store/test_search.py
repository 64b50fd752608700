from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from bot.store import retention, search
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9

KIND = "question"
TEXTS = {
    1: "羽衣甘蓝要焯水吗 焯二十秒就好",
    2: "番茄能放冰箱吗 两天内吃完就别放",
    3: "小番茄怎么做沙拉 加一点橄榄油",
}


@pytest.fixture
def filled(tx: Transaction) -> Transaction:
    for id, words in TEXTS.items():
        room = 7 if id < 3 else 8
        search.put(tx, id, KIND, str(id), words, room_id=room, keep_until=tx.now + timedelta(days=id))
    return tx


def found(tx: Transaction, words: str, rooms: tuple[int, ...] = (7, 8)) -> list[str]:
    return [hit.object_id for hit in search.find(tx.connection, words, KIND, rooms)]


def test_what_holds_the_words_is_found_the_best_first(filled: Transaction) -> None:
    assert found(filled, "甘蓝焯水") == ["1"]
    assert set(found(filled, "番茄")) == {"2", "3"}
    assert found(filled, "番茄放冰箱")[0] == "2"
    assert found(filled, "牛排") == []


def test_of_one_room_only_its_own_is_found(filled: Transaction) -> None:
    assert found(filled, "番茄", (7,)) == ["2"]
    assert found(filled, "番茄", ()) == []
    assert search.find(filled.connection, "番茄", "another kind", (7,)) == []


def test_what_is_forgotten_leaves_no_word_behind(filled: Transaction) -> None:
    search.forget(filled, 2)
    assert found(filled, "冰箱") == []
    if filled.connection.dialect.name == "sqlite":
        check = "INSERT INTO document_words(document_words) VALUES ('integrity-check')"
        filled.connection.execute(text(check))


def test_what_changes_is_found_by_its_new_words(filled: Transaction) -> None:
    search.put(filled, 2, KIND, "2", "番茄能冷冻吗", room_id=7, keep_until=None)
    assert found(filled, "冰箱") == []
    assert found(filled, "冷冻") == ["2"]


def test_words_go_with_their_retention(filled: Transaction) -> None:
    filled.now += timedelta(days=2)
    retention.purge(filled, 90)
    assert found(filled, "番茄 甘蓝") == ["3"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "的吗呢",
        "🌹",
        '"',
        "番茄 OR 甘蓝 NOT",
        "NEAR(番茄",
        "words:番茄",
        "番茄*",
        "- ^ { }",
        "a" * 10_000,
    ],
)
def test_nothing_in_a_query_is_an_operator(filled: Transaction, words: str) -> None:
    expected = {"2", "3"} if "番茄" in words else set()
    expected |= {"1"} if "甘蓝" in words else set()
    assert set(found(filled, words)) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(max_size=60))
def test_whatever_is_asked_gives_an_answer(filled: Transaction, words: str) -> None:
    assert set(found(filled, words)) <= {"1", "2", "3"}


# --- what the file of SQLite still holds ---


@pytest.fixture
def in_file(sqlite_engine: Engine) -> Iterator[Callable[[Callable[[Transaction], object]], bytes]]:
    """Does something in a transaction; gives the bytes of the database after it."""
    writer, file = Writer(sqlite_engine), Path(str(sqlite_engine.url.database))

    def after(work: Callable[[Transaction], object]) -> bytes:
        with writer.transaction(MONDAY_9) as tx:
            work(tx)
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes()

    yield after
    writer.close()


SECRET = "qingdao"
"""No other word begins so: the index leaves out what a word has in common with the one before."""
ENDS = MONDAY_9 + timedelta(days=1)


def put_secret(tx: Transaction) -> None:
    search.put(tx, 1, KIND, "1", f"{SECRET}能生吃吗", room_id=7, keep_until=ENDS)
    search.put(tx, 2, KIND, "2", "番茄能放冰箱吗", room_id=7, keep_until=None)


def purge_later(tx: Transaction) -> None:
    tx.now = ENDS
    retention.purge(tx, 90)


@pytest.mark.parametrize(
    "work",
    [
        lambda tx: search.forget(tx, 1),
        lambda tx: search.put(tx, 1, KIND, "1", "莲藕能生吃吗", room_id=7, keep_until=ENDS),
        purge_later,
    ],
    ids=["forgotten", "replaced", "over"],
)
def test_no_word_that_went_stays_in_the_file(
    in_file: Callable[[Callable[[Transaction], object]], bytes], work: Callable[[Transaction], object]
) -> None:
    assert in_file(put_secret).count(SECRET.encode()) > 0
    assert in_file(work).count(SECRET.encode()) == 0
