"""What members decided: of each purpose the latest decision holds, whoever was merged with whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from bot.store.quick import once
from bot.store.session import one_of, upsert
from bot.store.tables import consent, member
from bot.store.transaction import Transaction

CONTACT = "contact"
"""To be mentioned, and written to in private, by our own accord. It needs no yes, and can be declined."""

PERSONAL = "personal"
"""To be judged and chosen by what one does and says: tags, calls by tag, wake-ups that fit. The same."""


def decide(tx: Transaction, member_id: int, purpose: str, *, given: bool, cause: int | None) -> None:
    """Write a decision down; ``cause`` is the message in which it was made."""
    decision = {"given": given, "at": tx.now, "text_version": "", "interaction_id": cause}
    key = {"member_id": member_id, "purpose": purpose}
    upsert(tx.connection, consent, [{**key, **decision}], list(key))


def declined(tx: Transaction, member_id: int, purpose: str) -> bool:
    """Whether the member's last word on this purpose was no."""
    return member_id in decliners(tx.connection, [member_id], purpose)


def opted_out(tx: Transaction, member_ids: Collection[int]) -> set[int]:
    """Those of ``member_ids`` who do not want to be mentioned or written to."""
    return decliners(tx.connection, member_ids, CONTACT)


def impersonal(tx: Transaction, member_ids: Collection[int]) -> set[int]:
    """Those of ``member_ids`` who do not want to be told from others by what they do and say."""
    return decliners(tx.connection, member_ids, PERSONAL)


_MEMBER = func.coalesce(member.c.merged_into, consent.c.member_id)
_DECISIONS = select(_MEMBER.label("member_id"), consent.c.purpose, consent.c.given, consent.c.at).select_from(
    consent.outerjoin(member, member.c.id == consent.c.member_id)
)


_IN_ORDER = _DECISIONS.where(consent.c.purpose == bindparam("for")).order_by(
    consent.c.at, consent.c.member_id
)
_MERGED = select(member.c.id).where(one_of(member.c.merged_into, "members"))
_DECISIONS_OF = once(
    _IN_ORDER.where(one_of(consent.c.member_id, "members") | consent.c.member_id.in_(_MERGED))
)


def decliners(connection: Connection, member_ids: Collection[int], purpose: str) -> set[int]:
    """Those of ``member_ids`` whose last word on this purpose was no."""
    if not member_ids:
        return set()
    return _last_no(connection.execute(_DECISIONS_OF, {"members": member_ids, "for": purpose}))


def all_impersonal(connection: Connection) -> set[int]:
    """Everybody who does not want to be told from others by what they do and say."""
    return _last_no(connection.execute(_IN_ORDER, {"for": PERSONAL}))


def _last_no(decisions: Iterable[Row[Any]]) -> set[int]:
    return {who for who, given in {row.member_id: row.given for row in decisions}.items() if not given}


def refused_since(tx: Transaction, member_id: int, since: datetime) -> list[str]:
    """The purposes to which a member's last word, from ``since`` on, was no."""
    late = select(consent.c.purpose).where(consent.c.given.is_(False), consent.c.at >= since)
    purposes = set(tx.connection.scalars(late))
    return sorted(purpose for purpose in purposes if declined(tx, member_id, purpose))


def refuse_too(tx: Transaction, member_id: int, purposes: Collection[str]) -> None:
    """What another refused while they passed for one person."""
    for purpose in purposes:
        decide(tx, member_id, purpose, given=False, cause=None)
