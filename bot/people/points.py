"""The ledger of contribution: what an interaction earned by which rule, once, and what was taken back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, select

from bot.store.quick import once
from bot.store.session import insert_new, one_of
from bot.store.tables import identity, score_entry
from bot.store.transaction import Transaction

Dimension = Literal["参与", "创作", "互助", "传播", "共建"]
REVERSED = ":reversed"


@dataclass(frozen=True, slots=True)
class Entry:
    """Points that ``rule`` gives for the interaction ``event`` of whoever uses ``identity_id``."""

    identity_id: int
    rule: str
    event: int
    dimension: Dimension
    points: float
    programme_id: str | None = None
    at: datetime | None = None
    """When it was earned; None: now."""


def give(tx: Transaction, entry: Entry) -> bool:
    """Write ``entry``; False if ``rule`` gave some for this event before, so that replays add nothing."""
    return insert_new(tx.connection, score_entry, [_row(tx, entry)]) > 0


def reverse(tx: Transaction, rule: str, event: int) -> bool:
    """Write the equal negative row of what ``rule`` gave for ``event``, once; False if there is none.

    It stands at the same moment, so that both fade alike.
    """
    mine = (score_entry.c.rule == rule) & (score_entry.c.event_id == event)
    row = tx.connection.execute(select(score_entry).where(mine)).first()
    if row is None:
        return False
    taken = f"{rule}{REVERSED}"
    entry = Entry(row.identity_id, taken, event, row.dimension, -row.points, row.programme_id, row.at)
    return give(tx, entry)


def standing(tx: Transaction, rule: str, events: Collection[int]) -> list[int]:
    """Those of ``events`` for which ``rule`` gave points that were not taken back."""
    asked = {"rule": rule, "taken": f"{rule}{REVERSED}", "events": events}
    return list(tx.connection.scalars(_STANDING, asked))


_here = one_of(score_entry.c.event_id, "events")
_TAKEN = select(score_entry.c.event_id).where(score_entry.c.rule == bindparam("taken"), _here)
_STANDING = once(
    select(score_entry.c.event_id).where(
        score_entry.c.rule == bindparam("rule"), _here, score_entry.c.event_id.not_in(_TAKEN)
    )
)


def of(tx: Transaction, member_id: int) -> float:
    """What a person's entries come to, without decay."""
    joined = score_entry.join(identity, identity.c.id == score_entry.c.identity_id)
    query = select(func.sum(score_entry.c.points)).select_from(joined)
    return float(tx.connection.execute(query.where(identity.c.member_id == member_id)).scalar() or 0)


def _row(tx: Transaction, entry: Entry) -> dict[str, object]:
    return {
        "id": tx.new_id(),
        "identity_id": entry.identity_id,
        "rule": entry.rule,
        "event_id": entry.event,
        "dimension": entry.dimension,
        "points": entry.points,
        "at": entry.at or tx.now,
        "programme_id": entry.programme_id,
    }
