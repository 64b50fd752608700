"""Putting messages into the outbox: rendered, in the transaction of whatever caused them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ClauseElement, Row, bindparam, case, select, update

from bot.store.quick import once
from bot.store.retention import WIPED
from bot.store.session import insert_new, update_by_id
from bot.store.tables import outgoing
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
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
    PICTURE = "picture"
    FILE = "file"
    ACCEPT_FRIEND = "accept_friend"
    ACCEPT_INVITATION = "accept_invitation"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the channel is to do; ``payload`` is its kind's (see ``text``, ``picture`` …)."""

    kind: Kind
    payload: Mapping[str, object]


def text(words: str) -> Part:
    """Say these words."""
    return Part(Kind.TEXT, {"text": words})


def picture(path: Path) -> Part:
    """Show the picture at ``path``."""
    return Part(Kind.PICTURE, {"path": str(path)})


def file(path: Path) -> Part:
    """Hand over the file at ``path``, in private."""
    return Part(Kind.FILE, {"path": str(path)})


def accept_friend(request_id: str) -> Part:
    """Become friends with whoever sent this request (the platform's id)."""
    return Part(Kind.ACCEPT_FRIEND, {"request_id": request_id})


def accept_invitation(invitation_id: str) -> Part:
    """Go into the room of this invitation (the platform's id)."""
    return Part(Kind.ACCEPT_INVITATION, {"invitation_id": invitation_id})


def invite_into(room_id: int) -> Part:
    """Invite the person to whom the post goes into this room of ours."""
    return Part(Kind.INVITE, {"room_id": room_id})


class Repeat(StrEnum):
    """Whether a message may be sent again when nobody knows whether it arrived."""

    NEVER = "never"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Post:
    """What is to be done in one go: a text, or several parts in a row, in a room or in private.

    ``dedupe_key`` is what makes it one and the same: a second post with the key is not queued. ``mentions``
    are identities, ``quotes`` the interactions whose words it repeats; ``at_all`` calls everybody in the
    room. ``answers_at`` is when that was said which it answers. ``repeat`` is the author's word that it may
    come twice; ``despite_stop`` marks what is answered though all sending was stopped.
    """

    parts: Sequence[Part]
    intent: Intent
    priority: Priority
    dedupe_key: str
    room_id: int | None = None
    identity_id: int | None = None
    mentions: Sequence[int] = ()
    at_all: bool = False
    quotes: Sequence[int] = ()
    answers_at: datetime | None = None
    expires_at: datetime | None = None
    not_before: datetime | None = None
    sop_id: str | None = None
    run_id: int | None = None
    cause_id: int | None = None
    repeat: Repeat = Repeat.NEVER
    despite_stop: bool = False


def enqueue(tx: Transaction, account: str, post: Post) -> int | None:
    """Queue ``post`` for ``account``; gives its post id, or None if it was queued before."""
    post_id = tx.new_id()
    ids = [post_id, *(tx.new_id() for _ in post.parts[1:])]
    new = insert_new(
        tx.connection,
        outgoing,
        [_row(tx, account, post, post_id, sequence, row_id) for sequence, row_id in enumerate(ids)],
    )
    tx.queued = tx.queued or new > 0
    return post_id if new else None


def drafted(tx: Transaction, account: str, post: Post) -> SimpleNamespace:
    """The row that the first part of ``post`` would be, if it were queued now."""
    return SimpleNamespace(**_row(tx, account, post, 0, 0, 0))


def _row(
    tx: Transaction, account: str, post: Post, post_id: int, sequence: int, row_id: int
) -> dict[str, object]:
    part = post.parts[sequence]
    mentions = list(post.mentions) if sequence == 0 else []
    called = {"mentions": mentions} | ({"at_all": True} if post.at_all and sequence == 0 else {})
    return {
        "id": row_id,
        "account": account,
        "room_id": post.room_id,
        "identity_id": post.identity_id,
        "kind": part.kind,
        "payload": {"text": "", **called, "quotes": list(post.quotes), **part.payload},
        "intent": post.intent,
        "priority": post.priority,
        "post_id": post_id,
        "sequence": sequence,
        "repeat": post.repeat,
        "despite_stop": post.despite_stop,
        "dedupe_key": f"{post.dedupe_key}/{sequence}",
        "sop_id": post.sop_id,
        "run_id": post.run_id,
        "cause_id": post.cause_id,
        "state": State.QUEUED,
        "queued_at": tx.now,
        "answers_at": post.answers_at,
        "not_before": post.not_before,
        "expires_at": post.expires_at,
    }


