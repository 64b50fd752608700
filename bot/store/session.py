"""Opening the database: engines, pragmas, and the few statements that the two dialects spell differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from bot.errors import StoreError

Row = Mapping[str, Any]
_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR")


def open_engine(url: str) -> Engine:
    """An engine for ``url``, that names no parameters in its errors (they may be what members wrote).

    A SQLite file's folder is made where it does not exist.
    Raises ``StoreError`` where the URL is wrong or the folder cannot be made.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _open_server(parsed)
    if parsed.database:
        make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def parse_url(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise StoreError("DATABASE_URL 写得不对，要写成 sqlite:///data/bot.db 这样") from error


def _open_server(url: URL) -> Engine:
    try:
        return create_engine(url, hide_parameters=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(f"连 {url.get_backend_name()} 缺少 Python 驱动：{error}") from error


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"数据库的文件夹 {folder} 建不起来：{error.strerror}") from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Autocommit on the driver's side: transactions are opened by _begin_immediate alone. The driver's
    # own default opens them late, so that a savepoint that comes first is committed with its release.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def check(engine: Engine) -> None:
    """Raise ``StoreError`` where the database cannot be opened, or is none."""
    try:
        with engine.connect():
            pass
    except DatabaseError as error:
        raise StoreError(f"数据库打不开（{engine.url.render_as_string()}）：{error.orig}") from error


def is_passing(error: OperationalError) -> bool:
    """Whether it may go well later: the database is locked, full or away."""
    name = getattr(error.orig, "sqlite_errorname", "")
    return error.connection_invalidated or name.startswith(_PASSING)


def insert_new(connection: Connection, table: Table, rows: Sequence[Row], *returning: str) -> list[Any]:
    """Insert ``rows`` but for those whose key is there already; gives the columns of what is new."""
    if not rows:
        return []
    insert = _insert(connection, table).on_conflict_do_nothing()
    if not returning:
        connection.execute(insert, rows)
        return []
    statement = insert.returning(*(table.c[name] for name in returning))
    return list(connection.execute(statement, rows).all())


def upsert(connection: Connection, table: Table, rows: Sequence[Row], key: Sequence[str]) -> None:
    """Insert ``rows``, or set the other columns of those whose ``key`` is there; in key order."""
    if not rows:
        return
    rows = sorted(rows, key=lambda row: [row[name] for name in key])
    insert = _insert(connection, table)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in key}
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=changed), rows)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Keep or undo what is done inside; driver SQL, because ``begin_nested`` costs 13 % of the hot path."""
    connection.exec_driver_sql("SAVEPOINT step")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT step")
        raise
    finally:
        connection.exec_driver_sql("RELEASE SAVEPOINT step")
