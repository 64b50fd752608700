"""A database that cannot be used says so in one sentence, and stays as it is."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import OperationalError

from bot import app
from bot.errors import StoreError
from bot.store import failures, session, trouble
from bot.store.tables import counter, failure
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, rows
from tests.store.damage import spoil_pages, spoil_start, truncate


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database of ours with some rows, closed."""
    path = tmp_path / "bot.db"
    engine = app.open_database(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(insert(counter), [{"scope": f"scope {n:04}", "last": n} for n in range(2_000)])
    engine.dispose()
    return path


def opening(database: Path) -> str:
    """What is said when the program starts on it."""
    with pytest.raises(StoreError) as caught:
        app.open_database(f"sqlite:///{database}")
    return str(caught.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "BUSY_TIMEOUT", 0.01)


# --- at the start ---


@pytest.mark.parametrize("spoil", [spoil_start, truncate])
def test_a_damaged_file_is_told_with_the_newest_backup_and_the_command_and_stays_as_it_is(
    database: Path, spoil: Callable[[Path], None]
) -> None:
    backups = database.parent / "backups"
    backups.mkdir()
    (backups / "bot-20261101-040000.db").touch()
    (backups / "bot-20261102-040000.db").touch()
    (backups / "bot-20261103-040000-replaced.db").touch()
    spoil(database)
    before = database.read_bytes()
    said = opening(database)
    assert f"数据库 {database} 坏了" in said
    assert f"最近的备份是 {backups}/bot-20261102-040000.db" in said
    assert said.endswith(f"bot db restore {backups}/bot-20261102-040000.db")
    assert "\n" not in said
    assert database.read_bytes() == before


def test_a_damaged_file_without_a_backup_is_told_with_what_may_still_help(database: Path) -> None:
    spoil_start(database)
    assert "没有找到备份" in opening(database)


def test_a_file_that_is_no_database_is_said_to_be_none(database: Path) -> None:
    database.write_text("这是一封信\n" * 1_000)
    assert "不是数据库（file is not a database），没有动它" in opening(database)
    assert database.read_text().startswith("这是一封信")


def test_a_database_that_another_program_holds_is_waited_for_and_then_told(
    database: Path, impatient: None
) -> None:
    other = sqlite3.connect(database)
    other.execute("BEGIN IMMEDIATE")
    said = opening(database)
    other.close()
    assert f"数据库 {database} 正被别的程序占着" in said
    assert "fuser" in said


def test_a_file_that_cannot_be_written_is_found_before_anything_is_written(unwritable: Path) -> None:
    said = opening(unwritable)
    assert said.startswith(f"数据库打不开或写不进去（{unwritable}）：attempt to write a readonly database。")
    assert "有没有写的权限" in said


def test_a_folder_that_cannot_be_written_is_told(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "写的权限" in opening(small_disk / "bot.db")


@pytest.mark.parametrize("name", ["bot.db", "new.db"])
def test_a_full_disk_is_told_at_the_start(small_disk: Path, name: str) -> None:
    app.open_database(f"sqlite:///{small_disk / 'bot.db'}").dispose()
    fill(small_disk)
    assert "磁盘满了" in opening(small_disk / name)


def test_the_probe_writes_nothing_new(tmp_path: Path) -> None:
    """Not even into the database of another program that was named by mistake."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=7")
    engine = session.open_engine(f"sqlite:///{path}")
    session.check(engine)
    assert connection.execute("PRAGMA user_version").fetchone() == (7,)
    engine.dispose()
    connection.close()


# --- later ---


@pytest.fixture
def running(database: Path) -> Iterator[Writer]:
    """A writer on a sound database."""
    engine = app.open_database(f"sqlite:///{database}")
    yield (writer := Writer(engine))
    writer.close()
    engine.dispose()


def read_all(tx: Transaction) -> None:
    list(tx.connection.execute(select(counter)))


def test_damage_that_is_met_later_is_told_the_same_way(database: Path) -> None:
    spoil_pages(database)
    engine = app.open_database(f"sqlite:///{database}")
    with pytest.raises(StoreError, match=r"坏了.*没有找到备份"), engine.begin() as connection:
        list(connection.execute(select(counter)))
    engine.dispose()


def test_damage_is_no_failure_of_the_step_that_meets_it(database: Path) -> None:
    spoil_pages(database)
    engine = app.open_database(f"sqlite:///{database}")
    writer = Writer(engine)
    with pytest.raises(StoreError, match="坏了"), writer.transaction(MONDAY_9) as tx:
        failures.attempt(tx, "a step", lambda: read_all(tx))
    writer.close()
    engine.dispose()


def test_a_disk_that_is_full_in_a_step_undoes_its_transaction_and_passes(running: Writer) -> None:
    def fill_up(tx: Transaction) -> None:
        tx.connection.execute(insert(counter), [{"scope": f"more {n}", "last": n} for n in range(20_000)])

    with running.transaction(MONDAY_9) as tx:
        limit_pages(tx, more=3)
    with pytest.raises(OperationalError) as caught, running.transaction(MONDAY_9) as tx:
        failures.attempt(tx, "a step", lambda: fill_up(tx))
    assert session.is_passing(caught.value)
    with running.transaction(MONDAY_9) as tx:
        limit_pages(tx, more=10_000)
        assert failures.attempt(tx, "a step", lambda: fill_up(tx))
        assert (len(rows(tx.connection, counter)), rows(tx.connection, failure)) == (22_000, [])


def limit_pages(tx: Transaction, more: int) -> None:
    """Let the database grow by so many pages."""
    pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages + more}")


def fill(disk: Path) -> None:
    with (disk / "rubbish").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_server_without_the_right_to_make_tables_is_told(postgres_url: str) -> None:
    engine = session.open_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN")
    as_guest = engine.url.set(username="guest", drivername="postgresql")
    engine.dispose()
    try:
        with pytest.raises(StoreError, match="这个用户没有权限"):
            app.open_database(as_guest.render_as_string(hide_password=False))
    finally:
        drop_guest(engine)


def drop_guest(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE guest")
    engine.dispose()
