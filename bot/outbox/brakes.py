"""What keeps an account from sending: the switch that stops everything, and the platform's "too often"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, delete, select, update

from bot.outbox.pace import DAY, Pace
from bot.store.quick import once
from bot.store.session import upsert
from bot.store.tables import brake
from bot.store.transaction import Transaction


class BrakeKind(StrEnum):
    STOPPED = "stopped"
    RESTING = "resting"


@dataclass(frozen=True, slots=True)
class Brake:
    """``until`` None: somebody has to lift it. ``times``: how often in a row it was set."""

    kind: BrakeKind
    since: datetime
    until: datetime | None
    times: int

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


_OF_ACCOUNT = once(
    select(brake.c.kind, brake.c.since, brake.c.until, brake.c.times).where(
        brake.c.account == bindparam("mine")
    )
)


def brakes(tx: Transaction, account: str) -> Mapping[BrakeKind, Brake]:
    """All brakes that were set and not lifted; a rest that is over still counts its times."""
    found = (
        Brake(BrakeKind(row[0]), *row[1:]) for row in tx.connection.execute(_OF_ACCOUNT, {"mine": account})
    )
    return {it.kind: _begun_now(tx, account, it) if it.since > tx.now else it for it in found}


def _begun_now(tx: Transaction, account: str, it: Brake) -> Brake:
    """A brake that was set by a clock that was ahead begins anew."""
    until = None if it.until is None else tx.now + (it.until - it.since)
    here = (brake.c.account == account) & (brake.c.kind == it.kind)
    tx.connection.execute(update(brake).where(here).values(since=tx.now, until=until))
    return Brake(it.kind, tx.now, until, it.times)


def stop(tx: Transaction, account: str, by: int) -> bool:
    """Let nothing leave until somebody resumes; False if it was so already."""
    if BrakeKind.STOPPED in brakes(tx, account):
        return False
    _set(tx, account, Brake(BrakeKind.STOPPED, tx.now, None, 1), by)
    return True


def resume(tx: Transaction, account: str) -> Brake | None:
    """Let messages leave again; gives the stop that was lifted, if there was one."""
    tx.queued = True
    here = (brake.c.account == account) & (brake.c.kind == BrakeKind.STOPPED)
    stopped = brakes(tx, account).get(BrakeKind.STOPPED)
    tx.connection.execute(delete(brake).where(here))
    return stopped


def rest(tx: Transaction, account: str, pace: Pace) -> Brake:
    """The platform said that we send too often: rest, and longer if the last rest is less than a day ago."""
    before = brakes(tx, account).get(BrakeKind.RESTING)
    again = before is not None and before.until is not None and tx.now - before.until < DAY
    times = before.times + 1 if before is not None and again else 1
    resting = Brake(BrakeKind.RESTING, tx.now, tx.now + pace.rest_after(times), times)
    _set(tx, account, resting, None)
    return resting


def _set(tx: Transaction, account: str, it: Brake, by: int | None) -> None:
    values = {"since": it.since, "until": it.until, "times": it.times, "member_id": by}
    upsert(tx.connection, brake, [{"account": account, "kind": it.kind, **values}], ["account", "kind"])
