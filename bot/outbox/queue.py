"""Putting messages into the outbox: rendered, in the transaction of whatever caused them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from sqlalchemy import select, update

from bot.store.retention import WIPED
from bot.store.session import insert_new
from bot.store.tables import outgoing
from bot.store.transaction import Transaction

ANSWER_WITHIN = timedelta(minutes=10)
"""An answer that could not be sent by then is not wanted any more."""


class Intent(StrEnum):
    """What a message is for its reader; budgets are kept by it."""

    GIVE = "give"
    ASK = "ask"
    PROMO = "promo"
    SERVICE = "service"
    REPLY = "reply"


class Priority(IntEnum):
    """What goes first."""

    ANSWER = 0
    ALARM = 1
    REPLY = 2
    POST = 3


class State(StrEnum):
    """queued → sending → sent | unknown | failed; or expired or dropped without ever leaving."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    DROPPED = "dropped"


class Kind(StrEnum):
    """What the channel is to do."""

    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Post:
    """What is to be said: one text or several in a row, to a room, or in private to somebody.

    ``dedupe_key`` is what makes it one and the same: a second post with the key is not queued. ``mentions``
    are identities, ``quotes`` the interactions whose words it repeats.
    """

    texts: Sequence[str]
    intent: Intent
    priority: Priority
    dedupe_key: str
    room_id: int | None = None
    identity_id: int | None = None
    mentions: Sequence[int] = ()
    quotes: Sequence[int] = ()
    expires_at: datetime | None = None
    not_before: datetime | None = None
    sop_id: str | None = None
    run_id: int | None = None
    cause_id: int | None = None


def enqueue(tx: Transaction, account: str, post: Post) -> int | None:
    """Queue ``post`` for ``account``; gives its post id, or None if it was queued before."""
    post_id = tx.new_id()
    ids = [post_id, *(tx.new_id() for _ in post.texts[1:])]
    new = insert_new(
        tx.connection,
        outgoing,
        [_row(tx, account, post, post_id, sequence, row_id) for sequence, row_id in enumerate(ids)],
    )
    tx.queued = tx.queued or new > 0
    return post_id if new else None


def _row(
    tx: Transaction, account: str, post: Post, post_id: int, sequence: int, row_id: int
) -> dict[str, object]:
    mentions = list(post.mentions) if sequence == 0 else []
    return {
        "id": row_id,
        "account": account,
        "room_id": post.room_id,
        "identity_id": post.identity_id,
        "kind": Kind.TEXT,
        "payload": {"text": post.texts[sequence], "mentions": mentions, "quotes": list(post.quotes)},
        "intent": post.intent,
        "priority": post.priority,
        "post_id": post_id,
        "sequence": sequence,
        "dedupe_key": f"{post.dedupe_key}/{sequence}",
        "sop_id": post.sop_id,
        "run_id": post.run_id,
        "cause_id": post.cause_id,
        "state": State.QUEUED,
        "queued_at": tx.now,
        "not_before": post.not_before,
        "expires_at": post.expires_at,
    }


def drop_queued(tx: Transaction, room_id: int, reason: str) -> None:
    """What still waits for a room is not sent any more."""
    waiting = (outgoing.c.room_id == room_id) & (outgoing.c.state == State.QUEUED)
    dropped = {"state": State.DROPPED, "reason": reason, "settled_at": tx.now}
    tx.connection.execute(update(outgoing).where(waiting).values(dropped))


def unquote(tx: Transaction, room_id: int, message_id: int, said_at: datetime) -> None:
    """A message was taken back: what repeats its words is not sent any more, and does not keep them."""
    here = (outgoing.c.room_id == room_id) & outgoing.c.wiped_at.is_(None)
    later = select(outgoing.c.id, outgoing.c.state, outgoing.c.payload).where(
        here, outgoing.c.queued_at >= said_at
    )
    for row in tx.connection.execute(later).all():
        if message_id in row.payload.get("quotes", ()):
            forgotten: dict[str, object] = {"payload": WIPED, "wiped_at": tx.now}
            if row.state == State.QUEUED:
                forgotten |= {"state": State.DROPPED, "reason": "what it quotes was recalled"}
                forgotten |= {"settled_at": tx.now}
            tx.connection.execute(update(outgoing).where(outgoing.c.id == row.id).values(forgotten))
