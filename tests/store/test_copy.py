"""All that one database holds, in another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    String,
    Table,
    insert,
    text,
    update,
)
from sqlmodel.sql.sqltypes import AutoString

from bot import app
from bot.errors import StoreError
from bot.store import copy as copying
from bot.store.copy import copy
from bot.store.ids import BLOCK, next_number
from bot.store.owner import owning
from bot.store.session import open_engine
from bot.store.tables import counter, interaction, metadata, room, unheard
from bot.store.types import EPOCH, UtcTime
from bot.store.writer import Writer
from tests.builders import MONDAY_9, rows

TABLES = metadata.sorted_tables
WORDS = ("番茄牛腩", "", 'it\'s \\ "quoted"\n\t{{ 7*7 }}', "👨‍👩‍👧 𠮷 é", "x" * 5_000)
Content = dict[str, list[dict[str, Any]]]


def nothing(_table: str, _done: int, _of: int) -> None:
    """Shows nothing."""


def value(column: Column[Any], number: int, draw: random.Random) -> Any:
    """Something that fits the column, and is another one for another row where it must be."""
    if column.nullable and not column.primary_key and draw.random() < 0.3:
        return None
    match column.type:
        case UtcTime():
            return EPOCH + timedelta(milliseconds=draw.randrange(0, 2**42))
        case JSON():
            return {"said": draw.choice(WORDS), "of": [number, None, True, 1.5, {"深": "处"}]}
        case Boolean():
            return draw.random() < 0.5
        case BigInteger():
            return 2**53 + number
        case Integer():
            return number
        case Float():
            return draw.randrange(-40, 40) / 8
        case AutoString() | String():
            return f"{number}-{draw.choice(WORDS)}"
    raise AssertionError(f"what fits {column.type!r}?")


def fill(connection: Connection, table: Table, count: int) -> None:
    """Rows in no order: by their keys they come out as they are numbered."""
    draw = random.Random(table.name)
    numbers = draw.sample(range(count), count)
    made = [{column.name: value(column, n, draw) for column in table.columns} for n in numbers]
    connection.execute(insert(table), made)


def content(url: str) -> Content:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = {table.name: [dict(row) for row in rows(connection, table)] for table in TABLES}
    engine.dispose()
    return {name: sorted(of, key=repr) for name, of in found.items()}


@pytest.fixture
def full(tmp_path: Path) -> str:
    """A SQLite database with rows in every table that there is."""
    url = f"sqlite:///{tmp_path / 'full.db'}"
    engine = app.open_database(url)
    with engine.begin() as connection:
        for table in TABLES:
            fill(connection, table, 200)
        connection.execute(update(room).values(account="main"))
    engine.dispose()
    return url


@pytest.fixture
def back(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'back.db'}"


@pytest.fixture
def opened(full: str) -> Iterator[Engine]:
    engine = open_engine(full)
    yield engine
    engine.dispose()


def test_everything_goes_to_a_server_and_back(
    full: str, postgres_url: str, back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 30)
    before = content(full)
    assert {len(of) for of in before.values()} == {200}
    assert copy(full, postgres_url, "main", nothing) == 200 * len(TABLES)
    assert content(postgres_url) == before
    assert copy(postgres_url, back, "main", nothing) == 200 * len(TABLES)
    assert content(back) == before
    assert content(full) == before


def test_ids_and_short_numbers_go_on_where_they_were(tmp_path: Path, postgres_url: str) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    for at, (number, first) in ((url, (1, 1)), (postgres_url, (2, 1 + BLOCK))):
        writer = Writer(app.open_database(at))
        with writer.transaction(MONDAY_9) as tx:
            assert (next_number(tx.connection, "member"), tx.new_id()) == (number, first)
        writer.close()
        writer.engine.dispose()
        if at == url:
            copy(url, postgres_url, "main", nothing)


def test_rows_come_by_key_in_batches_and_are_counted(
    full: str, back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 80)
    seen: list[tuple[str, int, int]] = []
    copy(full, back, "main", lambda *step: seen.append(step))
    for table in TABLES:
        steps = [(done, of) for name, done, of in seen if name == table.name]
        assert steps == [(80, 200), (160, 200), (200, 200)]


def test_a_target_that_is_not_empty_is_refused(full: str, back: str) -> None:
    engine = app.open_database(back)
    with engine.begin() as connection:
        fill(connection, counter, 3)
    engine.dispose()
    with pytest.raises(StoreError, match="目标数据库不是空的：counter 里有 3 行"):
        copy(full, back, "main", nothing)
    assert {name for name, of in content(back).items() if of} == {"counter"}


def test_a_row_that_the_target_refuses_undoes_all(full: str, opened: Engine, postgres_url: str) -> None:
    with opened.begin() as connection:
        connection.execute(text("UPDATE unheard SET times = 99999999999 WHERE rowid = 7"))
    with pytest.raises(StoreError, match=r"unheard 里有一行目标数据库不收.*什么都没搬"):
        copy(full, postgres_url, "main", nothing)
    assert not any(content(postgres_url).values())


def test_a_row_that_is_missing_in_the_end_undoes_all(
    full: str, back: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = copying._write

    def lose_one(table: Table, written: Connection, batch: list[dict[str, Any]]) -> None:
        write(table, written, batch[:-1] if table is interaction else batch)

    monkeypatch.setattr(copying, "_write", lose_one)
    with pytest.raises(StoreError, match="interaction 搬过去的行数对不上"):
        copy(full, back, "main", nothing)
    assert not any(content(back).values())


@pytest.mark.parametrize("side", ["source", "target"])
def test_nothing_is_copied_while_a_process_runs_there(full: str, back: str, side: str) -> None:
    with (
        owning(full if side == "source" else back, "main"),
        pytest.raises(StoreError, match="账号 main 正由另一个进程在跑"),
    ):
        copy(full, back, "main", nothing)


def test_a_process_of_any_account_that_has_a_room_is_found(full: str, opened: Engine, back: str) -> None:
    with opened.begin() as connection:
        connection.execute(update(room).values(account="second"))
    with owning(full, "second"), pytest.raises(StoreError, match="账号 second 正由另一个进程在跑"):
        copy(full, back, "main", nothing)


def test_what_is_written_meanwhile_is_not_half_there(postgres_url: str, full: str, back: str) -> None:
    """Somebody else writes to the server while it is read: none of it is copied."""
    copy(full, postgres_url, "main", nothing)
    server = open_engine(postgres_url)

    def write_later(table: str, _done: int, _of: int) -> None:
        if table == TABLES[0].name:
            with server.begin() as connection:
                connection.execute(insert(unheard).values(day="2026-11-30", command="meanwhile", times=1))

    assert TABLES.index(unheard) > 0
    copy(postgres_url, back, "main", write_later)
    server.dispose()
    assert content(back) == content(full)


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path, back: str) -> None:
    with pytest.raises(StoreError, match="没有数据库文件"):
        copy(f"sqlite:///{tmp_path / 'none.db'}", back, "main", nothing)
    assert list(tmp_path.iterdir()) == []


def test_a_source_of_another_version_is_upgraded_first(opened: Engine, full: str, back: str) -> None:
    with opened.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'old'"))
    with pytest.raises(StoreError, match="来源数据库不是这个程序的版本，先对它做 bot db upgrade"):
        copy(full, back, "main", nothing)


def test_a_database_is_not_copied_to_itself(full: str) -> None:
    with pytest.raises(StoreError, match="是同一个"):
        copy(full, full, "main", nothing)


def test_nothing_is_copied_to_a_server_on_which_a_process_owns_the_account(
    full: str, postgres_url: str
) -> None:
    app.open_database(postgres_url).dispose()
    with owning(postgres_url, "main") as claim:
        running = Writer(open_engine(postgres_url), claim)
        with running.transaction(MONDAY_9):
            pass
        with pytest.raises(StoreError, match="账号 main 正由另一个进程在跑"):
            copy(full, postgres_url, "main", nothing)
        running.close()
        running.engine.dispose()
    assert copy(full, postgres_url, "main", nothing) > 0
