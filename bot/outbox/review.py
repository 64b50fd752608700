"""What admins see of the outbox, and what they may do about a message: try it again, or drop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import ColumnElement, func, or_, select, update

from bot.outbox.queue import UNSAID, AnyRow, State, by_id, change, expire, give_up
from bot.outbox.rules import BUDGETED
from bot.people import directory
from bot.store.tables import outgoing
from bot.store.transaction import Transaction

RECENT = timedelta(days=7)
"""How long what failed, or is not known to have arrived, is listed."""
_ENDED_BADLY = (State.FAILED, State.UNKNOWN)


class Answer(Enum):
    """What came of trying a message again, or of dropping it."""

    DONE = "done"
    NO_SUCH = "there is no such message"
    STILL_WAITS = "it waits anyway"
    IS_SENT = "it was sent"
    MAY_BE_SENT = "it may have been sent"
    FORGOTTEN = "its words are not kept any more"
    NOWHERE = "its room is not enabled any more"


def counts(tx: Transaction, account: str) -> Mapping[str, int]:
    """How many messages are open or ended badly lately, by state; ``held`` are those that the guard holds."""
    expire(tx, account)
    held = func.count(outgoing.c.held_by).label("held")
    query = select(outgoing.c.state, func.count().label("all"), held).where(_listed(tx, account))
    rows = tx.connection.execute(query.group_by(outgoing.c.state)).all()
    return {row.state: row.all for row in rows} | {"held": sum(row.held for row in rows)}


def expired_since(tx: Transaction, account: str, since: datetime) -> int:
    """How many messages could not leave in time, from ``since`` on."""
    expire(tx, account)
    here = (outgoing.c.account == account) & (outgoing.c.state == State.EXPIRED)
    query = select(func.count()).where(here, outgoing.c.settled_at >= since)
    return tx.connection.execute(query).scalar_one()


def listing(tx: Transaction, account: str, most: int) -> Sequence[AnyRow]:
    """The messages of ``counts``: what ended badly first, then what leaves first."""
    waits = outgoing.c.settled_at.is_(None)
    query = select(outgoing).where(_listed(tx, account)).order_by(waits, outgoing.c.priority, outgoing.c.id)
    return tx.connection.execute(query.limit(most)).all()


def _listed(tx: Transaction, account: str) -> ColumnElement[bool]:
    ended_badly = outgoing.c.state.in_(_ENDED_BADLY) & (outgoing.c.settled_at >= tx.now - RECENT)
    return (outgoing.c.account == account) & or_(outgoing.c.settled_at.is_(None), ended_badly)


def begun_waiting(tx: Transaction, room_id: int) -> Sequence[datetime | None]:
    """When what we begin in a room, and has not left, is not wanted any more; None: it always is."""
    waits = (outgoing.c.room_id == room_id) & outgoing.c.settled_at.is_(None) & (outgoing.c.sequence == 0)
    query = select(outgoing.c.expires_at).where(waits, outgoing.c.intent.in_(sorted(BUDGETED)))
    return list(tx.connection.scalars(query))


def unsent_of(tx: Transaction, account: str, sop_id: str, since: datetime) -> Sequence[AnyRow]:
    """What a SOP queued from ``since`` on and did not get out, the latest first; a post by its first part."""
    here = (outgoing.c.account == account) & (outgoing.c.sop_id == sop_id) & (outgoing.c.sequence == 0)
    unsent = outgoing.c.state.not_in([State.SENT, State.SENDING])
    query = select(outgoing).where(here, unsent, outgoing.c.queued_at >= since)
    return tx.connection.execute(query.order_by(outgoing.c.id.desc())).all()


def retry(tx: Transaction, account: str, outgoing_id: int, *, though_maybe_sent: bool) -> Answer:
    """Queue a message anew that did not go out, with the later parts of its post."""
    row = of_account(tx, account, outgoing_id)
    if row is None:
        return Answer.NO_SUCH
    if row.settled_at is None:
        return Answer.STILL_WAITS
    if row.state == State.SENT:
        return Answer.IS_SENT
    if row.wiped_at is not None:
        return Answer.FORGOTTEN
    if row.room_id is not None and not _is_enabled(tx, row.room_id):
        return Answer.NOWHERE
    if row.state == State.UNKNOWN and not though_maybe_sent:
        return Answer.MAY_BE_SENT
    _queue_again(tx, outgoing.c.id == row.id)
    later = (outgoing.c.post_id == row.post_id) & (outgoing.c.sequence > row.sequence)
    _queue_again(tx, later & (outgoing.c.state == State.DROPPED) & (outgoing.c.reason == UNSAID))
    return Answer.DONE


def _is_enabled(tx: Transaction, room_id: int) -> bool:
    room = directory.room_by_id(tx, room_id)
    return room is not None and room.enabled


def _queue_again(tx: Transaction, which: ColumnElement[bool]) -> None:
    anew = {"attempts": 0, "settled_at": None, "not_before": None, "expires_at": None, "held_by": None}
    tx.connection.execute(
        update(outgoing).where(which).values(state=State.QUEUED, reason="retried by hand", **anew)
    )
    tx.queued = True


def drop(tx: Transaction, account: str, outgoing_id: int) -> Answer:
    """Do not send a message that waits, nor the later parts of its post; or take a failed one off the list.

    What was dropped can be tried again.
    """
    row = of_account(tx, account, outgoing_id)
    if row is None:
        return Answer.NO_SUCH
    if row.state == State.SENT:
        return Answer.IS_SENT
    if row.state in (State.UNKNOWN, State.SENDING):
        return Answer.MAY_BE_SENT
    if row.state == State.QUEUED:
        give_up(tx, row, State.DROPPED, "dropped by hand")
    else:
        change(tx, row.id, state=State.DROPPED, reason="dropped by hand")
    return Answer.DONE


def of_account(tx: Transaction, account: str, outgoing_id: int) -> AnyRow | None:
    row = by_id(tx, outgoing_id)
    return row if row is not None and row.account == account else None
