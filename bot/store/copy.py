"""Moving everything from one database to another, of either kind: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, func, insert, select
from sqlalchemy.exc import DatabaseError, OperationalError

from bot.errors import StoreError
from bot.store import migrate, session, trouble
from bot.store.owner import owning
from bot.store.tables import metadata, room

BATCH = 5_000

Show = Callable[[str, int, int], None]
"""Is told the table, how many of its rows are there, and of how many."""


def copy(source: str, target: str, account: str, show: Show) -> int:
    """Copy all rows from the database at ``source``, as they are at one moment, to that at ``target``.

    Gives how many. Raises ``StoreError``, and leaves ``target`` without a row, where it is not empty, while a
    process runs on one of them, or if a row is missing in the end.
    """
    _refuse_missing(source)
    if source == target:
        raise StoreError("来源和目标是同一个数据库")
    with ExitStack() as stack:
        from_engine, to_engine = (stack.enter_context(_opened(url)) for url in (source, target))
        _make_tables(to_engine)
        for name in sorted(_accounts(from_engine) | {account}):
            for engine in (from_engine, to_engine):
                url = engine.url.render_as_string(hide_password=False)
                claim = stack.enter_context(owning(url, name))
                claim(stack.enter_context(engine.connect()))
        return _copy_all(from_engine, to_engine, show)


def snapshot(source: str, target: str) -> None:
    """The same with a database in which a process may be at work: ``target`` is old the next moment."""
    with _opened(source) as from_engine, _opened(target) as to_engine:
        _make_tables(to_engine)
        _accounts(from_engine)
        _copy_all(from_engine, to_engine, _to_nobody)


def _to_nobody(table: str, done: int, of: int) -> None:
    pass


def _copy_all(source: Engine, target: Engine, show: Show) -> int:
    with source.begin() as read, trouble.told(target.url), target.begin() as written:
        if read.dialect.name == "postgresql":  # as SQLite does: all tables as they are at one moment
            read.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        _check_empty(written)
        return sum(_copy_table(table, read, written, show) for table in metadata.sorted_tables)


def _refuse_missing(url: str) -> None:
    parsed = session.parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise StoreError(f"没有数据库文件 {parsed.database or url}")


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = session.open_engine(url)
    try:
        session.check(engine)
        yield engine
    finally:
        engine.dispose()


def _make_tables(target: Engine) -> None:
    """What has tables already stays as it is, and is refused if they are not the right ones."""
    with target.begin() as connection:
        is_new = migrate.revision(connection) is None
    if is_new:
        migrate.upgrade(target)


def _accounts(source: Engine) -> set[str]:
    """Whose processes may be at work there: those that have a room."""
    with source.begin() as connection:
        _check_revision(connection, "来源")
        return set(connection.scalars(select(room.c.account)))


def _check_empty(written: Connection) -> None:
    _check_revision(written, "目标")
    for table in metadata.sorted_tables:
        if count := _count(written, table):
            raise StoreError(f"目标数据库不是空的：{table.name} 里有 {count} 行。只往空的数据库里搬。")


def _check_revision(connection: Connection, which: str) -> None:
    if migrate.revision(connection) != migrate.head():
        raise StoreError(f"{which}数据库不是这个程序的版本，先对它做 bot db upgrade")


def _copy_table(table: Table, read: Connection, written: Connection, show: Show) -> int:
    """Copy in the order of the key, a batch at a time."""
    of, done = _count(read, table), 0
    in_order = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    with read.execute(in_order) as result:
        for batch in result.mappings().partitions():
            _write(table, written, [dict(row) for row in batch])
            done += len(batch)
            show(table.name, done, of)
    if _count(written, table) != of:
        raise StoreError(f"{table.name} 搬过去的行数对不上，什么都没搬")
    return of


def _write(table: Table, written: Connection, rows: list[dict[str, object]]) -> None:
    try:
        written.execute(insert(table), rows)
    except OperationalError:
        raise
    except DatabaseError as error:
        why = type(error.orig).__name__
        raise StoreError(f"{table.name} 里有一行目标数据库不收（{why}），什么都没搬") from error


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
