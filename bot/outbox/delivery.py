"""What becomes of the rows of the outbox: claimed for sending, settled by outcome or echo, recovered.

    queued → sending (committed before the call) → sent | unknown | failed
       └→ expired | dropped

An echo (our own message, as the platform shows it back) settles a row: by its platform id, else as the oldest
one without such an id that has this text, for this room, and began to be sent within the last two minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, Update, bindparam, func, select, update

from bot.channels.base import (
    Effect,
    FriendAcceptance,
    Invitation,
    InvitationAcceptance,
    Message,
    Picture,
)
from bot.outbox.pace import Pace
from bot.outbox.queue import Kind, State
from bot.store import log
from bot.store.tables import identity, membership, outgoing, room_address
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
ECHO_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a send ended: ``state`` is sent, unknown or failed, or queued where it was not even tried."""

    outgoing_id: int
    state: State
    reason: str = ""
    platform_id: str | None = None


def claim(tx: Transaction, account: str, pace: Pace) -> Effect | datetime | None:
    """The next effect to bring about, now in ``sending``; or when to ask again; or None if nothing waits."""
    asked = {"mine": account, "now": tx.now}
    tx.connection.execute(_EXPIRY, asked)
    tx.connection.execute(_CLEARANCE, asked)
    waiting: list[datetime] = []
    last, last_in = _last_sendings(tx, account, pace.longest)
    for row in tx.connection.execute(_HEADS, {"mine": account}).all():
        ready = pace.ready_at(row.id, last, last_in.get(_place(row)))
        moment = max(m for m in (ready, row.not_before, tx.now) if m is not None)
        if moment <= tx.now:
            _set(tx, row.id, state=State.SENDING, sending_at=tx.now, attempts=row.attempts + 1)
            return _effect(tx, row)
        waiting.append(moment)
    return min(waiting, default=None)


def _open(account: str | BindParameter[str], state: State) -> ColumnElement[bool]:
    """Rows of the account that are not settled (which the partial index finds), in one state."""
    here = outgoing.c.account == account
    return here & outgoing.c.settled_at.is_(None) & (outgoing.c.state == state)


# What is asked for every message is built once: building a statement takes longer than its execution.
_ACCOUNT, _NOW = bindparam("mine", type_=outgoing.c.account.type), bindparam("now", type_=UtcTime)
_QUEUED = _open(_ACCOUNT, State.QUEUED)


def _expiry() -> Update:
    gone = {"state": State.EXPIRED, "reason": "too late to be sent", "settled_at": _NOW}
    return update(outgoing).where(_QUEUED, outgoing.c.expires_at < _NOW).values(gone)


def _clearance() -> Update:
    """A room that has no chat any more can be told nothing."""
    homes = select(room_address.c.room_id).where(room_address.c.account == _ACCOUNT)
    homeless = outgoing.c.room_id.is_not(None) & outgoing.c.room_id.not_in(homes)
    gone = {"state": State.DROPPED, "reason": "nowhere to send it to", "settled_at": _NOW}
    return update(outgoing).where(_QUEUED, homeless).values(gone)


def _heads() -> Select[*tuple[Any, ...]]:
    """What is first in line in each room and private chat, in the order in which it goes."""
    here = (outgoing.c.room_id, outgoing.c.identity_id)
    line = func.row_number().over(partition_by=here, order_by=(outgoing.c.priority, outgoing.c.id))
    queued = select(outgoing.c.id, line.label("line")).where(_QUEUED).subquery()
    query = select(outgoing).join(queued, queued.c.id == outgoing.c.id).where(queued.c.line == 1)
    return query.order_by(outgoing.c.priority, outgoing.c.id)


