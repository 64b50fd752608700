"""One process owns an account, and whoever comes second is told who does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from bot.errors import AccountTaken, StoreError
from bot.store import session
from bot.store.owner import owning
from bot.store.tables import counter, metadata
from bot.store.writer import Writer
from tests.builders import MONDAY_9, rows
from tests.postgres import Server

HOLD = """
import sys, time
from datetime import UTC, datetime
from bot.store.owner import owning
from bot.store.session import open_engine
from bot.store.writer import Writer
url, account = sys.argv[1:]
with owning(url, account) as claim:
    writer = Writer(open_engine(url), claim)
    with writer.transaction(datetime.now(UTC)):
        pass
    print(flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that owns ``main``."""
    with subprocess.Popen([sys.executable, "-c", HOLD, url, "main"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def owner(url: str, account: str = "main") -> Iterator[Writer]:
    """A writer that owns ``account``, as ``bot run`` makes it."""
    with ExitStack() as stack:
        claim = stack.enter_context(owning(url, account))
        engine = session.open_engine(url)
        stack.callback(engine.dispose)
        metadata.create_all(engine)
        writer = Writer(engine, claim)
        stack.callback(writer.close)
        with writer.transaction(MONDAY_9):
            pass
        yield writer


def count(writer: Writer, scope: str) -> None:
    with writer.transaction(MONDAY_9) as tx:
        tx.connection.execute(insert(counter).values(scope=scope, last=1))


def counted(writer: Writer) -> list[str]:
    with writer.engine.connect() as connection:
        return [row["scope"] for row in rows(connection, counter)]


def test_a_second_process_is_told_who_holds_the_account(url: str) -> None:
    with (
        holder(url) as other,
        pytest.raises(AccountTaken, match=f"账号 main 正由另一个进程在跑（进程号 {other.pid}"),
        owner(url),
    ):
        pass


def test_a_process_that_was_killed_holds_nothing(url: str) -> None:
    with holder(url) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        with owner(url):
            pass


def test_another_account_is_nobodys(url: str) -> None:
    with holder(url), owner(url, "second"):
        pass


def test_an_account_is_free_again_after_its_owner(url: str) -> None:
    for number in range(2):
        with owner(url) as writer:
            count(writer, str(number))


# --- SQLite: a file beside the database ---


def test_the_lock_beside_the_database_names_its_owner(tmp_path: Path) -> None:
    with owning(f"sqlite:///{tmp_path / 'bot.db'}", "main"):
        assert (tmp_path / "bot.db.main.lock").read_text() == str(os.getpid())


def test_a_lock_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bot.db.main.lock").mkdir()
    with pytest.raises(StoreError, match="锁文件"), owning(f"sqlite:///{tmp_path / 'bot.db'}", "main"):
        pass


def test_a_url_without_a_file_leaves_no_lock_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with owning("sqlite://", "main"):
        assert list(tmp_path.iterdir()) == []


# --- PostgreSQL: a lock of the writer's own session ---


def lose(writer: Writer, server: Server) -> None:
    """Have the server end all connections, and the writer find it out."""
    server.end_connections()
    with pytest.raises(OperationalError):
        count(writer, "lost")


def test_the_machine_of_the_owner_is_named_too(postgres_url: str) -> None:
    with (
        owner(postgres_url),
        pytest.raises(AccountTaken, match=f"（进程号 {os.getpid()}，在 {socket.gethostname()} 上）"),
        owner(postgres_url),
    ):
        pass


def test_a_writer_that_lost_its_connection_owns_the_account_on_the_next_one(
    postgres_url: str, postgres: Server
) -> None:
    with owner(postgres_url) as writer:
        lose(writer, postgres)
        count(writer, "after")
        with pytest.raises(AccountTaken), owner(postgres_url):
            pass
        assert counted(writer) == ["after"]


def test_a_writer_that_lost_its_connection_writes_no_more_once_another_took_over(
    postgres_url: str, postgres: Server
) -> None:
    with owner(postgres_url) as writer:
        lose(writer, postgres)
        with holder(postgres_url) as other:
            for _ in range(2):
                with pytest.raises(AccountTaken, match=str(other.pid)):
                    count(writer, "after")
        assert counted(writer) == []
        count(writer, "after all")  # the other went away again


def test_what_the_server_still_holds_of_a_lost_connection_of_ours_is_ended(postgres_url: str) -> None:
    with owning(postgres_url, "main") as claim:
        engine = session.open_engine(postgres_url)
        half_open, next_one = engine.connect(), engine.connect()
        claim(half_open)
        claim(next_one)
        with pytest.raises(OperationalError):
            half_open.exec_driver_sql("SELECT 1")
        half_open.close()
        next_one.close()
        engine.dispose()
