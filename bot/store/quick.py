"""Statements that are built once, and a connection to SQLite that runs them without SQLAlchemy's part.

Building a statement anew takes some 300 µs, SQLAlchemy's execution 130, SQLite five. What is asked for at
every message and step is therefore built when its module is loaded, with parameters, and marked by ``once``.
``Quick`` brings such a statement into the driver's form a single time and hands it to the driver. All else,
and everything on PostgreSQL, goes through SQLAlchemy as ever, with the same results.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, TypeVar, cast

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    ScalarResult,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import ReturnsRows

from bot.store import trouble

S = TypeVar("S", bound=Executable)
Convert = Callable[[Any], Any]
Make = Callable[[Sequence[Any]], Any]
Given = Mapping[str, Any]
_ONCE: set[Executable] = set()


def once(statement: S) -> S:
    """Mark a statement that lasts as long as the program; gives it back."""
    _ONCE.add(statement)
    return statement


class Quick(Connection):
    """A connection whose transactions run what is marked by ``once`` on SQLite's driver."""

    def execute(self, statement: Executable, parameters: Any = None, **options: Any) -> CursorResult[Any]:
        if statement not in _ONCE or not self._is_ours():
            return super().execute(statement, parameters, **options)
        prepared = _PREPARED.get(statement) or _prepare(self.dialect, statement)
        if isinstance(parameters, list):
            return self._many(prepared.sql, [prepared.values(given) for given in parameters])
        return self._run(prepared, parameters or {})

    def scalars(self, statement: Executable, parameters: Any = None, **options: Any) -> ScalarResult[Any]:
        return self.execute(statement, parameters, **options).scalars()

    def scalar(self, statement: Executable, parameters: Any = None, **options: Any) -> Any:
        return self.execute(statement, parameters, **options).scalar()

    def exec_driver_sql(self, statement: str, parameters: Any = None, **options: Any) -> CursorResult[Any]:  # type: ignore[override]
        if not isinstance(parameters, list) or not self._is_ours():
            return super().exec_driver_sql(statement, parameters, **options)
        return self._many(statement, parameters)

    def _is_ours(self) -> bool:
        return self.dialect.name == "sqlite" and self.in_transaction()

    @cached_property
    def _driver(self) -> sqlite3.Connection:
        """The same for life: SQLAlchemy connects anew where a server was lost, and SQLite has none."""
        return cast(sqlite3.Connection, self.connection.driver_connection)

    def _run(self, prepared: _Prepared, given: Given) -> CursorResult[Any]:
        try:
            cursor = self._driver.execute(prepared.sql, prepared.values(given))
            rows = cursor.fetchall() if prepared.make is not None else []
        except sqlite3.Error as error:
            self._fail(prepared.sql, error)
        return Found(prepared.rows(rows), cursor.rowcount)  # type: ignore[return-value]

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> CursorResult[Any]:
        try:
            return Found([], self._driver.executemany(sql, rows).rowcount)  # type: ignore[return-value]
        except sqlite3.Error as error:
            self._fail(sql, error)

    def _fail(self, sql: str, error: sqlite3.Error) -> NoReturn:
        """Raise what SQLAlchemy would; what lasts is a ``StoreError``."""
        trouble.raise_if_lasting(error, self.engine.url)
        told = DBAPIError.instance(
            sql, None, error, sqlite3.Error, hide_parameters=True, dialect=self.dialect
        )
        raise told from error


class Found:
    """What a statement gave: all of its rows, read already. As much of a ``CursorResult`` as is asked for."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        return self._rows

    def first(self) -> Any:
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        (row,) = self._rows
        return row

    def scalar(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalars(self) -> Found:
        return Found([row[0] for row in self._rows], self.rowcount)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement in the driver's form; without ``make`` it gives no rows."""

    sql: str
    parameters: Sequence[tuple[str, Convert | None]]
    fixed: Given
    """The values that the statement has itself, in the driver's form."""
    make: Make | None
    converted: Sequence[tuple[int, Convert]]

    def values(self, given: Given) -> list[Any]:
        fixed = self.fixed
        return [
            fixed[name] if name not in given else given[name] if convert is None else convert(given[name])
            for name, convert in self.parameters
        ]

    def rows(self, found: list[Any]) -> list[Any]:
        if self.make is None:
            return []
        if not self.converted:
            return [*map(self.make, found)]
        return [self.make(self._convert(row)) for row in found]

    def _convert(self, row: Sequence[Any]) -> list[Any]:
        values = [*row]
        for at, convert in self.converted:
            values[at] = convert(values[at])
        return values


_PREPARED: dict[Executable, _Prepared] = {}


def _prepare(dialect: Dialect, statement: Executable) -> _Prepared:
    """The same for all connections to SQLite, which are opened alike: no dialect is kept by it."""
    prepared = _PREPARED[statement] = _compiled(dialect, cast(ClauseElement, statement))
    return prepared


def _compiled(dialect: Dialect, statement: ClauseElement) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler), "it is no DDL"
    to_give = {name: None for name, value in compiled.params.items() if value is None}
    state = compiled.construct_expanded_state(to_give)
    own = {name: _to_driver(dialect, bound) for name, bound in compiled.binds.items()}
    convert = {**own, **state.processors}
    return _Prepared(
        state.statement,
        [(name, convert.get(name)) for name in state.positiontup or ()],
        {name: _converted(value, convert.get(name)) for name, value in state.parameters.items()},
        *_reading(dialect, statement),
    )


def _reading(dialect: Dialect, statement: ClauseElement) -> tuple[Make | None, list[tuple[int, Convert]]]:
    """What makes a row of a tuple, and how some of its values are converted before."""
    columns = statement.exported_columns if isinstance(statement, ReturnsRows) else None
    if not columns:
        return None, []
    named = namedtuple("Row", columns.keys(), rename=True)  # type: ignore[misc]
    converted = ((at, _from_driver(dialect, column)) for at, column in enumerate(columns.values()))
    return named._make, [(at, convert) for at, convert in converted if convert is not None]


def _converted(value: Any, convert: Convert | None) -> Any:
    return value if convert is None else convert(value)


def _to_driver(dialect: Dialect, bound: ColumnElement[Any]) -> Convert | None:
    return bound.type.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(dialect: Dialect, column: ColumnElement[Any]) -> Convert | None:
    return column.type.dialect_impl(dialect).result_processor(dialect, None)
