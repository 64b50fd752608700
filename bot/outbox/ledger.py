"""What the guard has to know of a message and of what was before it, read from the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select, text, type_coerce

from bot.outbox import restraints, talk
from bot.outbox.queue import Intent, Kind, Priority, State
from bot.outbox.rules import Begun, Candidate, Ledger, Rule, Rules
from bot.people import cases, consent
from bot.store.quick import once
from bot.store.tables import BEGUN, identity, interaction, member, outgoing, room
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
Asked = AnyRow | SimpleNamespace
"""A row of the outbox, or what would be one."""
COUNTED = (State.SENDING, State.SENT, State.UNKNOWN)
"""What may have reached people counts as sent."""
LOOKS_BACK = timedelta(days=31)
"""As far as the longest budget, a calendar month, goes."""


def candidate(row: Asked, rules: Rules) -> Candidate:
    """What repeats members' words is not judged by them: they may say what they paid."""
    words = row.payload["text"] if row.kind == Kind.TEXT else ""
    ours = row.intent != Intent.SERVICE and not row.payload.get("quotes")
    return Candidate(
        Intent(row.intent),
        is_private=row.room_id is None,
        answers_at=row.answers_at,
        is_alarm=row.priority == Priority.ALARM,
        sells=ours and rules.sells(words),
        at_all=_calls_everybody(row.payload),
        continues=row.sequence > 0,
        asked_as=row.run_id or row.post_id,
    )


def ledger(tx: Transaction, row: Asked, message: Candidate) -> Ledger:
    """What counts for this row of the outbox; nothing where no rule could ask for it."""
    if not message.begins:
        return Ledger()
    in_force = restraints.on(tx, row.account, row.sop_id, row.room_id)
    if row.room_id is not None:
        return _of_room(tx, row, message, in_force)
    if row.identity_id is None:
        return Ledger(restraints=in_force)
    return _of_member(tx, row, in_force) if message.counts else Ledger(restraints=in_force)


def _of_room(
    tx: Transaction, row: Asked, message: Candidate, in_force: Mapping[Rule, datetime | None]
) -> Ledger:
    complaints = cases.complained_at(tx, row.room_id)
    if not message.counts or message.continues:
        return Ledger(complaints=complaints, restraints=in_force)
    here = tx.connection.execute(_ROOM, {"here": row.room_id}).one()
    since, until = tx.now - LOOKS_BACK, tx.now + LOOKS_BACK
    asked = {"here": row.room_id, "but": row.post_id, "since": since, "until": until}
    ours = [_begun(it) for it in tx.connection.execute(_BEGUN_IN_ROOM, asked)]
    return Ledger(
        begun=[*ours, *talk.posts_by_hand(tx, row.room_id, since, until)],
        complaints=complaints,
        restraints=in_force,
        new_at=here.enabled_at,
        heard_at=here.heard_at,
        gift_at=here.gift_at,
        lull_since=_held_since(tx, row, Rule.LULL),
    )


def begun_in(tx: Transaction, room_id: int, since: datetime, until: datetime) -> list[Begun]:
    """What the bot began in a room between two moments."""
    asked = {"here": room_id, "but": 0, "since": since, "until": until}
    return [_begun(it) for it in tx.connection.execute(_BEGUN_IN_ROOM, asked)]


def _of_member(tx: Transaction, row: Asked, in_force: Mapping[Rule, datetime | None]) -> Ledger:
    """What we began with this person, from whatever account, under whichever identity."""
    member_id = tx.connection.execute(_MEMBER, {"who": row.identity_id}).scalar()
    asked = {
        "whose": member_id,
        "but": row.post_id,
        "since": tx.now - LOOKS_BACK,
        "until": tx.now + LOOKS_BACK,
    }
    begun = [_begun(it) for it in tx.connection.execute(_BEGUN_WITH_MEMBER, asked)]
    return Ledger(
        opted_out=member_id is not None and bool(consent.opted_out(tx, [member_id])),
        begun=begun,
        restraints=in_force,
        new_at=tx.now,  # a member always has the credit
    )


def _begun(row: AnyRow) -> Begun:
    return Begun(row.at, Intent(row.intent), row.run_id or row.post_id, _calls_everybody(row.payload))


def _calls_everybody(payload: Mapping[str, Any]) -> bool:
    """What only looks as if it did, counts as well."""
    return "at_all" in payload or talk.calls_everybody(payload["text"])


def _held_since(tx: Transaction, row: Asked, rule: Rule) -> datetime | None:
    """When this row was first held back by ``rule``."""
    asked = {"from": f"outbox:{row.account}", "held": f"{row.id}:{rule}:{State.QUEUED}"}
    return tx.connection.execute(_HELD_SINCE, asked).scalar()


def _begun_query(place: ColumnElement[bool]) -> Select[Any]:
    """What we began there, but for the post that is asked about, which may have been tried before.

    Posts count, not their parts: the first stands for all. The words of the partial index are its own: with
    parameters in their place SQLite does not see that it may use it, and reads all that was ever sent.
    """
    since, until = (bindparam(name, type_=UtcTime) for name in ("since", "until"))
    at = func.max(outgoing.c.sending_at).over(partition_by=outgoing.c.post_id)
    first = func.row_number().over(partition_by=outgoing.c.post_id, order_by=outgoing.c.sequence)
    columns = (outgoing.c.post_id, outgoing.c.intent, outgoing.c.run_id, outgoing.c.payload)
    parts = (
        select(*columns, type_coerce(at, UtcTime).label("at"), first.label("first"))
        .where(place, text(BEGUN), outgoing.c.state.in_(COUNTED))
        .where(outgoing.c.post_id != bindparam("but"), outgoing.c.sending_at.between(since, until))
        .subquery()
    )
    return select(parts).where(parts.c.first == 1)


_ROOM = once(select(room.c.enabled_at, room.c.heard_at, room.c.gift_at).where(room.c.id == bindparam("here")))
_HELD_SINCE = once(
    select(interaction.c.occurred_at).where(
        interaction.c.source == bindparam("from"),
        interaction.c.source_id == bindparam("held"),
        interaction.c.name == "send_suppressed",
    )
)
# On PostgreSQL accounts ask one after the other, so that together they keep to what a member wants.
_MEMBER = once(
    select(member.c.id)
    .select_from(member.join(identity, identity.c.member_id == member.c.id))
    .where(identity.c.id == bindparam("who"))
    .with_for_update(of=member)
)
_THEIRS = select(identity.c.id).where(identity.c.member_id == bindparam("whose"))
_BEGUN_IN_ROOM = once(_begun_query(outgoing.c.room_id == bindparam("here")))
_BEGUN_WITH_MEMBER = once(_begun_query(outgoing.c.identity_id.in_(_THEIRS) & outgoing.c.room_id.is_(None)))
