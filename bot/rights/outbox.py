"""What the bot was to say, or said, to somebody and of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, String, cast, literal, select, update

from bot.outbox.queue import Intent, State, ended
from bot.store.retention import WIPED
from bot.store.tables import interaction, outgoing
from bot.store.transaction import Transaction

ERASED = "erased"
_REASON = "who it was about is forgotten"


def forget(
    tx: Transaction, identities: Collection[int], called: Collection[str], ids: Collection[str]
) -> None:
    """Wipe what was for them, called them, answered them, or repeats their words or their name."""
    said = _said(tx, identities)
    for row in tx.connection.execute(select(outgoing).where(outgoing.c.wiped_at.is_(None))).all():
        if _is_theirs(row, identities, said) or _names(row, called):
            _wipe(tx, row)
    for id in ids:
        keyed = outgoing.c.dedupe_key.contains(id, autoescape=True)
        nobodys = literal(f"{ERASED}:") + cast(outgoing.c.id, String)
        tx.connection.execute(update(outgoing).where(keyed).values(dedupe_key=nobodys))


def _names(row: Row[Any], called: Collection[str]) -> bool:
    """Whether it calls them. What we begin may hold a name by chance, and is not stopped for it."""
    may_go = row.settled_at is not None or row.intent in (Intent.REPLY, Intent.SERVICE)
    return may_go and any(name in row.payload["text"] for name in called)


def _said(tx: Transaction, identities: Collection[int]) -> set[int]:
    mine = select(interaction.c.id).where(interaction.c.identity_id.in_(identities))
    return set(tx.connection.scalars(mine))


def _is_theirs(row: Row[Any], identities: Collection[int], said: set[int]) -> bool:
    payload = row.payload
    return (
        row.identity_id in identities
        or row.cause_id in said
        or not said.isdisjoint(payload.get("quotes", ()))
        or not set(identities).isdisjoint(payload.get("mentions", ()))
    )


def _wipe(tx: Transaction, row: Row[Any]) -> None:
    forgotten: dict[str, object] = {"payload": WIPED, "wiped_at": tx.now}
    if row.settled_at is None and row.state != State.SENDING:
        forgotten |= ended(State.DROPPED, _REASON, tx.now)
    tx.connection.execute(update(outgoing).where(outgoing.c.id == row.id).values(forgotten))
