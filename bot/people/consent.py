"""What members decided: of each purpose the latest decision holds."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from bot.store.session import upsert
from bot.store.tables import consent
from bot.store.transaction import Transaction

CONTACT = "contact"
"""To be mentioned, and written to in private, by our own accord. It needs no yes, and can be declined."""


def decide(tx: Transaction, member_id: int, purpose: str, *, given: bool, cause: int | None) -> None:
    """Write a decision down; ``cause`` is the message in which it was made."""
    decision = {"given": given, "at": tx.now, "text_version": "", "interaction_id": cause}
    key = {"member_id": member_id, "purpose": purpose}
    upsert(tx.connection, consent, [{**key, **decision}], list(key))


def declined(tx: Transaction, member_id: int, purpose: str) -> bool:
    """Whether the member's last word on this purpose was no."""
    mine = (consent.c.member_id == member_id) & (consent.c.purpose == purpose)
    return tx.connection.execute(select(consent.c.given).where(mine)).scalar() is False


def opted_out(tx: Transaction, member_ids: Collection[int]) -> set[int]:
    """Those of ``member_ids`` who do not want to be mentioned or written to."""
    if not member_ids:
        return set()
    declined = (consent.c.purpose == CONTACT) & consent.c.given.is_(False)
    query = select(consent.c.member_id).where(consent.c.member_id.in_(member_ids), declined)
    return set(tx.connection.scalars(query))