UNSAID = "what comes before it was not sent"
is_waiting = outgoing.c.settled_at.is_(None) & (
    (outgoing.c.state == State.QUEUED) | (outgoing.c.state == State.UNKNOWN)
)
"""What will be tried, or tried again."""


def by_id(tx: Transaction, outgoing_id: int) -> AnyRow | None:
    return tx.connection.execute(_BY_ID, {"this": outgoing_id}).first()


def change(tx: Transaction, outgoing_id: int, **values: Any) -> None:
    """Set these columns of a row."""
    if not any(isinstance(value, ClauseElement) for value in values.values()):
        update_by_id(tx.connection, outgoing, outgoing_id, values)
    else:
        tx.connection.execute(update(outgoing).where(outgoing.c.id == outgoing_id).values(values))


# What is done for every message is built once: building a statement takes longer than its execution.
_BY_ID = once(select(outgoing).where(outgoing.c.id == bindparam("this")))


def ended(state: State, reason: str, now: object) -> dict[str, object]:
    """What is written to rows that are not tried any more; what may have gone out stays unknown."""
    left = case((outgoing.c.state == State.UNKNOWN, State.UNKNOWN), else_=state)
    return {"state": left, "reason": reason, "settled_at": now, "not_before": None}


def expire(tx: Transaction, account: str) -> None:
    """What could not leave in time is not wanted any more."""
    tx.connection.execute(_EXPIRY, {"mine": account, "now": tx.now})


_ACCOUNT, _NOW = bindparam("mine", type_=outgoing.c.account.type), bindparam("now", type_=UtcTime)
_EXPIRY = once(
    update(outgoing)
    .where(outgoing.c.account == _ACCOUNT, is_waiting, outgoing.c.expires_at < _NOW)
    .values(ended(State.EXPIRED, "too late to be sent", _NOW))
)
"""Built once: everything that is sent asks for it, and building it takes longer than its execution."""


def give_up(tx: Transaction, row: AnyRow, state: State, reason: str) -> None:
    """A row is not tried any more, and so neither are the later parts of its post."""
    of_post = (outgoing.c.account == row.account) & (outgoing.c.post_id == row.post_id)
    later = of_post & is_waiting & (outgoing.c.sequence > row.sequence)
    change(tx, row.id, **ended(state, reason, tx.now))
    unsaid = ended(State.DROPPED, UNSAID, tx.now)
    tx.connection.execute(update(outgoing).where(later).values(unsaid))


def drop_waiting(tx: Transaction, room_id: int, reason: str) -> None:
    """What still waits for a room is not sent any more."""
    here = (outgoing.c.room_id == room_id) & is_waiting
    tx.connection.execute(update(outgoing).where(here).values(ended(State.DROPPED, reason, tx.now)))


def unquote(tx: Transaction, message_id: int, said_at: datetime) -> None:
    """A message was taken back: what repeats its words, wherever, is not sent any more and keeps them not."""
    later = select(outgoing.c.id, outgoing.c.state, outgoing.c.settled_at, outgoing.c.payload).where(
        outgoing.c.wiped_at.is_(None), outgoing.c.queued_at >= said_at
    )
    for row in tx.connection.execute(later).all():
        if message_id in row.payload.get("quotes", ()):
            forgotten: dict[str, object] = {"payload": WIPED, "wiped_at": tx.now}
            if row.settled_at is None and row.state != State.SENDING:
                forgotten |= ended(State.DROPPED, "what it quotes was recalled", tx.now)
            tx.connection.execute(update(outgoing).where(outgoing.c.id == row.id).values(forgotten))
