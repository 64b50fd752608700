"""Opening the database: engines, pragmas, and the few statements that the two dialects spell differently."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    PoolProxiedConnection,
    Table,
    Update,
    bindparam,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from bot.errors import StoreError
from bot.store import trouble
from bot.store.quick import once
from bot.store.types import Many, as_json, of_json

Row = Mapping[str, Any]
Insert = postgresql.Insert | sqlite.Insert
_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR")
_PASSING_STATES = ("08", "40", "53", "55P03", "57P", "58")
"""PostgreSQL's connection lost, deadlock or serialization, out of resources, locked, shutting down, disk."""
STATEMENTS = 500
"""How many the driver keeps prepared: more than are ever marked by ``once``."""
_DETAILS = re.compile(r"\n(?:DETAIL|CONTEXT):")
_JSON: Mapping[str, Any] = {"json_serializer": as_json, "json_deserializer": of_json}
_LINK = {"connect_timeout": "5", "keepalives_idle": "30", "tcp_user_timeout": "15000"}
"""libpq's own wait for minutes for a server that went away without a word; the URL may say otherwise."""


def open_engine(url: str | URL) -> Engine:
    """An engine for ``url``, that names no parameters in its errors (they may be what members wrote).

    A SQLite file's folder is made where it does not exist.
    Raises ``StoreError`` where the URL is wrong or the folder cannot be made.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return _open_server(parsed)
    if parsed.get_backend_name() != "sqlite":
        raise StoreError("DATABASE_URL 只能是 sqlite:///文件 或 postgresql://用户:密码@地址/库名")
    if parsed.database:
        make_folder(Path(parsed.database).parent)
    options = {"check_same_thread": False, "cached_statements": STATEMENTS}
    engine = create_engine(parsed, hide_parameters=True, connect_args=options, **_JSON)
    event.listen(engine, "connect", _prepare_sqlite)
    engine.dialect.do_begin = _begin_immediate  # type: ignore[method-assign]
    event.listen(engine, "handle_error", trouble.raise_lasting)
    return engine


def is_in_memory(url: URL) -> bool:
    """Whether the database is one connection's, and nobody else's."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def parse_url(url: str | URL) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise StoreError("DATABASE_URL 写得不对，要写成 sqlite:///data/bot.db 这样") from error


def _open_server(url: URL) -> Engine:
    link = {name: value for name, value in _LINK.items() if name not in url.query}
    psycopg = url.set(drivername="postgresql+psycopg")
    engine = create_engine(psycopg, hide_parameters=True, pool_pre_ping=True, connect_args=link, **_JSON)
    event.listen(engine, "handle_error", _cut_details)
    return engine


def _cut_details(context: ExceptionContext) -> None:
    """What PostgreSQL adds to an error quotes what was to be written, which may be what members wrote."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(_DETAILS.split(str(arg), 1)[0] for arg in error.args)


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
    cursor.execute(f"PRAGMA busy_timeout={trouble.BUSY_TIMEOUT * 1000:.0f}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")  # words that went; some builds' default
    cursor.close()


def throw_away(engine: Engine) -> None:
    """Nothing in this database has to outlive the machine, so nobody waits for the disk."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_the_disk)


def _without_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _begin_immediate(dbapi_connection: PoolProxiedConnection) -> None:
    """In the dialect's place: a listener would have SQLAlchemy look for listeners at every statement."""
    dbapi_connection.cursor().execute("BEGIN IMMEDIATE")


def check(engine: Engine) -> None:
    """Raise ``StoreError`` where the database cannot be opened, takes no writing, or is none."""
    with trouble.told(engine.url), engine.begin() as connection:
        if engine.dialect.name == "sqlite":  # only a write finds that none is taken, or that the disk is full
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version={version}")


def is_passing(error: OperationalError) -> bool:
    """Whether it may go well later: the database is locked, full or away, or two processes met in it."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", "")  # None: PostgreSQL could not be reached
    name = getattr(error.orig, "sqlite_errorname", "")
    return state is None or state.startswith(_PASSING_STATES) or name.startswith(_PASSING)


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert ``rows`` but for those whose key is there already; gives how many are new.

    The hot path: in driver SQL, because SQLAlchemy takes longer over a row than the database does.
    """
    new = 0
    for names, alike in _by_columns(rows).items():
        prepared = _prepare(connection.dialect, table, names)
        new += connection.exec_driver_sql(prepared.sql, prepared.parameters(alike)).rowcount
    return new


