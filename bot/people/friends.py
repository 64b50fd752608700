"""Who may be written to in private: friends, as far as the log knows."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from bot.naming import NAMES
from bot.store.tables import interaction
from bot.store.transaction import Transaction


def among(tx: Transaction, identity_ids: Collection[int]) -> set[int]:
    """Those members who are friends: they wrote in private once, or the platform said so."""
    i = interaction.c
    friends = select(i.identity_id).where(
        i.identity_id.in_(list(identity_ids)),
        i.channel == "dm",
        i.name.in_([*NAMES, "command_given", "friend_made"]),
        i.actor_role.in_(("member", "koc")),
    )
    return set(tx.connection.scalars(friends))
