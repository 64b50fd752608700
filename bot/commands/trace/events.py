"""What the record says of an event: its own row, and all that names it as its cause. Nothing is stored for it
beside these rows (``docs/adr/0014…``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, String, cast, select

from bot.outbox.queue import Kind
from bot.store.tables import (
    complaint_case,
    failure,
    identity,
    interaction,
    media,
    member,
    outgoing,
    room,
    run,
    score_entry,
    texts,
    wait,
)
from bot.store.transaction import Transaction

AnyRow = Row[*tuple[Any, ...]]
DEEPEST = 8
"""How far what follows from what follows is looked for."""
REPEATED_WITHIN = timedelta(days=31)
"""For so long a message may repeat the words of another, as a digest does."""
_TOLD_BY_OUTBOX = ("content_sent", "send_suppressed", "member_invited")


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that followed: a ``record``, a ``message``, ``points``, a ``failure``, a ``complaint``, a
    ``run`` that waits, or a ``picture``.

    ``name`` is its own: of the interaction, of the message's intent, of the rule of the points, of the error
    …; ``rule`` holds or held a message back, ``until`` is when it is looked at again, or the run woken.
    """

    what: str
    id: int
    at: datetime
    sop: str | None = None
    name: str = ""
    member: int | None = None
    room: str | None = None
    state: str = ""
    rule: str = ""
    points: float | None = None
    until: datetime | None = None


def find(tx: Transaction, account: str, number: int) -> AnyRow | None:
    """The event of this number, with where, who and what was said; None: this account has none."""
    row = tx.connection.execute(_EVENTS.where(interaction.c.id == number)).first()
    if row is None:
        return None
    known_to = row.known_at.partition(":")[2] if row.known_at else account
    return row if account == (row.heard_by or known_to) else None


def cause_of(tx: Transaction, account: str, number: int) -> int | None:
    """What caused the message of the outbox that has this number."""
    query = select(outgoing.c.cause_id).where(outgoing.c.id == number, outgoing.c.account == account)
    return tx.connection.execute(query).scalar()


def effects(tx: Transaction, event: AnyRow) -> list[Effect]:
    """All that followed from an event, in the order in which it did."""
    derived = list(_derived(tx, event.id))
    ids = [event.id, *(row.id for row in derived)]
    messages = _messages(tx, event, ids)  # ids ascend: what follows has a higher one
    found = [
        *(_record(row) for row in derived if row.name not in _TOLD_BY_OUTBOX),
        *(_message(row) for row in messages),
        *_points(tx, ids),
        *_failures(tx, ids),
        *_complaints(tx, event.id),
        *_waits(tx, event, {row.run_id for row in messages if row.run_id is not None}),
        *_pictures(tx, event),
    ]
    return sorted(found, key=lambda it: (it.at, it.id))


def _events() -> Select[*tuple[Any, ...]]:
    tables = (
        interaction.outerjoin(room, room.c.id == interaction.c.room_id)
        .outerjoin(identity, identity.c.id == interaction.c.identity_id)
        .outerjoin(member, member.c.id == identity.c.member_id)
        .outerjoin(texts, texts.c.id == interaction.c.text_id)
    )
    place = (room.c.key.label("room_key"), room.c.account.label("heard_by"), room.c.disabled_at)
    known_at = identity.c.source.label("known_at")
    who = (identity.c.name.label("called"), known_at, identity.c.member_id, member.c.number)
    return select(interaction, *place, *who, texts.c.body).select_from(tables)


_EVENTS = _events()


def _derived(tx: Transaction, event_id: int) -> Iterator[AnyRow]:
    parents = [event_id]
    for _ in range(DEEPEST):
        rows = tx.connection.execute(_EVENTS.where(interaction.c.parent_event_id.in_(parents))).all()
        yield from rows
        parents = [row.id for row in rows]
        if not parents:
            return