def insert_whole(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows of all the columns of ``table`` in their order, as the driver takes them."""
    if rows:
        prepared = _prepare(connection.dialect, table, tuple(table.c.keys()))
        given = tuple(map(list, zip(*rows, strict=True))) if prepared.unnest else rows
        connection.exec_driver_sql(prepared.sql, given)


def _by_columns(rows: Sequence[Row]) -> dict[tuple[str, ...], list[Row]]:
    """The rows, those that have the same columns together."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row), []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An insert in driver SQL, that takes the values of each column from the rows.

    PostgreSQL is given an array for each column (``unnest``): one round trip for all rows, and one statement
    for any number of them.
    """

    sql: str
    columns: Sequence[Callable[[Sequence[Row]], list[Any]]]
    unnest: bool

    def parameters(self, rows: Sequence[Row]) -> Any:
        columns = [values(rows) for values in self.columns]
        return tuple(columns) if self.unnest else list(zip(*columns, strict=True))


_PREPARED: dict[tuple[str, Table, tuple[str, ...]], _Prepared] = {}


def _prepare(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared:
    """The same for all connections of a kind, which are opened alike: no dialect is kept by it."""
    key = (dialect.name, table, names)
    found = _PREPARED.get(key)
    if found is None:
        found = _PREPARED[key] = _made(dialect, table, names)
    return found


def _made(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Prepared:
    columns = [column for column in table.c if column.name in names or _has_default(column)]
    quote = dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(quote(column.name) for column in columns)})"
    values = [_values(dialect, column, column.name in names) for column in columns]
    unnest = dialect.name == "postgresql"
    if unnest:
        arrays = ", ".join(f"%s::{column.type.compile(dialect)}[]" for column in columns)
        rows = f"SELECT * FROM unnest({arrays})"
    else:
        rows = f"VALUES ({', '.join('?' * len(columns))})"
    return _Prepared(f"INSERT INTO {into} {rows} ON CONFLICT DO NOTHING", values, unnest)


def _has_default(column: Column[Any]) -> bool:
    return isinstance(column.default, ScalarElementColumnDefault)


def _values(dialect: Dialect, column: Column[Any], given: bool) -> Callable[[Sequence[Row]], list[Any]]:
    """Takes a column's values from rows, or its default where it is not ``given``, in the driver's form."""
    name, convert = column.name, column.type.dialect_impl(dialect).bind_processor(dialect)
    if not given:
        assert isinstance(column.default, ScalarElementColumnDefault)
        default = column.default.arg if convert is None else convert(column.default.arg)
        return lambda rows: [default] * len(rows)
    if convert is None:
        return lambda rows: [row[name] for row in rows]
    return lambda rows: _convert(convert, [row[name] for row in rows])


def _convert(convert: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Convert each object once: the rows of a batch share their moments, and what is the same for most."""
    done: dict[int, Any] = {}
    return [
        done[key] if (key := id(value)) in done else done.setdefault(key, convert(value)) for value in values
    ]


def upsert(connection: Connection, table: Table, rows: Sequence[Row], key: Sequence[str]) -> None:
    """Insert ``rows``, or set the other columns of those whose ``key`` is there; in key order."""
    if not rows:
        return
    rows = sorted(rows, key=lambda row: [row[name] for name in key])
    statement = _upsert(connection.dialect.name, table, tuple(rows[0]), tuple(key))
    connection.execute(statement, [_new(row) for row in rows])


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...], key: tuple[str, ...]) -> Insert:
    insert = _insert(dialect, table).values(_defaults(table) | _given(table, names))
    changed = {name: insert.excluded[name] for name in names if name not in key}
    return once(insert.on_conflict_do_update(index_elements=list(key), set_=changed))


def _new(row: Row) -> dict[str, Any]:
    """The parameters for ``_given``."""
    return {f"new_{name}": value for name, value in row.items()}


def _given(table: Table, names: Sequence[str]) -> dict[str, Any]:
    """Values for a statement, to be given by ``_new``."""
    return {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}


def _defaults(table: Table) -> dict[str, Any]:
    defaults = {column.name: column.default for column in table.c}
    return {name: it.arg for name, it in defaults.items() if isinstance(it, ScalarElementColumnDefault)}


def update_by_id(connection: Connection, table: Table, id: int, values: Row) -> None:
    """Set these columns of a row."""
    connection.execute(_update_by_id(table, tuple(values)), {"this": id, **_new(values)})


@cache
def _update_by_id(table: Table, names: tuple[str, ...]) -> Update:
    return once(table.update().where(table.c.id == bindparam("this")).values(_given(table, names)))


def count_up(
    connection: Connection, table: Table, key: Row, column: str, *, by: int = 1, first: int = 1
) -> int:
    """Add ``by`` to the number at ``key``, or begin at ``first``; gives it, whoever else is counting."""
    counted = _count_up(connection.dialect.name, table, tuple(key), column, by)
    return int(connection.execute(counted, _new({**key, column: first})).scalar_one())


@cache
def _count_up(dialect: str, table: Table, key: tuple[str, ...], column: str, by: int) -> ReturningInsert[Any]:
    insert = _insert(dialect, table).values(_given(table, (*key, column)))
    counted = insert.on_conflict_do_update(index_elements=list(key), set_={column: table.c[column] + by})
    return once(counted.returning(table.c[column]))


def one_of(column: Column[Any], name: str) -> ColumnElement[bool]:
    """Whether ``column`` is among the values of the parameter ``name``.

    ``column IN (…)`` as a statement that is the same for any number of values: made, and planned, once.
    """
    return column.op("IN", is_comparison=True)(_each(bindparam(name, type_=Many(column.type))))


class _each(FunctionElement[Any]):
    """The values in a parameter, as a subquery."""

    inherit_cache = True


@compiles(_each, "sqlite")
def _each_in_json(element: _each, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT value FROM json_each{compiler.process(element.clause_expr, **more)})"


@compiles(_each, "postgresql")
def _each_in_array(element: _each, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT unnest{compiler.process(element.clause_expr, **more)})"


def _insert(dialect: str, table: Table) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Keep or undo what is done inside; driver SQL, because ``begin_nested`` costs 13 % of the hot path."""
    _run(connection, "SAVEPOINT step")
    try:
        yield
    except BaseException:
        if _is_open(connection):
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT step")
            connection.exec_driver_sql("RELEASE SAVEPOINT step")
        raise
    _run(connection, "RELEASE SAVEPOINT step")


def _run(connection: Connection, sql: str) -> None:
    """A statement that touches no row, and on SQLite no disk: there SQLAlchemy would only wrap what does
    not fail, for 5 % of the hot path."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.execute(sql)
    else:
        connection.exec_driver_sql(sql)


def _is_open(connection: Connection) -> bool:
    """Whether there is a transaction still: a lost connection and a full disk take all of it with them."""
    if connection.invalidated or connection.dialect.name != "sqlite":
        return not connection.invalidated
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)
