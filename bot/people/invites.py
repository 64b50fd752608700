"""Invite codes: a member's own, said by those whom they bring. A code says nothing about its owner."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from sqlalchemy import Connection, func, select

from bot.people.merging import one_with
from bot.store.mouth import invite_code
from bot.store.session import insert_new, one_of
from bot.store.tables import identity
from bot.store.transaction import Transaction

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for others."""
LENGTH = 6
_CODE = re.compile(rf"(?<![A-Z0-9])[{LETTERS}]{{{LENGTH}}}(?![A-Z0-9])")
LONGEST = 200
"""Characters of a text in which codes are looked for."""


def within(text: str) -> list[str]:
    """What may be codes in ``text``, however they were typed."""
    return _CODE.findall(unicodedata.normalize("NFKC", text[:LONGEST]).upper())


def is_one(text: str) -> bool:
    """Whether ``text`` is a code by its looks, and nothing else."""
    return within(text) == [unicodedata.normalize("NFKC", text[:LONGEST]).strip().upper()]


def of_member(connection: Connection, member_id: int) -> str | None:
    """The first that they have, or that somebody has who was merged into them."""
    mine = select(invite_code.c.code).where(one_with(invite_code.c.member_id, member_id))
    return connection.execute(mine.order_by(invite_code.c.at, invite_code.c.code).limit(1)).scalar()


def give(tx: Transaction, member_id: int, code: str) -> bool:
    """Make ``code`` theirs; False where it is somebody's already."""
    return insert_new(tx.connection, invite_code, [{"code": code, "member_id": member_id, "at": tx.now}]) > 0


def owners(connection: Connection, codes: Collection[str]) -> dict[str, int]:
    """By code an account of the member who was given it, as far as there are such codes.

    It stays that member's account when they are merged, and split again.
    """
    if not codes:
        return {}
    whose = func.coalesce(identity.c.origin_id, identity.c.member_id) == invite_code.c.member_id
    query = (
        select(invite_code.c.code, func.min(identity.c.id))
        .select_from(invite_code.join(identity, whose))
        .where(one_of(invite_code.c.code, "codes"))
        .group_by(invite_code.c.code)
    )
    return dict(map(tuple, connection.execute(query, {"codes": codes})))
