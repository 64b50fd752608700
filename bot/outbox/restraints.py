"""What humans told us not to begin: a SOP that is paused, a room that is hushed. The guard holds it back.

Answers to what people say are no beginnings. A restraint ends at its time, or when a human lifts it; what it
held is then looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, delete, or_, select

from bot.outbox.delivery import let_go
from bot.outbox.rules import Rule
from bot.store.quick import once
from bot.store.session import upsert
from bot.store.tables import restraint
from bot.store.transaction import Transaction
from bot.store.types import UtcTime


class RestraintKind(StrEnum):
    PAUSED = "paused"
    HUSHED = "hushed"


@dataclass(frozen=True, slots=True)
class Restraint:
    """``until`` None: somebody has to lift it. ``by`` is a member."""

    target: str
    since: datetime
    until: datetime | None
    by: int | None


def pause(tx: Transaction, account: str, sop_id: str, until: datetime | None, by: int | None) -> None:
    """A SOP begins nothing until then."""
    _set(tx, account, RestraintKind.PAUSED, sop_id, until, by)


def resume(tx: Transaction, account: str, sop_id: str) -> bool:
    """A SOP may begin things again; False: it was not paused."""
    let_go(tx, Rule.PAUSED, account=account, sop_id=sop_id)
    return _lift(tx, account, RestraintKind.PAUSED, sop_id)


def paused(tx: Transaction, account: str) -> dict[str, Restraint]:
    """The SOPs that are paused now, by id."""
    return in_force(tx, account, RestraintKind.PAUSED)


def hush(tx: Transaction, account: str, room_id: int, until: datetime | None, by: int | None) -> None:
    """Nothing is begun in a room until then."""
    _set(tx, account, RestraintKind.HUSHED, str(room_id), until, by)


def speak(tx: Transaction, account: str, room_id: int) -> bool:
    """Things may be begun in a room again; False: it was not hushed."""
    let_go(tx, Rule.HUSHED, account=account, room_id=room_id)
    return _lift(tx, account, RestraintKind.HUSHED, str(room_id))


def put_back(
    tx: Transaction, account: str, kind: RestraintKind, target: str, before: Restraint | None
) -> None:
    """Have it as it was ``before`` somebody changed it."""
    if before is not None:
        _write(tx, account, kind, before)
    elif kind is RestraintKind.PAUSED:
        resume(tx, account, target)
    else:
        speak(tx, account, int(target))


def hushed(tx: Transaction, account: str) -> dict[int, Restraint]:
    """The rooms that are hushed now, by id."""
    return {int(target): it for target, it in in_force(tx, account, RestraintKind.HUSHED).items()}


def on(tx: Transaction, account: str, sop_id: str | None, room_id: int | None) -> dict[Rule, datetime | None]:
    """What is in force now for a SOP in a room, and until when."""
    asked = {"mine": account, "sop": sop_id, "here": str(room_id), "now": tx.now}
    return {Rule(kind): until for kind, until in tx.connection.execute(_ON, asked)}


def _set(
    tx: Transaction, account: str, kind: RestraintKind, target: str, until: datetime | None, by: int | None
) -> None:
    _write(tx, account, kind, Restraint(target, tx.now, until, by))


def _write(tx: Transaction, account: str, kind: RestraintKind, it: Restraint) -> None:
    key = {"account": account, "kind": kind, "target": it.target}
    values = {"since": it.since, "until": it.until, "member_id": it.by}
    upsert(tx.connection, restraint, [{**key, **values}], list(key))


def _lift(tx: Transaction, account: str, kind: RestraintKind, target: str) -> bool:
    was_in_force = target in in_force(tx, account, kind)
    here = (restraint.c.account == account) & (restraint.c.kind == kind) & (restraint.c.target == target)
    tx.connection.execute(delete(restraint).where(here))
    return was_in_force


def in_force(tx: Transaction, account: str, kind: RestraintKind) -> dict[str, Restraint]:
    """What is restrained now, by its target."""
    found = tx.connection.execute(_IN_FORCE, {"mine": account, "kind": kind, "now": tx.now})
    return {row[0]: Restraint(*row) for row in found}


_STANDS = (restraint.c.account == bindparam("mine")) & or_(
    restraint.c.until.is_(None), restraint.c.until > bindparam("now", type_=UtcTime)
)
_IN_FORCE = once(
    select(restraint.c.target, restraint.c.since, restraint.c.until, restraint.c.member_id).where(
        _STANDS, restraint.c.kind == bindparam("kind")
    )
)
_ON = once(
    select(restraint.c.kind, restraint.c.until).where(
        _STANDS,
        or_(
            (restraint.c.kind == RestraintKind.PAUSED) & (restraint.c.target == bindparam("sop")),
            (restraint.c.kind == RestraintKind.HUSHED) & (restraint.c.target == bindparam("here")),
        ),
    )
)
