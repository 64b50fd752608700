"""Tables of the members' rights: who is to be forgotten, who stays so, which files were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from bot.store.columns import moment, table_of

ERASED = "erased"
"""The source of the accounts of those who were forgotten."""


class Erasure(SQLModel, table=True):
    """That a member is to be forgotten at ``due_at``; the row goes once it is done."""

    __tablename__ = "erasure"
    member_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    due_at: datetime = moment(null=False)


class Tombstone(SQLModel, table=True):
    """The keyed hash of an account, or of a phone, that belonged to somebody who was forgotten."""

    __tablename__ = "tombstone"
    digest: str = Field(primary_key=True)
    at: datetime = moment(null=False)


class ExportFile(SQLModel, table=True):
    """A file with what is held about a member, until it is deleted."""

    __tablename__ = "export_file"
    name: str = Field(primary_key=True)
    member_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    until: datetime = moment(null=False)


erasure, tombstone, export_file = table_of(Erasure), table_of(Tombstone), table_of(ExportFile)
