"""Runs: what a SOP remembers about a room, a member or both, and what wakes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, select

from bot.store.quick import once
from bot.store.session import insert_new, one_of, update_by_id, upsert
from bot.store.tables import run, wait
from bot.store.transaction import Transaction
from bot.store.types import UtcTime


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is in the store; ``state`` is the kind's own, as JSON."""

    id: int
    account: str
    sop_id: str
    sop_hash: str
    scope: str
    occurrence: str
    room_id: int | None
    identity_id: int | None
    state: dict[str, Any]
    opened_at: datetime
    listens_until: datetime | None
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Wait:
    """What a run waits for, until ``due_at``; ``since`` is the first such moment, if it failed there."""

    id: int
    run_id: int
    what: str
    due_at: datetime
    since: datetime


FIRST_RETRY = timedelta(minutes=1)
RETRY_WITHIN = timedelta(hours=2)
"""How late a wait may be tried again at which its SOP failed."""
AT_ONCE = 50
"""Waits that end in a tick, so that nobody else waits long for it; the next tick goes on."""

_COLUMNS = [run.c[name] for name in Run.__dataclass_fields__]

# What is asked of every message and at every wait is built once: that takes longer than its execution.
_BY_ID = once(select(*_COLUMNS).where(run.c.id == bindparam("this")))
_FIND = once(
    select(*_COLUMNS).where(
        run.c.sop_id == bindparam("of"),
        run.c.scope == bindparam("about"),
        run.c.occurrence == bindparam("at"),
    )
)


def _run(row: Row[*tuple[Any, ...]]) -> Run:
    return Run(*row)


def find(tx: Transaction, sop_id: str, scope: str, occurrence: str) -> Run | None:
    row = tx.connection.execute(_FIND, {"of": sop_id, "about": scope, "at": occurrence}).first()
    return None if row is None else _run(row)


def by_id(tx: Transaction, run_id: int) -> Run | None:
    row = tx.connection.execute(_BY_ID, {"this": run_id}).first()
    return None if row is None else _run(row)


def begin(
    tx: Transaction,
    account: str,
    sop_id: str,
    sop_hash: str,
    scope: str,
    occurrence: str,
    *,
    room_id: int | None = None,
    identity_id: int | None = None,
    state: dict[str, Any] | None = None,
) -> Run:
    """Open a run, from ``tx.now`` on; its key must be new."""
    new = Run(
        tx.new_id(),
        account,
        sop_id,
        sop_hash,
        scope,
        occurrence,
        room_id,
        identity_id,
        state or {},
        tx.now,
        None,
        None,
    )
    row = {name: getattr(new, name) for name in Run.__dataclass_fields__}
    insert_new(tx.connection, run, [{**row, "state_version": 1}])
    return new


def change(tx: Transaction, run_id: int, **values: object) -> None:
    update_by_id(tx.connection, run, run_id, values)


def close(tx: Transaction, run_id: int) -> None:
    """Nothing wakes it or is heard by it any more."""
    change(tx, run_id, closed_at=tx.now)
    tx.connection.execute(_NO_MORE_WAITS, {"of": run_id})


_NO_MORE_WAITS = once(delete(wait).where(wait.c.run_id == bindparam("of")))
_listening = run.c.listens_until.is_not(None) & run.c.closed_at.is_(None)
_LISTENED_TO = once(select(run.c.identity_id).where(one_of(run.c.identity_id, "people"), _listening))
_OF_ROOMS = once(
    select(run.c.room_id)
    .where(run.c.identity_id.is_(None), one_of(run.c.room_id, "rooms"), _listening)
    .distinct()
)
_LISTENING_TO = once(
    select(*_COLUMNS)
    .where(run.c.identity_id.is_not_distinct_from(bindparam("who", type_=run.c.identity_id.type)), _listening)
    .where(run.c.room_id.is_not_distinct_from(bindparam("here", type_=run.c.room_id.type)))
    .where(run.c.listens_until >= bindparam("then", type_=UtcTime))
    .order_by(run.c.id)
)


def who_is_listened_to(tx: Transaction, identity_ids: Collection[int]) -> set[int]:
    """Those of ``identity_ids`` to whom some run listens, or listened until lately."""
    if not identity_ids:
        return set()
    return set(tx.connection.scalars(_LISTENED_TO, {"people": identity_ids}))


