"""What the guard has to know of a message and of what was sent before it, read from the record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, type_coerce

from bot.outbox.guard import BUDGETED, WEEK, Candidate, Ledger, is_silenced_by_complaints
from bot.outbox.queue import Intent, Priority, State
from bot.people import cases, consent
from bot.store.tables import identity, member, outgoing
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
COUNTED = (State.SENDING, State.SENT, State.UNKNOWN)
"""What may have reached people counts as sent."""


def candidate(row: AnyRow) -> Candidate:
    is_alarm = row.priority == Priority.ALARM
    return Candidate(Intent(row.intent), row.room_id is None, row.answers_at, is_alarm)


def ledger(tx: Transaction, row: AnyRow) -> Ledger:
    """What counts for this row of the outbox; nothing where no rule could ask for it."""
    if row.room_id is not None:
        silenced = is_silenced_by_complaints(candidate(row))
        return Ledger(complaints=cases.complained_at(tx, row.room_id)) if silenced else Ledger()
    if row.identity_id is None or row.intent not in BUDGETED:
        return Ledger()
    member_id = tx.connection.execute(_MEMBER, {"who": row.identity_id}).scalar()
    return Ledger(
        opted_out=member_id is not None and bool(consent.opted_out(tx, [member_id])),
        private_sends=_private_sends(tx, member_id, row.post_id),
    )


def _private_sends(tx: Transaction, member_id: int | None, but: int) -> list[datetime]:
    """When we wrote to this person of our own accord, from whatever account, under whichever identity.

    Posts count, not their parts; ``but`` is the one that is asked about, which may have been tried before.
    """
    asked = {"whose": member_id, "but": but, "since": tx.now - WEEK, "until": tx.now + WEEK}
    return list(tx.connection.scalars(_PRIVATE_SENDS, asked))


def _private_sends_query() -> Select[Any]:
    theirs = select(identity.c.id).where(identity.c.member_id == bindparam("whose"))
    since, until = (bindparam(name, type_=UtcTime) for name in ("since", "until"))
    last = func.max(outgoing.c.sending_at)
    query = select(type_coerce(last, UtcTime)).group_by(outgoing.c.post_id)
    return query.where(
        outgoing.c.identity_id.in_(theirs),
        outgoing.c.room_id.is_(None),
        outgoing.c.intent.in_(sorted(BUDGETED)),
        outgoing.c.state.in_(COUNTED),
        outgoing.c.post_id != bindparam("but"),
        outgoing.c.sending_at.between(since, until),
    )


# On PostgreSQL accounts ask one after the other, so that together they keep to what a member wants.
_MEMBER = (
    select(member.c.id)
    .select_from(member.join(identity, identity.c.member_id == member.c.id))
    .where(identity.c.id == bindparam("who"))
    .with_for_update(of=member)
)
_PRIVATE_SENDS = _private_sends_query()