def _record(row: AnyRow) -> Effect:
    return Effect(
        "record",
        row.id,
        row.received_at,
        row.programme_id,
        row.name,
        member=row.number,
        room=row.room_key,
        state=row.object_id or "",
    )


def _messages(tx: Transaction, event: AnyRow, ids: Iterable[int]) -> list[AnyRow]:
    """What was queued because of it, and what repeats its words."""
    query = (
        select(outgoing, room.c.key.label("room_key"), member.c.number)
        .select_from(
            outgoing.outerjoin(room, room.c.id == outgoing.c.room_id)
            .outerjoin(identity, identity.c.id == outgoing.c.identity_id)
            .outerjoin(member, member.c.id == identity.c.member_id)
        )
        .where(outgoing.c.sequence == 0, outgoing.c.id > event.id)
    )
    caused = tx.connection.execute(query.where(outgoing.c.cause_id.in_(list(ids)))).all()
    near = outgoing.c.queued_at <= event.occurred_at + REPEATED_WITHIN
    may_repeat = cast(outgoing.c.payload, String).contains(str(event.id))
    found = tx.connection.execute(query.where(near, outgoing.c.wiped_at.is_(None), may_repeat)).all()
    repeats = (row for row in found if event.id in row.payload.get("quotes", ()))
    return list({row.id: row for row in (*caused, *repeats)}.values())


def _message(row: AnyRow) -> Effect:
    what = row.intent if row.kind in (Kind.TEXT, Kind.PICTURE) else row.kind
    return Effect(
        "message",
        row.id,
        row.queued_at,
        row.sop_id,
        what,
        member=row.number,
        room=row.room_key,
        state=row.state,
        rule=row.held_by or row.reason,
        until=row.not_before,
    )


def _points(tx: Transaction, ids: Sequence[int]) -> Iterator[Effect]:
    query = (
        select(score_entry, member.c.number)
        .select_from(
            score_entry.outerjoin(identity, identity.c.id == score_entry.c.identity_id).outerjoin(
                member, member.c.id == identity.c.member_id
            )
        )
        .where(score_entry.c.event_id.in_(list(ids)), score_entry.c.id > min(ids))
    )
    for row in tx.connection.execute(query):
        yield Effect(
            "points", row.id, row.at, row.programme_id, row.rule, member=row.number, points=row.points
        )


def _failures(tx: Transaction, ids: Iterable[int]) -> Iterator[Effect]:
    for row in tx.connection.execute(select(failure).where(failure.c.interaction_id.in_(list(ids)))):
        yield Effect("failure", row.id, row.at, row.sop_id, row.error)


def _complaints(tx: Transaction, event_id: int) -> Iterator[Effect]:
    query = select(complaint_case).where(complaint_case.c.interaction_id == event_id)
    for row in tx.connection.execute(query):
        state = "open" if row.closed_at is None else "closed"
        yield Effect("complaint", row.id, row.opened_at, name=str(row.number), state=state)


def _waits(tx: Transaction, event: AnyRow, run_ids: Iterable[int]) -> Iterator[Effect]:
    """What still waits in the conversations that it began or went on with."""
    begun = (run.c.opened_at == event.received_at) & (run.c.identity_id == event.identity_id)
    query = (
        select(run.c.id, run.c.sop_id, run.c.opened_at, wait.c.what, wait.c.due_at)
        .select_from(run.join(wait, wait.c.run_id == run.c.id))
        .where(run.c.id.in_(list(run_ids)) | begun)
    )
    for row in tx.connection.execute(query):
        yield Effect("run", row.id, row.opened_at, row.sop_id, row.what, until=row.due_at)


def _pictures(tx: Transaction, event: AnyRow) -> Iterator[Effect]:
    query = select(media.c.id, media.c.state).where(media.c.interaction_id == event.id)
    for row in tx.connection.execute(query):
        yield Effect("picture", row.id, event.received_at, state=row.state)
