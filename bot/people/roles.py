"""Who was given which role. ``管理员`` is built in; the others are declared in ``community.yaml``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update

from bot.people.directory import Person
from bot.store.quick import once
from bot.store.tables import identity, member, membership, role, room
from bot.store.transaction import Transaction

ADMIN = "管理员"
STAFF = "staff"
OURS = frozenset({STAFF, "expert"})
"""As what our own people act."""
_KINDS = (STAFF, "expert", "koc")
"""What figures tell apart from members, the first that applies."""


@dataclass(frozen=True, slots=True)
class Standings:
    """Who counts as what: ``held`` are the roles in force, ``kinds`` says what each declared role is."""

    held: Mapping[int, set[str]]
    kinds: Mapping[str, str]

    def is_admin(self, member_id: int) -> bool:
        return ADMIN in self.held.get(member_id, ())

    def actor_role(self, member_id: int) -> str:
        """As what this person's acts are recorded: staff, expert, koc or member."""
        if member_id not in self.held:
            return "member"
        mine = {STAFF if name == ADMIN else self.kinds.get(name) for name in self.held[member_id]}
        return next((kind for kind in _KINDS if kind in mine), "member")


_who = func.coalesce(member.c.merged_into, role.c.member_id)
"""Whose a role is by now; members may be merged."""
_ROLE = role.outerjoin(member, member.c.id == role.c.member_id)
IN_FORCE = once(select(_who, role.c.role).select_from(_ROLE).where(role.c.taken_at.is_(None)))
"""(member, role), by whom members turned out to be."""


def roles(tx: Transaction) -> dict[int, set[str]]:
    """The roles in force, by member id; those who have none are not in it."""
    held: defaultdict[int, set[str]] = defaultdict(set)
    for member_id, name in tx.connection.execute(IN_FORCE):
        held[member_id].add(name)
    return dict(held)


def give(tx: Transaction, member_id: int, name: str, given_by: int | None) -> None:
    row = {"id": tx.new_id(), "member_id": member_id, "role": name, "given_at": tx.now, "given_by": given_by}
    tx.connection.execute(insert(role).values(row))


def take(tx: Transaction, member_id: int, name: str, taken_by: int | None) -> bool:
    """Take a role back; False where the person does not have it."""
    theirs = role.c.member_id.in_(select(role.c.member_id).select_from(_ROLE).where(_who == member_id))
    held = theirs & (role.c.role == name) & role.c.taken_at.is_(None)
    taken = update(role).where(held).values(taken_at=tx.now, taken_by=taken_by)
    return tx.connection.execute(taken).rowcount > 0


def holders(tx: Transaction, name: str, account: str) -> list[Person]:
    """Who has a role, as ``account`` knows them: one identity each, by number."""
    rows = tx.connection.execute(_holders(account), {"named": name}).all()
    found = {row[1]: Person(*row) for row in reversed(rows)}
    return [found[member_id] for member_id in reversed(found)]


@cache
def _holders(account: str) -> Select[*tuple[Any, ...]]:
    now = member.alias()
    return once(
        select(identity.c.id, now.c.id, now.c.number, identity.c.name)
        .select_from(_ROLE.join(now, now.c.id == _who).join(identity, identity.c.member_id == now.c.id))
        .where(role.c.role == bindparam("named"), role.c.taken_at.is_(None))
        .where(identity.c.source.endswith(f":{account}", autoescape=True))
        .order_by(now.c.number, identity.c.id.desc())
    )


def has_admin(tx: Transaction, source: str) -> bool:
    """Whether any admin is known at ``source``: at each account people are known by other ids."""
    query = (
        select(role.c.id)
        .select_from(_ROLE.join(identity, identity.c.member_id == _who))
        .where(role.c.role == ADMIN, role.c.taken_at.is_(None), identity.c.source == source)
    )
    return tx.connection.execute(query.limit(1)).first() is not None


def is_in_a_room(tx: Transaction, identity_id: int) -> bool:
    """Whether this person is in any enabled room, and so is no stranger."""
    query = (
        select(membership.c.room_id)
        .select_from(membership.join(room, room.c.id == membership.c.room_id))
        .where(membership.c.identity_id == identity_id, membership.c.left_at.is_(None))
        .where(room.c.disabled_at.is_(None))
    )
    return tx.connection.execute(query.limit(1)).first() is not None
