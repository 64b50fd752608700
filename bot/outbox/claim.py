"""What leaves next: the pace picks the moment, and at that moment the guard decides.

All of it happens in the transaction that sets ``sending``, which is committed before the channel is called. A
room or private chat is a line: first in, first out by priority. A message that is tried again keeps its place
in it; one that the guard holds lets the others pass. Later parts of a post wait for the earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Update, bindparam, exists, func, select, update

from bot.channels.base import Effect
from bot.outbox import guard
from bot.outbox.brakes import BrakeKind, brakes
from bot.outbox.effects import effect
from bot.outbox.ledger import candidate, ledger
from bot.outbox.pace import DAY, Pace
from bot.outbox.queue import AnyRow, State, by_id, change, ended, expire, give_up, is_waiting
from bot.outbox.record import record
from bot.outbox.rules import Hold, Refuse, Rules, Send
from bot.store.quick import once
from bot.store.tables import outgoing, room_address
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

Place = tuple[int | None, int | None]
"""A room, or somebody's private chat."""
MOST_AT_ONCE = 50
"""How many messages the guard may hold back in one transaction."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How the outbox sends: at which pace, and by which rules of the community."""

    pace: Pace
    rules: Rules


def claim(tx: Transaction, account: str, manners: Manners) -> Effect | datetime | None:
    """The next effect to bring about, now in ``sending``; or when to ask again; or None if nothing waits."""
    waits, has_leftovers = tx.connection.execute(_WAITS, {"mine": account, "now": tx.now}).one()
    if not waits:
        return None
    last = _last_sendings(tx, account, manners.pace)
    if last.rested_at is not None and last.rested_at > tx.now and _waits_elsewhere(tx, account, last):
        return last.rested_at  # no need to look closer
    if has_leftovers:
        expire(tx, account)
        tx.connection.execute(_CLEARANCE, {"mine": account, "now": tx.now})
    held = brakes(tx, account)
    resting = held.get(BrakeKind.RESTING)
    if resting is not None and resting.holds(tx.now):
        return resting.until
    heads = _HEADS_DESPITE_STOP if BrakeKind.STOPPED in held else _HEADS
    for _ in range(MOST_AT_ONCE):
        first = _first(tx, account, manners.pace, last, heads)
        if first is None or isinstance(first, datetime):
            return first
        message = candidate(first, manners.rules)
        verdict = guard.decide(message, ledger(tx, first, message), manners.rules, tx.now)
        if isinstance(verdict, Send):
            return _take(tx, first)
        _put_off(tx, first, verdict)
    return tx.now


@dataclass(frozen=True, slots=True)
class _LastSendings:
    """When the account last began to send in each place, as far as that still matters.

    ``rested_at``: when the pace lets it go on in any other place. The jitter is that of ``seed``, one moment
    for all, so that priority decides.
    """

    at: Mapping[Place, datetime]
    seed: int
    latest: datetime | None
    rested_at: datetime | None


def _last_sendings(tx: Transaction, account: str, pace: Pace) -> _LastSendings:
    """A clock that was set back leaves moments in the future: what is near counts on both sides."""
    asked = {"mine": account, "since": tx.now - pace.longest, "until": tx.now + pace.longest}
    at = {_place(row): row.at for row in tx.connection.execute(_SENDINGS, asked)}
    latest = max(at.values(), default=None)
    seed = 0 if latest is None else int(latest.timestamp() * 1000)
    return _LastSendings(at, seed, latest, pace.ready_at(seed, latest, None))


def _waits_elsewhere(tx: Transaction, account: str, last: _LastSendings) -> bool:
    """Whether something waits for a place to which nothing was sent just now."""
    asked = {"mine": account, "now": tx.now, "most": len(last.at) + 1}
    return any(_place(row) not in last.at for row in tx.connection.execute(_PLACES, asked).all())


def _first(
    tx: Transaction, account: str, pace: Pace, last: _LastSendings, heads: Select[Any]
) -> AnyRow | datetime | None:
    """The first message that the pace lets go now; or when it lets one go, or the guard lets one pass."""
    asked = {"mine": account, "now": tx.now}
    free_at = _day_is_free_at(tx, account, pace.day_cap)
    waiting = [tx.connection.execute(_NEXT_RELEASE, asked).scalar()]
    for row in tx.connection.execute(heads, asked).all():
        here = last.at.get(_place(row))
        paced = last.rested_at if here is None else pace.ready_at(last.seed, last.latest, here)
        ready = max(moment for moment in (paced, free_at, row.not_before, tx.now) if moment is not None)
        if ready <= tx.now:
            return by_id(tx, row.id)
        waiting.append(ready)
    return min((moment for moment in waiting if moment is not None), default=None)


def _place(row: AnyRow) -> Place:
    return row.room_id, row.identity_id


def _day_is_free_at(tx: Transaction, account: str, cap: int | None) -> datetime | None:
    """When the account may send again, if it sent its day's worth; None: it may."""
    if cap is None:
        return None
    asked = {"mine": account, "since": tx.now - DAY + timedelta(milliseconds=1), "until": tx.now + DAY}
    last = tx.connection.execute(_NTH_LAST_SENDING, {**asked, "skip": cap - 1}).scalar()
    return None if last is None else last + DAY


