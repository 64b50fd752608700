from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot import app
from bot.errors import StoreError
from bot.store import trouble
from bot.store.backup import file_of, write
from bot.store.tables import counter
from bot.store.writer import Writer
from tests.builders import MONDAY_9
from tests.store.damage import spoil_pages, spoil_start


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def running(database: Path) -> Iterator[Writer]:
    """A bot that has the database open and has written to it."""
    engine = app.open_database(f"sqlite:///{database}")
    writer = Writer(engine)
    with writer.transaction(MONDAY_9) as tx:
        tx.connection.execute(insert(counter), [{"scope": f"scope {n}", "last": n} for n in range(2_000)])
    yield writer
    writer.close()
    engine.dispose()


def counted(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM counter").fetchone()[0])


def test_a_backup_has_everything_though_the_bot_is_running(
    running: Writer, database: Path, tmp_path: Path
) -> None:
    assert Path(f"{database}-wal").stat().st_size > 0  # what was written is in the log
    write(database, target := tmp_path / "there" / "copy.db")
    assert counted(target) == 2_000
    assert [path.name for path in target.parent.iterdir()] == ["copy.db"]


def test_a_backup_is_of_one_moment_while_somebody_writes(
    running: Writer, database: Path, tmp_path: Path
) -> None:
    with running.transaction(MONDAY_9) as tx:
        tx.connection.execute(insert(counter).values(scope="half done", last=1))
        write(database, tmp_path / "copy.db")
    assert counted(tmp_path / "copy.db") == 2_000
    assert counted(database) == 2_001


def test_what_is_written_meanwhile_neither_waits_nor_spoils_the_backup(
    running: Writer, database: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def go_on_writing() -> None:
        numbers = iter(range(1_000_000))
        while not stop.is_set():
            with running.transaction(MONDAY_9) as tx:
                tx.connection.execute(insert(counter).values(scope=f"more {next(numbers)}", last=1))

    writing = threading.Thread(target=go_on_writing)
    writing.start()
    for number in range(5):
        write(database, tmp_path / f"copy-{number}.db")
    stop.set()
    writing.join()
    counts = [counted(tmp_path / f"copy-{number}.db") for number in range(5)]
    assert counts == sorted(counts)
    assert counts[0] >= 2_000


def test_a_backup_is_for_its_owner_alone(running: Writer, database: Path, tmp_path: Path) -> None:
    write(database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("running")
def test_no_file_is_overwritten(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(StoreError, match="已经有了，备份不盖掉任何文件"):
        write(database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"
    with pytest.raises(StoreError, match="已经有了"):
        write(database, database)


@pytest.mark.usefixtures("running")
def test_two_cannot_write_to_one_name(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db.part").touch()
    with pytest.raises(StoreError, match=r"copy.db.part 还在：有人正在写"):
        write(database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db.part").exists()


@pytest.mark.parametrize("spoil", [spoil_start, spoil_pages])
def test_of_a_damaged_database_there_is_no_backup(
    database: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    app.open_database(f"sqlite:///{database}").dispose()
    spoil(database)
    with pytest.raises(StoreError, match=f"数据库 {database} 坏了"):
        write(database, tmp_path / "copy" / "copy.db")
    assert list((tmp_path / "copy").iterdir()) == []


def test_of_nothing_there_is_no_backup(database: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="没有数据库文件"):
        write(database, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_held_is_not_waited_for_without_end(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "BUSY_TIMEOUT", 0.01)
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE one (a)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="正被别的程序占着"):
            write(database, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db.part").exists()


@pytest.mark.usefixtures("running")
def test_a_full_disk_leaves_no_half_of_a_backup(database: Path, small_disk: Path) -> None:
    (small_disk / "rubbish").write_bytes(bytes(4_000_000))
    with pytest.raises(StoreError, match=r"copy.db.part 写不进去：磁盘满了"):
        write(database, small_disk / "copy.db")
    assert [path.name for path in small_disk.iterdir()] == ["rubbish"]


@pytest.mark.usefixtures("running")
def test_a_folder_that_cannot_be_written_is_told(database: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="建不起来"):
        write(database, tmp_path / "file" / "copy.db")
    with pytest.raises(StoreError, match="写不成：File name too long"):
        write(database, tmp_path / ("x" * 254))


@pytest.mark.parametrize("url", ["sqlite:///data/bot.db", "sqlite+pysqlite:///data/bot.db"])
def test_the_file_is_read_from_the_url(url: str) -> None:
    assert file_of(url) == Path("data/bot.db")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root@localhost/bot"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="要写明数据库文件"):
        file_of(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server_has_tools_of_its_own_and_their_commands_are_shown_without_the_password(scheme: str) -> None:
    with pytest.raises(StoreError) as caught:
        file_of(f"{scheme}://bot:hush@db.example:5433/bot?password=hush&sslmode=require")
    said = str(caught.value)
    assert "PostgreSQL 的备份和恢复用它自己的工具" in said
    url = "'postgresql://bot@db.example:5433/bot?sslmode=require'"
    assert f"pg_dump --format=custom --file=bot.dump {url}" in said
    assert f"pg_restore --clean --if-exists --single-transaction --dbname={url} bot.dump" in said
    assert "hush" not in said
