"""Complaints that somebody has to deal with, each a case with a short number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, update

from bot.people import directory
from bot.store.ids import next_number
from bot.store.quick import once
from bot.store.tables import complaint_case, identity
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

NEAR = timedelta(days=1)
"""The longest time for which a complaint may silence its room."""


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint: ``interaction_id`` is the message, ``room_id`` None if it was made in private."""

    id: int
    number: int
    room_id: int | None
    identity_id: int
    interaction_id: int
    opened_at: datetime
    answered_at: datetime | None = None
    closed_at: datetime | None = None


def open_case(
    tx: Transaction, identity_id: int, room_id: int | None, interaction_id: int, at: datetime
) -> Case:
    number = next_number(tx.connection, "complaint")
    case = Case(tx.new_id(), number, room_id, identity_id, interaction_id, at)
    row = {"id": case.id, "number": number, "room_id": room_id, "identity_id": identity_id}
    values = {**row, "interaction_id": interaction_id, "opened_at": at}
    tx.connection.execute(insert(complaint_case).values(values))
    return case


def has_open_case(
    tx: Transaction, identity_id: int, room_id: int | None, at: datetime, within: timedelta
) -> bool:
    """Whether this person complained here not longer than ``within`` before ``at``, and it is not closed."""
    query = select(complaint_case.c.id).where(
        _OPEN,
        complaint_case.c.identity_id == identity_id,
        complaint_case.c.room_id.is_not_distinct_from(room_id),
        complaint_case.c.opened_at.between(at - within, at + within),
    )
    return tx.connection.execute(query.limit(1)).first() is not None


def open_cases(tx: Transaction, account: str) -> list[Case]:
    """Those that are not closed, by number."""
    query = _heard_by(account).where(_OPEN).order_by(complaint_case.c.number)
    return [_case(row) for row in tx.connection.execute(query)]


def numbered(tx: Transaction, number: int, account: str) -> Case | None:
    row = tx.connection.execute(_heard_by(account).where(complaint_case.c.number == number)).first()
    return None if row is None else _case(row)


def close(tx: Transaction, case: Case, member_id: int) -> None:
    """Whoever closes a case has answered it, if nobody did before."""
    closed = {"closed_at": tx.now, "closed_by": member_id, "answered_at": case.answered_at or tx.now}
    tx.connection.execute(update(complaint_case).where(complaint_case.c.id == case.id).values(closed))


def note_answer(tx: Transaction, room_id: int, at: datetime) -> None:
    """A human of ours said something in a room: the first that is said after a complaint is its answer."""
    tx.connection.execute(_ANSWER, {"here": room_id, "at": at})


def complained_at(tx: Transaction, room_id: int) -> Sequence[datetime]:
    """When the open cases of a room were opened, as far as that still matters."""
    asked = {"here": room_id, "since": tx.now - NEAR, "until": tx.now + NEAR}
    return list(tx.connection.scalars(_COMPLAINED_AT, asked))


def _heard_by(account: str) -> Select[*tuple[Any, ...]]:
    """The cases of those whom an account knows."""
    query = select(complaint_case).join(identity, identity.c.id == complaint_case.c.identity_id)
    return query.where(directory.is_known_to(account))


def _case(row: Row[*tuple[Any, ...]]) -> Case:
    ids = (row.id, row.number, row.room_id, row.identity_id, row.interaction_id)
    return Case(*ids, row.opened_at, row.answered_at, row.closed_at)


_OPEN = complaint_case.c.closed_at.is_(None)
_SINCE, _UNTIL, _AT = (bindparam(name, type_=UtcTime) for name in ("since", "until", "at"))
_HERE = _OPEN & (complaint_case.c.room_id == bindparam("here"))
_COMPLAINED_AT = once(
    select(complaint_case.c.opened_at).where(_HERE, complaint_case.c.opened_at.between(_SINCE, _UNTIL))
)
_ANSWER = once(
    update(complaint_case)
    .where(_HERE, complaint_case.c.answered_at.is_(None), complaint_case.c.opened_at <= _AT)
    .values(answered_at=_AT)
)