def _sendings() -> Select[*tuple[Any, ...]]:
    """When the account last began to send in each place, from ``since`` on."""
    since = bindparam("since", type_=UtcTime)
    return (
        select(outgoing.c.room_id, outgoing.c.identity_id, func.max(outgoing.c.sending_at).label("at"))
        .where(outgoing.c.account == _ACCOUNT, outgoing.c.sending_at.between(since, _NOW))
        .group_by(outgoing.c.room_id, outgoing.c.identity_id)
    )


_EXPIRY, _CLEARANCE, _HEADS, _SENDINGS = _expiry(), _clearance(), _heads(), _sendings()


def _place(row: AnyRow) -> tuple[int | None, int | None]:
    return row.room_id, row.identity_id


def _last_sendings(
    tx: Transaction, account: str, within: timedelta
) -> tuple[datetime | None, dict[tuple[int | None, int | None], datetime]]:
    """When the account last began to send, over all and in each place, if that was ``within`` now."""
    asked = {"mine": account, "now": tx.now, "since": tx.now - within}
    last_in = {_place(row): row.at for row in tx.connection.execute(_SENDINGS, asked)}
    return max(last_in.values(), default=None), last_in


def _effect(tx: Transaction, row: AnyRow) -> Effect:
    """A row as the channel takes it, with the platform's ids of today."""
    chat = None if row.room_id is None else _chat_id(tx, row.account, row.room_id)
    person = None if row.identity_id is None else _person_id(tx, row.identity_id)
    match row.kind:
        case Kind.PICTURE:
            return Picture(row.id, Path(row.payload["path"]), chat, person)
        case Kind.ACCEPT_FRIEND:
            return FriendAcceptance(row.id, row.payload["request_id"])
        case Kind.ACCEPT_INVITATION:
            return InvitationAcceptance(row.id, row.payload["invitation_id"])
        case Kind.INVITE:
            return Invitation(row.id, _chat_id(tx, row.account, row.payload["room_id"]), person or "")
    return Message(row.id, row.payload["text"], chat, person, _mentions(tx, row))


def _person_id(tx: Transaction, identity_id: int) -> str:
    query = select(identity.c.external_id).where(identity.c.id == identity_id)
    return str(tx.connection.execute(query).scalar_one())


def _chat_id(tx: Transaction, account: str, room_id: int) -> str:
    here = (room_address.c.room_id == room_id) & (room_address.c.account == account)
    return str(tx.connection.execute(select(room_address.c.platform_id).where(here)).scalar_one())


def _mentions(tx: Transaction, row: AnyRow) -> tuple[tuple[str, str], ...]:
    ids = row.payload["mentions"]
    if not ids:
        return ()
    here = (membership.c.identity_id == identity.c.id) & (membership.c.room_id == row.room_id)
    query = (
        select(identity.c.id, identity.c.external_id, identity.c.name, membership.c.alias)
        .select_from(identity.outerjoin(membership, here))
        .where(identity.c.id.in_(ids))
    )
    found = {r.id: (r.external_id, r.alias or r.name) for r in tx.connection.execute(query)}
    return tuple(found[i] for i in ids if i in found)


def settle(tx: Transaction, outcome: Outcome) -> None:
    """Write down how a send ended. What an echo settled before stays sent."""
    row = _row(tx, outcome.outgoing_id)
    if row is None:
        return
    platform_id = _unless_taken(tx, row, outcome.platform_id)
    if row.state == State.SENT and platform_id and not row.platform_id:
        _set(tx, row.id, platform_id=platform_id)
    elif row.state == State.SENDING and outcome.state == State.QUEUED:
        _set(tx, row.id, state=State.QUEUED, sending_at=None)
    elif row.state in (State.SENDING, State.UNKNOWN):
        ended = {"state": outcome.state, "reason": outcome.reason, "settled_at": tx.now}
        _set(tx, row.id, platform_id=platform_id, **ended)
        if outcome.state == State.SENT:
            _record_sent(tx, row, tx.now)