def rooms_listened_to(tx: Transaction, room_ids: Collection[int]) -> set[int]:
    """Those of ``room_ids`` in which some run listens to everybody, or listened until lately."""
    if not room_ids:
        return set()
    return set(tx.connection.scalars(_OF_ROOMS, {"rooms": room_ids}))


def listening_to(
    tx: Transaction, identity_id: int | None, room_id: int | None, moment: datetime
) -> list[Run]:
    """The open runs that listened to this person (None: to everybody) here at ``moment``, oldest first."""
    asked = {"who": identity_id, "here": room_id, "then": moment}
    return [_run(row) for row in tx.connection.execute(_LISTENING_TO, asked)]


def open_runs(tx: Transaction, sop_id: str, scope_prefix: str = "") -> list[Run]:
    """The open runs of a SOP whose scope begins so, the oldest first."""
    return [_run(row) for row in tx.connection.execute(_OPEN, {"of": sop_id, "begins": scope_prefix})]


def open_at(tx: Transaction, account: str, scope_prefix: str) -> list[Run]:
    """The open runs of all SOPs of an account whose scope begins so, the oldest first."""
    asked = {"mine": account, "begins": scope_prefix}
    return [_run(row) for row in tx.connection.execute(_OPEN_AT, asked)]


_BEGINS = bindparam("begins", type_=run.c.scope.type)
_open = (
    select(*_COLUMNS)
    .where(run.c.closed_at.is_(None), func.substr(run.c.scope, 1, func.length(_BEGINS)) == _BEGINS)
    .order_by(run.c.id)
)
_OPEN = once(_open.where(run.c.sop_id == bindparam("of")))
_OPEN_AT = once(_open.where(run.c.account == bindparam("mine")))


def wake_at(tx: Transaction, run: Run, when: datetime, what: str) -> None:
    """Wake the run at ``when``; the same ``what`` replaces an earlier moment."""
    _set(tx, run, what, when, since=when)


def try_again(tx: Transaction, run: Run, over: Wait) -> bool:
    """What the run was woken for failed: wake it again, 1, 5, 25 … minutes late; False: it is too late."""
    again = tx.now + max(FIRST_RETRY, 4 * (tx.now - over.since))
    if again - over.since > RETRY_WITHIN:
        return False
    _set(tx, run, over.what, again, since=over.since)
    return True


def _set(tx: Transaction, run: Run, what: str, when: datetime, since: datetime) -> None:
    key = {"id": tx.new_id(), "account": run.account, "run_id": run.id, "what": what}
    upsert(tx.connection, wait, [{**key, "due_at": when, "since": since}], ["run_id", "what"])
    tx.rescheduled = True


def waits_until(tx: Transaction, run_id: int, what: str) -> datetime | None:
    return tx.connection.execute(_WAITS_UNTIL, {"of": run_id, "for": what}).scalar()


def is_waiting(tx: Transaction, run_id: int, what: str) -> bool:
    return waits_until(tx, run_id, what) is not None


def due(tx: Transaction, account: str) -> list[Wait]:
    """The waits of an account that are over, in the order of their moments; the first, if there are many."""
    return [Wait(*row) for row in tx.connection.execute(_DUE, {"mine": account, "now": tx.now})]


_WAITS_UNTIL = once(
    select(wait.c.due_at).where(wait.c.run_id == bindparam("of"), wait.c.what == bindparam("for"))
)
_DUE = once(
    select(wait.c.id, wait.c.run_id, wait.c.what, wait.c.due_at, wait.c.since)
    .where(wait.c.account == bindparam("mine"), wait.c.due_at <= bindparam("now", type_=UtcTime))
    .order_by(wait.c.due_at, wait.c.id)
    .limit(AT_ONCE)
)
_NEXT_DUE = once(select(func.min(wait.c.due_at)).where(wait.c.account == bindparam("mine")))
_TAKE = once(delete(wait).where(wait.c.id == bindparam("this")))


def take(tx: Transaction, over: Wait) -> Run | None:
    """End a wait that is over; gives its run as it is by now.

    None if it does not wait for this any more: what was played since may have closed it or put it off.
    """
    ended = tx.connection.execute(_TAKE, {"this": over.id})
    return by_id(tx, over.run_id) if ended.rowcount else None


def next_due(tx: Transaction, account: str) -> datetime | None:
    """When the next wait of an account is over."""
    return tx.connection.execute(_NEXT_DUE, {"mine": account}).scalar()
