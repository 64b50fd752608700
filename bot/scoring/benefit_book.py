"""The ledger of benefits: lots as they stand, and the steps that are written to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, or_, select

from bot.people.directory import Person
from bot.scoring.benefits import Kind, Lot, Step
from bot.store import log
from bot.store.benefits import benefit_entry
from bot.store.reading import stream
from bot.store.session import insert_new, one_of
from bot.store.tables import member
from bot.store.transaction import Transaction

_NAMES = {
    Kind.GRANT: "benefit_granted",
    Kind.USE: "benefit_used",
    Kind.EXPIRE: "benefit_expired",
    Kind.REVERSE: "benefit_reversed",
}
_NEXT = benefit_entry.alias("following")


@dataclass(frozen=True, slots=True)
class Pen:
    """Who writes: the night's work of an account, or a command (``cause``, an interaction)."""

    account: str
    cause: int | None = None


def lots(
    connection: Connection, members: Collection[int] | None = None, periods: Collection[str] = ()
) -> dict[int, list[Lot]]:
    """The lots of these members by who they are by now, the oldest first; without them, of everybody those
    that are not empty or of one of ``periods``."""
    e, whose = benefit_entry.c, func.coalesce(member.c.merged_into, member.c.id)
    query = select(benefit_entry, whose.label("whose")).join(member, member.c.id == e.member_id)
    query = query.where(_is_last()).order_by(e.id)
    more: Mapping[str, Any] = {}
    if members is None:
        query = query.where(or_(e.balance > 0, e.period.in_(sorted(periods))))
    else:
        theirs = one_of(member.c.id, "members") | one_of(member.c.merged_into, "members")
        query, more = query.where(theirs), {"members": members}
    found: defaultdict[int, list[Lot]] = defaultdict(list)
    for row in stream(connection, query, more):
        found[row.whose].append(_lot(row))
    return found


def _is_last() -> ColumnElement[bool]:
    e, after = benefit_entry.c, _NEXT.c
    same = (after.rule == e.rule) & (after.member_id == e.member_id) & (after.period == e.period)
    return ~exists().where(same, after.nth == e.nth + 1)


def _lot(row: Row[Any]) -> Lot:
    return Lot(**{field.name: getattr(row, field.name) for field in fields(Lot)})


def write(tx: Transaction, pen: Pen, person: Person, step: Step, undoes: int | None = None) -> int | None:
    """Write a step of ``person``'s, and tell the log; gives its id, None if somebody was there before."""
    lot, balance = step.lot, step.lot.balance + step.amount
    if balance < 0:
        raise ValueError(f"{lot.rule} of member {lot.member_id} has {lot.balance}, not {-step.amount}")
    told = [_event(tx, pen, person, step, undoes)] if step.kind in _NAMES else []
    entry = {
        **asdict(lot),
        "id": tx.new_id(),
        "nth": lot.nth + 1,
        "kind": step.kind.value,
        "amount": step.amount,
        "balance": balance,
        "until": step.until,
        "at": tx.now,
        "event_id": told[0]["id"] if told else None,
        "undoes": undoes,
    }
    if not insert_new(tx.connection, benefit_entry, [entry]):
        return None
    log.append(tx, told)
    return int(entry["id"])


def _event(tx: Transaction, pen: Pen, person: Person, step: Step, undoes: int | None) -> dict[str, Any]:
    """The sum of ``cost_cents`` over the log is what the uses that stand cost."""
    lot = step.lot
    undone = None if undoes is None else _kind(tx.connection, undoes)
    costs = step.kind is Kind.USE or undone is Kind.USE
    return log.entry(
        tx,
        f"benefits:{pen.account}",
        f"{lot.member_id}:{lot.rule}:{lot.period}:{lot.nth + 1}",
        _NAMES[step.kind],
        tx.now,
        identity_id=person.identity_id,
        actor_role="system",
        channel="dm",
        initiated_by="system",
        object_type="benefit",
        object_id=lot.rule,
        parent_event_id=pen.cause,
        cost_cents=-step.amount * lot.cost if costs else None,
        props={"name": lot.name, "period": lot.period, "amount": step.amount},
    )


def _kind(connection: Connection, entry_id: int) -> Kind:
    found = connection.execute(select(benefit_entry.c.kind).where(benefit_entry.c.id == entry_id))
    return Kind(found.scalar_one())


def undo(tx: Transaction, pen: Pen, person: Person, entry_id: int) -> bool:
    """Take one entry back, once; False if it was, if it undoes another, or if what it gave is gone."""
    row = tx.connection.execute(select(benefit_entry).where(benefit_entry.c.id == entry_id)).one()
    lot = _as_it_stands(tx.connection, row)
    if row.undoes is not None or lot.balance < row.amount:
        return False
    return write(tx, pen, person, Step(lot, Kind.REVERSE, -row.amount, lot.until), entry_id) is not None


def _as_it_stands(connection: Connection, entry: Row[Any]) -> Lot:
    """The lot that an entry belongs to."""
    e = benefit_entry.c
    same = (e.rule == entry.rule) & (e.member_id == entry.member_id) & (e.period == entry.period)
    return _lot(connection.execute(select(benefit_entry).where(same).order_by(e.nth.desc()).limit(1)).one())
