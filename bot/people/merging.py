"""One profile a person: accounts are linked to members, members who turn out to be one are merged, and both
can be undone.

The log points to identities, so none of this rewrites it. Each merge hangs one member (``from_id``) under
another; an identity is that member's who stands at the top above its origin. So merges are undone in any
order. What is kept by member (roles, tags, consent) stays where it is, and is read through ``one_with``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, func, insert, or_, select, update

from bot.people import consent
from bot.store.ids import next_number
from bot.store.tables import identity, identity_log, member
from bot.store.transaction import Transaction


class Kind(StrEnum):
    """What happened; ``CLAIMED``: two gave one phone number, and a human has to say whether they are one."""

    MERGED = "merged"
    LINKED = "linked"
    CLAIMED = "claimed"


class Proof(StrEnum):
    PHONE = "phone"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Why:
    """On what ground; ``by`` is the member who said so, None where the proof speaks for itself."""

    proof: Proof
    by: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of ``identity_log``; ``number`` is what operators type."""

    id: int
    number: int
    kind: Kind
    from_id: int | None
    to_id: int
    moved: tuple[int, ...]
    proof: Proof
    reason: str
    at: datetime
    ended_at: datetime | None = None


def merge(tx: Transaction, gone: int, stays: int, why: Why) -> Entry:
    """Everything of the member ``gone`` is ``stays``'s from now on."""
    if gone == stays or _is_merged(tx, [gone, stays]):
        raise ValueError(f"members {gone} and {stays} cannot be merged")
    theirs = identity.c.member_id == gone
    moved = list(tx.connection.scalars(select(identity.c.id).where(theirs).order_by(identity.c.id)))
    origin = func.coalesce(identity.c.origin_id, gone)
    tx.connection.execute(update(identity).where(theirs).values(member_id=stays, origin_id=origin))
    below = (member.c.id == gone) | (member.c.merged_into == gone)
    tx.connection.execute(update(member).where(below).values(merged_into=stays))
    _settle_claims(tx, stays, why.by)
    return _write(tx, Kind.MERGED, gone, stays, moved, why)


def link(tx: Transaction, identity_ids: Collection[int], member_id: int, why: Why) -> Entry | None:
    """Those of ``identity_ids`` that are nobody's are ``member_id``'s; None where there are none."""
    unlinked = select(identity.c.id).where(identity.c.id.in_(identity_ids), identity.c.member_id.is_(None))
    moved = list(tx.connection.scalars(unlinked.order_by(identity.c.id)))
    if not moved:
        return None
    tx.connection.execute(update(identity).where(identity.c.id.in_(moved)).values(member_id=member_id))
    return _write(tx, Kind.LINKED, None, member_id, moved, why)


def claim(tx: Transaction, claimant: int, holder: int, why: Why) -> Entry | None:
    """Note that ``claimant`` gives what is ``holder``'s; None where it was noted before, even if settled."""
    pair = [(claimant, holder), (holder, claimant)]
    before = [(identity_log.c.from_id == a) & (identity_log.c.to_id == b) for a, b in pair]
    query = select(identity_log.c.id).where(identity_log.c.kind == Kind.CLAIMED, or_(*before))
    if tx.connection.execute(query.limit(1)).first() is not None:
        return None
    return _write(tx, Kind.CLAIMED, claimant, holder, [], why)


def undo(tx: Transaction, entry: Entry, by: int | None) -> None:
    """Everybody has again what was theirs; of a claim: these are two people."""
    if entry.ended_at is not None:
        raise ValueError(f"entry {entry.number} was undone before")
    if entry.kind is Kind.MERGED:
        assert entry.from_id is not None
        _split(tx, entry.from_id, entry.at)
    elif entry.kind is Kind.LINKED:
        nobodys = {"member_id": None, "origin_id": None}
        tx.connection.execute(update(identity).where(identity.c.id.in_(entry.moved)).values(nobodys))
    this = identity_log.c.id == entry.id
    tx.connection.execute(update(identity_log).where(this).values(ended_at=tx.now, ended_by=by))


