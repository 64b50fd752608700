"""What the tables are made of: columns that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Table, text
from sqlmodel import Field, SQLModel

from bot.store.types import Json, UtcTime

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def row_id() -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def link(*, null: bool = True) -> Any:
    """An id of another row; no foreign key, because the log outlives what it points to."""
    return Field(default=None, sa_column=Column(BigInteger, nullable=null))


def moment(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcTime, nullable=null))


def json() -> Any:
    return Field(default_factory=dict, sa_column=Column(Json, nullable=False))


def where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def table_of(model: type[SQLModel]) -> Table:
    table = metadata.tables[str(model.__tablename__)]
    assert isinstance(table, Table)
    return table
