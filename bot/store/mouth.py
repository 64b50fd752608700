"""Tables of word of mouth: the codes by which members bring others, and whom to thank for what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.columns import json, link, moment, row_id, table_of


class InviteCode(SQLModel, table=True):
    """What a member gives to those whom they bring; who was merged keeps their own."""

    __tablename__ = "invite_code"
    code: str = Field(primary_key=True)
    member_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    at: datetime = moment(null=False)


class Thanks(SQLModel, table=True):
    """That a member is to be thanked at an ``occasion``; ``number`` is what operators type.

    ``reasons`` are facts: what they did, how often, from when to when. ``state`` is proposed, approved, sent
    or dropped, since ``changed_at``, by ``changed_by``. For ``apart`` days nobody is thanked again.
    """

    __tablename__ = "thanks"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("occasion", "member_id"),
        Index("ix_thanks_member_id", "member_id"),
    )
    id: int = row_id()
    number: int
    occasion: str
    member_id: int = link(null=False)
    reasons: list[dict[str, Any]] = json()
    apart: int
    state: str
    at: datetime = moment(null=False)
    changed_at: datetime = moment(null=False)
    changed_by: int | None = link()


invite_code, thanks = table_of(InviteCode), table_of(Thanks)
