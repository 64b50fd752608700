"""Tables of benefits: the ledger of what members may use, and what they spend in the shop.

Days are local days of the community, as numbers since 1970.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.columns import link, moment, row_id, table_of


class BenefitEntry(SQLModel, table=True):
    """A step of a lot: what one rule gave one member for one period. ``nth`` counts the steps, so that two
    who write at once cannot both; ``balance`` is the sum of the amounts so far, and never below nothing.

    ``ends`` is the last day as it was granted, ``until`` as it stands (None: none); ``cost`` is what one use
    costs, in cents; ``undoes`` is the entry that this one takes back.
    """

    __tablename__ = "benefit_entry"
    __table_args__ = (
        UniqueConstraint("rule", "member_id", "period", "nth"),
        UniqueConstraint("undoes"),
        CheckConstraint("balance >= 0", name="not_negative"),
        Index("ix_benefit_entry_member_id", "member_id"),
    )
    id: int = row_id()
    member_id: int = link(null=False)
    rule: str
    period: str
    nth: int
    kind: str
    name: str
    amount: int
    balance: int
    ends: int | None = None
    until: int | None = None
    cost: int
    at: datetime = moment(null=False)
    event_id: int | None = link()
    undoes: int | None = link()


class Spending(SQLModel, table=True):
    """What a member's orders of twelve months are worth to us, and their purchase grade by that."""

    __tablename__ = "spending"
    member_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    grade: int


benefit_entry, spending = table_of(BenefitEntry), table_of(Spending)
