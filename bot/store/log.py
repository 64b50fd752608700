"""Writing the log of interactions: append-only, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.naming import NAMES
from bot.store.session import insert_new
from bot.store.tables import interaction
from bot.store.transaction import Transaction

CORE_NAMES = NAMES | {
    "member_joined",
    "member_left",
    "member_removed",
    "member_invited",
    "message_recalled",
    "command_given",
    "command_refused",
    "member_noted",
    "note_removed",
    "content_sent",
    "send_suppressed",
    "post_made_by_hand",
    "dnc_set",
    "dnc_cleared",
    "friend_made",
    "consent_granted",
    "consent_withdrawn",
    "tag_changed",
    "tag_given",
    "tag_taken",
    "tag_refused",
    "tag_allowed",
    "role_given",
    "role_taken",
    "level_changed",
    "level_loss_announced",
    "benefit_granted",
    "benefit_used",
    "benefit_expired",
    "benefit_reversed",
    "complaint_raised",
    "complaint_closed",
    "order_placed",
    "order_paid",
    "order_delivered",
    "order_refunded",
    "content_opened",
    "content_clicked",
    "cost_recorded",
    "data_exported",
    "erasure_asked",
    "invite_created",
    "member_referred",
    "referral_activated",
    "referral_withdrawn",
    "thanks_listed",
    "thanks_changed",
}
"""What the core records; kinds declare what they record beside it."""


def entry(
    tx: Transaction, source: str, source_id: str, name: str, occurred_at: datetime, **values: object
) -> dict[str, Any]:
    """A row of the log with an id of its own; ``values`` are further columns of ``interaction``."""
    return {
        "id": tx.new_id(),
        "source": source,
        "source_id": source_id,
        "name": name,
        "occurred_at": occurred_at,
        "received_at": tx.now,
        "props": {},
        **values,
    }


def append(tx: Transaction, rows: Sequence[dict[str, Any]]) -> set[int]:
    """Write ``rows``; gives the ids of those that were not there before."""
    ids = {row["id"] for row in rows}
    if insert_new(tx.connection, interaction, rows) == len(rows):
        return ids
    written = select(interaction.c.id).where(interaction.c.id.in_(ids))
    return set(tx.connection.scalars(written))