def _split(tx: Transaction, gone: int, merged_at: datetime) -> None:
    """What was refused while they were one stays refused by both: nobody knows which of them it was."""
    refused = consent.refused_since(tx, top(tx, gone), merged_at)
    below = _below(tx, gone)
    tx.connection.execute(
        update(identity).where(identity.c.origin_id.in_([gone, *below])).values(member_id=gone)
    )
    home = identity.c.origin_id == gone
    tx.connection.execute(update(identity).where(home).values(origin_id=None))
    tx.connection.execute(update(member).where(member.c.id == gone).values(merged_into=None))
    tx.connection.execute(update(member).where(member.c.id.in_(below)).values(merged_into=gone))
    consent.refuse_too(tx, gone, refused)


def _below(tx: Transaction, member_id: int) -> list[int]:
    """All who hang under ``member_id``."""
    found: list[int] = []
    next_ones = [member_id]
    while next_ones:
        under = select(identity_log.c.from_id).where(_OPEN, identity_log.c.kind == Kind.MERGED)
        next_ones = list(tx.connection.scalars(under.where(identity_log.c.to_id.in_(next_ones))))
        found += next_ones
    return found


def _settle_claims(tx: Transaction, member_id: int, by: int | None) -> None:
    both = [one_with(column, member_id) for column in (identity_log.c.from_id, identity_log.c.to_id)]
    claims = update(identity_log).where(_OPEN, identity_log.c.kind == Kind.CLAIMED, *both)
    tx.connection.execute(claims.values(ended_at=tx.now, ended_by=by))


def _write(
    tx: Transaction, kind: Kind, gone: int | None, stays: int, moved: Collection[int], why: Why
) -> Entry:
    number = next_number(tx.connection, "identity_log")
    entry_id = tx.new_id()
    row = {"id": entry_id, "number": number, "kind": kind.value, "from_id": gone, "to_id": stays}
    because = {"proof": why.proof.value, "reason": why.reason, "by_id": why.by, "at": tx.now}
    tx.connection.execute(insert(identity_log).values({**row, **because, "moved": list(moved)}))
    return Entry(entry_id, number, kind, gone, stays, tuple(moved), why.proof, why.reason, tx.now)


# --- reading ---

_OPEN = identity_log.c.ended_at.is_(None)


def one_with(column: Column[Any], member_id: int) -> ColumnElement[bool]:
    """Whether a member in ``column`` is ``member_id``, or was merged into them."""
    return (column == member_id) | column.in_(select(member.c.id).where(member.c.merged_into == member_id))


def top(tx: Transaction, member_id: int) -> int:
    """Who ``member_id`` is by now."""
    into = select(member.c.merged_into).where(member.c.id == member_id)
    return tx.connection.execute(into).scalar() or member_id


def numbered(tx: Transaction, number: int) -> Entry | None:
    row = tx.connection.execute(select(identity_log).where(identity_log.c.number == number)).first()
    return None if row is None else _entry(row)


def of(tx: Transaction, member_id: int) -> list[Entry]:
    """What can be undone about a member, or about those who were merged into them."""
    about = or_(*(one_with(column, member_id) for column in (identity_log.c.from_id, identity_log.c.to_id)))
    query = select(identity_log).where(_OPEN, about).order_by(identity_log.c.number)
    return [_entry(row) for row in tx.connection.execute(query)]


def open_claims(tx: Transaction) -> list[Entry]:
    """Of whom a human has to say whether they are one."""
    query = select(identity_log).where(_OPEN, identity_log.c.kind == Kind.CLAIMED)
    return [_entry(row) for row in tx.connection.execute(query.order_by(identity_log.c.number))]


def _is_merged(tx: Transaction, member_ids: Collection[int]) -> bool:
    away = select(member.c.id).where(member.c.id.in_(member_ids), member.c.merged_into.is_not(None))
    return tx.connection.execute(away).first() is not None


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    kind, proof = Kind(row.kind), Proof(row.proof)
    who = (row.from_id, row.to_id, tuple(row.moved))
    return Entry(row.id, row.number, kind, *who, proof, row.reason, row.at, row.ended_at)