def _take(tx: Transaction, row: AnyRow) -> Effect:
    now = {"sending_at": tx.now, "attempts": row.attempts + 1}
    change(tx, row.id, state=State.SENDING, **now, not_before=None, held_by=None)
    return effect(tx, row)


def _put_off(tx: Transaction, row: AnyRow, verdict: Hold | Refuse) -> None:
    """Do what the guard says of a message that may not leave now, and record that it was held back."""
    match verdict:
        case Hold(until=until) if verdict.may_end_sooner or row.expires_at is None or until <= row.expires_at:
            outcome = State.QUEUED
            change(tx, row.id, held_by=verdict.rule, not_before=until)
        case Hold():
            outcome = State.EXPIRED
            give_up(tx, row, outcome, verdict.rule)
        case Refuse():
            outcome = State.DROPPED
            give_up(tx, row, outcome, verdict.rule)
    props = {"rule": verdict.rule, "state": outcome, "intent": row.intent}
    record(tx, row, "send_suppressed", tx.now, f"{row.id}:{verdict.rule}:{outcome}", props)


# What is asked for every message is built once: building a statement takes longer than its execution.
_ACCOUNT, _NOW = bindparam("mine", type_=outgoing.c.account.type), bindparam("now", type_=UtcTime)
_SINCE, _UNTIL = bindparam("since", type_=UtcTime), bindparam("until", type_=UtcTime)
_WAITING = (outgoing.c.account == _ACCOUNT) & is_waiting
_HOMES = select(room_address.c.room_id).where(room_address.c.account == _ACCOUNT)
_HOMELESS = outgoing.c.room_id.is_not(None) & outgoing.c.room_id.not_in(_HOMES)
_LEFT_OVER = (outgoing.c.expires_at < _NOW) | _HOMELESS
_WAITS = once(select(exists().where(_WAITING), exists().where(_WAITING, _LEFT_OVER)))
"""Whether anything waits; whether anything does that will never be sent. Most claims find neither."""
_RELEASED = outgoing.c.not_before.is_(None) | (outgoing.c.not_before <= _NOW)
_PLACES = select(outgoing.c.room_id, outgoing.c.identity_id).where(_WAITING, _RELEASED).distinct()
_PLACES = once(_PLACES.limit(bindparam("most", type_=Integer)))


def _clearance() -> Update:
    """A room that has no chat any more can be told nothing."""
    gone = ended(State.DROPPED, "nowhere to send it to", _NOW)
    return update(outgoing).where(_WAITING, _HOMELESS).values(gone)


def _heads(*conditions: ColumnElement[bool]) -> Select[Any]:
    """What is first in line in each room and private chat, in the order in which it goes."""
    earlier = outgoing.alias()
    before = (earlier.c.post_id == outgoing.c.post_id) & (earlier.c.sequence < outgoing.c.sequence)
    is_later_part = (outgoing.c.sequence > 0) & exists().where(
        earlier.c.account == _ACCOUNT, earlier.c.settled_at.is_(None), before
    )
    tried_before = (outgoing.c.attempts > 0) & outgoing.c.held_by.is_(None)
    here = (outgoing.c.room_id, outgoing.c.identity_id)
    line = func.row_number().over(partition_by=here, order_by=(outgoing.c.priority, outgoing.c.id))
    in_line = (
        select(outgoing.c.id, line.label("line"))
        .where(_WAITING, ~is_later_part, _RELEASED | tried_before, *conditions)
        .subquery()
    )
    columns = (outgoing.c.id, *here, outgoing.c.not_before)
    query = select(*columns).join(in_line, in_line.c.id == outgoing.c.id).where(in_line.c.line == 1)
    return query.order_by(outgoing.c.priority, outgoing.c.id)


def _sendings() -> Select[Any]:
    """When the account last began to send in each place, between two moments."""
    return (
        select(outgoing.c.room_id, outgoing.c.identity_id, func.max(outgoing.c.sending_at).label("at"))
        .where(outgoing.c.account == _ACCOUNT, outgoing.c.sending_at.between(_SINCE, _UNTIL))
        .group_by(outgoing.c.room_id, outgoing.c.identity_id)
    )


def _nth_last_sending() -> Select[Any]:
    return (
        select(outgoing.c.sending_at)
        .where(outgoing.c.account == _ACCOUNT, outgoing.c.sending_at.between(_SINCE, _UNTIL))
        .order_by(outgoing.c.sending_at.desc())
        .limit(1)
        .offset(bindparam("skip", type_=Integer))
    )


_CLEARANCE = once(_clearance())
_HEADS, _HEADS_DESPITE_STOP = once(_heads()), once(_heads(outgoing.c.despite_stop))
_SENDINGS, _NTH_LAST_SENDING = once(_sendings()), once(_nth_last_sending())
_NEXT_RELEASE = once(select(func.min(outgoing.c.not_before)).where(_WAITING, outgoing.c.not_before > _NOW))