def _unless_taken(tx: Transaction, row: AnyRow, platform_id: str | None) -> str | None:
    """The id, unless an older row with the same words took it, because its echo came before this return.

    Then either row stands for either message: both are sent, and each message is counted once.
    """
    taken = None if platform_id is None else _by_platform_id(tx, row.account, platform_id)
    return platform_id if taken is None or taken.id == row.id else None


def echo(tx: Transaction, account: str, platform_id: str, place: int | None, text: str, at: datetime) -> bool:
    """Settle the row that our own message ``platform_id`` shows to have been sent; False if it is none."""
    row = _by_platform_id(tx, account, platform_id)
    if row is not None and row.state == State.SENT:
        return True
    row = row or _unseen_like(tx, account, place, text)
    if row is None:
        return False
    _set(tx, row.id, state=State.SENT, reason="seen", settled_at=tx.now, platform_id=platform_id)
    _record_sent(tx, row, at)
    return True


def _by_platform_id(tx: Transaction, account: str, platform_id: str) -> AnyRow | None:
    query = select(outgoing).where(outgoing.c.platform_id == platform_id, outgoing.c.account == account)
    return tx.connection.execute(query).first()


def _unseen_like(tx: Transaction, account: str, place: int | None, text: str) -> AnyRow | None:
    if place is None:
        return None
    query = (
        select(outgoing)
        .where(
            outgoing.c.account == account, outgoing.c.state.in_([State.SENDING, State.UNKNOWN, State.SENT])
        )
        .where(outgoing.c.platform_id.is_(None), outgoing.c.sending_at >= tx.now - ECHO_WITHIN)
        .where((outgoing.c.room_id == place) | (outgoing.c.identity_id == place))
        .where(outgoing.c.kind.in_([Kind.TEXT, Kind.PICTURE]))
        .order_by(outgoing.c.id)
    )
    return next((row for row in tx.connection.execute(query) if _shows(row, text)), None)


def _shows(row: AnyRow, text: str) -> bool:
    """Whether ``text`` is what people see of a row; the platform puts the mentions before it."""
    ours: str = row.payload["text"]
    return text == ours or bool(row.payload["mentions"] and ours and text.endswith(ours))


def recover(tx: Transaction, account: str) -> int:
    """After a start: what was being sent when the process ended is ``unknown``; gives how many."""
    changed = tx.connection.execute(
        update(outgoing)
        .where(_open(account, State.SENDING))
        .values(state=State.UNKNOWN, reason="the process ended while it was being sent", settled_at=tx.now)
    )
    return changed.rowcount


def _row(tx: Transaction, outgoing_id: int) -> AnyRow | None:
    return tx.connection.execute(select(outgoing).where(outgoing.c.id == outgoing_id)).first()


def _set(tx: Transaction, outgoing_id: int, **values: object) -> None:
    tx.connection.execute(update(outgoing).where(outgoing.c.id == outgoing_id).values(values))


_RECORDED_AS = {Kind.TEXT: "content_sent", Kind.PICTURE: "content_sent", Kind.INVITE: "member_invited"}
"""Of strangers whom we accepted nothing is recorded."""


def _record_sent(tx: Transaction, row: AnyRow, at: datetime) -> None:
    """What the bot did to members is an interaction too, once, whether the send or its echo told first."""
    if row.kind not in _RECORDED_AS:
        return
    said = log.entry(
        tx,
        f"outbox:{row.account}",
        str(row.id),
        _RECORDED_AS[row.kind],
        at,
        actor_role="bot",
        room_id=row.room_id,
        channel="group" if row.room_id is not None else "dm",
        target_identity_id=row.identity_id,
        parent_event_id=row.cause_id,
        programme_id=row.sop_id,
        initiated_by="system" if row.cause_id is None else "prompted",
        text_len=len(row.payload["text"]),
        media_count=int(row.kind == Kind.PICTURE),
        props={"intent": row.intent, "post": row.post_id},
    )
    log.append(tx, [said])
