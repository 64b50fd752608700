"""What somebody may still do about a command of theirs: confirm it by a code, or undo it. Each once.

They are rows, so that they outlive the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from bot.store.tables import offer
from bot.store.transaction import Transaction

AnyRow = Row[*tuple[Any, ...]]
CONFIRM_WITHIN, UNDO_WITHIN = timedelta(minutes=5), timedelta(minutes=10)
MOST_WRONG = 3
"""So many wrong codes spend what waits for the right one."""


class OfferKind(StrEnum):
    CONFIRM = "confirm"
    UNDO = "undo"


class NotTaken(Enum):
    """Why a code does nothing."""

    NOTHING_WAITS = "nothing waits for a code here"
    WRONG = "no code of theirs; they may try again"
    SPENT = "it was wrong too often"
    USED = "it was used"
    LATE = "its time is over"
    FOREIGN = "it was given to somebody else, or elsewhere"


@dataclass(frozen=True, slots=True)
class Whose:
    """Somebody in a chat; in private where there is no room."""

    account: str
    identity_id: int
    room_id: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """``args`` are those of ``command``, which made it."""

    id: int
    command: str
    args: Mapping[str, Any]


def to_confirm(tx: Transaction, whose: Whose, command: str, args: Mapping[str, Any], code: str) -> None:
    until = tx.now + CONFIRM_WITHIN
    _make(tx, whose, kind=OfferKind.CONFIRM, command=command, args=args, code=code, until=until)


def to_undo(tx: Transaction, whose: Whose, command: str, args: Mapping[str, Any]) -> None:
    _make(tx, whose, kind=OfferKind.UNDO, command=command, args=args, until=tx.now + UNDO_WITHIN)


def _make(tx: Transaction, whose: Whose, **values: object) -> None:
    place = {"account": whose.account, "identity_id": whose.identity_id, "room_id": whose.room_id}
    tx.connection.execute(insert(offer).values(id=tx.new_id(), wrong=0, **place, **values))


def take(tx: Transaction, whose: Whose, code: str, command: str | None = None) -> Offer | NotTaken:
    """What waits for this code (of ``command``, or whatever it is), which is used by that; a wrong one counts
    against all that waits here."""
    query = select(offer).where(offer.c.account == whose.account, offer.c.code == code)
    if command is not None:
        query = query.where(offer.c.command == command)
    bearing = tx.connection.execute(query.order_by(offer.c.id.desc())).all()
    mine = [row for row in bearing if (row.identity_id, row.room_id) == (whose.identity_id, whose.room_id)]
    if not mine:
        return _miss(tx, whose) or (NotTaken.FOREIGN if bearing else NotTaken.NOTHING_WAITS)
    found = next((row for row in mine if row.used_at is None), mine[0])
    if found.used_at is not None:
        return NotTaken.SPENT if found.wrong >= MOST_WRONG else NotTaken.USED
    if found.until < tx.now:
        return NotTaken.LATE
    use(tx, found.id)
    return Offer(found.id, found.command, found.args)


def withdraw(tx: Transaction, whose: Whose, given_at: datetime) -> None:
    """A command that was given then was taken back: what still waits for a code because of it is gone."""
    here = (offer.c.account == whose.account) & (offer.c.room_id.is_not_distinct_from(whose.room_id))
    theirs = (offer.c.identity_id == whose.identity_id) & (offer.c.kind == OfferKind.CONFIRM)
    of_then = (offer.c.until == given_at + CONFIRM_WITHIN) & offer.c.used_at.is_(None)
    tx.connection.execute(delete(offer).where(here, theirs, of_then))


def _miss(tx: Transaction, whose: Whose) -> NotTaken | None:
    """A code that is none of theirs; None: they wait for none."""
    here = (offer.c.account == whose.account) & (offer.c.room_id.is_not_distinct_from(whose.room_id))
    waiting = _open(tx, whose, here & (offer.c.kind == OfferKind.CONFIRM))
    for row in waiting:
        tx.connection.execute(update(offer).where(offer.c.id == row.id).values(wrong=row.wrong + 1))
        if row.wrong + 1 >= MOST_WRONG:
            use(tx, row.id)
    if not waiting:
        return None
    return NotTaken.SPENT if all(row.wrong + 1 >= MOST_WRONG for row in waiting) else NotTaken.WRONG


def last_to_undo(tx: Transaction, whose: Whose) -> Offer | None:
    """What somebody did last, wherever, and may still undo."""
    found = _open(tx, whose, (offer.c.account == whose.account) & (offer.c.kind == OfferKind.UNDO))
    return Offer(found[-1].id, found[-1].command, found[-1].args) if found else None


def _open(tx: Transaction, whose: Whose, which: ColumnElement[bool]) -> Sequence[AnyRow]:
    theirs = (offer.c.identity_id == whose.identity_id) & offer.c.used_at.is_(None)
    query = select(offer).where(which, theirs, offer.c.until >= tx.now)
    return tx.connection.execute(query.order_by(offer.c.id)).all()


def use(tx: Transaction, offer_id: int) -> None:
    """It is never good again, and what it was about is not kept longer than that."""
    tx.connection.execute(update(offer).where(offer.c.id == offer_id).values(used_at=tx.now, args={}))
