"""Reading a database in which somebody else may be at work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Connection, Engine, PoolProxiedConnection, Select

from bot.errors import StoreError
from bot.store import session
from bot.store.session import one_of

_AT_A_TIME = 20_000


@contextmanager
def reading(url: str | URL) -> Iterator[Connection]:
    """One view of the database at ``url``, in which nothing can be written; whoever writes goes on meanwhile.

    Raises ``StoreError`` where there is none yet.
    """
    parsed = session.parse_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    if is_file:
        path = Path(parsed.database or "")
        if not path.is_file():
            raise StoreError("还没有数据库：机器人还没有跑过（bot run），或者 DATABASE_URL 写的不是它。")
        parsed = parsed.set(database=str(path.absolute()))  # for the engine, wherever we go
    engine = _engine(parsed)
    options = {} if is_file else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    finally:
        engine.dispose()


@lru_cache(maxsize=4)
def _engine(url: URL) -> Engine:
    """Kept for what it learns of the database and of statements: that takes longer than most reading."""
    engine = session.open_engine(url)
    if engine.dialect.name == "sqlite":
        engine.dialect.do_begin = _begin_reading  # type: ignore[method-assign]
    return engine


def stream(
    connection: Connection, query: Select[Any], parameters: Mapping[str, Any] | None = None
) -> Iterator[Any]:
    """The rows of a query that has many, some thousands at a time."""
    return iter(connection.execute(query.execution_options(yield_per=_AT_A_TIME), parameters or {}))


def plain(
    connection: Connection, query: Select[Any], parameters: Mapping[str, Any] | None = None
) -> Iterator[tuple[Any, ...]]:
    """The same for numbers and words, as SQLite's driver gives them: SQLAlchemy takes longer over a row than
    the database does."""
    if connection.dialect.name != "sqlite":
        yield from stream(connection, query, parameters)
        return
    cursor = connection.execute(query, parameters or {}).cursor
    while rows := cursor.fetchmany(_AT_A_TIME):
        yield from rows


def about(
    connection: Connection, query: Select[Any], column: Column[Any], ids: Collection[int] | None
) -> Iterator[Any]:
    """The rows of a query whose ``column`` is one of ``ids``; None: all, and many."""
    if ids is None:
        return stream(connection, query)
    return iter(connection.execute(query.where(one_of(column, "ids")), {"ids": ids}).all())


def _begin_reading(dbapi_connection: PoolProxiedConnection) -> None:
    dbapi_connection.cursor().execute("PRAGMA query_only=ON")
    dbapi_connection.cursor().execute("BEGIN")
