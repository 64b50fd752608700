"""What people say in rooms, as far as the guard has to know it: when it was last noisy, and posts by hand.

A post by hand counts in the room's budgets like ours: what staff, experts, KOC or a human at our account
begin, and group notes and @所有人 by anyone. Their talk is none: it is short, or answers somebody.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from bot.events import MessageKind, MessageReceived
from bot.outbox.queue import Intent
from bot.outbox.rules import Begun
from bot.store import log
from bot.store.quick import once
from bot.store.tables import interaction, room
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

Sells = Callable[[str], bool]
A_POST = 40
"""Characters from which a text that answers nobody is a post."""
ONE_POST = timedelta(minutes=10)
"""What follows a post by hand within this belongs to it."""
BY_HAND = "post_made_by_hand"
_EVERYBODY = ("@所有人", "@all", "@everyone")
_GIFTS = frozenset({MessageKind.RED_PACKET, MessageKind.TRANSFER})
_CARDS = frozenset({MessageKind.MINI_PROGRAM, MessageKind.LINK, MessageKind.POST})
_ABOUT = {"object_type": "post", "object_id": "by_hand"}


def calls_everybody(text: str) -> bool:
    return "@" in text and any(name in text for name in _EVERYBODY)


def without_everybody(text: str) -> str:
    """The same, calling nobody."""
    while calls_everybody(text):
        text = functools.reduce(lambda shorter, name: shorter.replace(name, ""), _EVERYBODY, text)
    return text.strip()


def note(
    tx: Transaction, account: str, sells: Sells, said: Iterable[tuple[MessageReceived, dict[str, Any]]]
) -> None:
    """Note what was ``said`` in rooms: messages with their rows of the log, whoever said them. Commands are
    no talk."""
    heard: dict[int, datetime] = {}
    gifts: dict[int, datetime] = {}
    for message, row in said:
        room_id, at = row["room_id"], row["occurred_at"]
        if row["name"] == "command_given":
            continue
        if room_id not in heard or heard[room_id] < at:
            heard[room_id] = at
        if message.kind in _GIFTS:
            gifts[room_id] = max(at, gifts.get(room_id, at))
        if _is_post(message, row["actor_role"] != "member", sells):
            _note_post(tx, account, message, row, sells)
    for statement, moments in ((_HEARD, heard), (_GIFT, gifts)):
        if moments:
            tx.connection.execute(statement, [{"here": id, "then": at} for id, at in moments.items()])


def _is_post(message: MessageReceived, by_us: bool, sells: Sells) -> bool:
    if message.kind is MessageKind.GROUP_NOTE or calls_everybody(message.text):
        return True
    if not by_us or message.quote is not None or message.mentioned:
        return False
    return message.kind in _CARDS or len(message.text) >= A_POST or sells(message.text)


def _note_post(
    tx: Transaction, account: str, message: MessageReceived, row: dict[str, Any], sells: Sells
) -> None:
    """Record a post by hand, unless it belongs to one that is recorded and was as much."""
    does_sell = row["actor_role"] != "member" and sells(message.text)
    at_all = message.kind is MessageKind.GROUP_NOTE or calls_everybody(message.text)
    at = row["occurred_at"]
    for before in posts_by_hand(tx, row["room_id"], at - ONE_POST, at):
        if (before.intent is Intent.PROMO or not does_sell) and (before.at_all or not at_all):
            return
    post = log.entry(
        tx,
        f"talk:{account}",
        str(row["id"]),
        BY_HAND,
        at,
        identity_id=row["identity_id"],
        actor_role=row["actor_role"],
        room_id=row["room_id"],
        parent_event_id=row["id"],
        props={"sells": does_sell, "at_all": at_all},
        **_ABOUT,
    )
    log.append(tx, [post])


def posts_by_hand(tx: Transaction, room_id: int, since: datetime, until: datetime) -> list[Begun]:
    """The posts by hand in a room between two moments."""
    found = tx.connection.execute(_POSTS, {"here": room_id, "since": since, "until": until})
    return [
        Begun(at, Intent.PROMO if props["sells"] else None, at_all=props["at_all"]) for at, props in found
    ]


# What is told late does not make a room noisy later than it was.
_SINCE, _UNTIL, _THEN = (bindparam(name, type_=UtcTime) for name in ("since", "until", "then"))
_HEARD = once(
    update(room)
    .where(room.c.id == bindparam("here"), or_(room.c.heard_at.is_(None), room.c.heard_at < _THEN))
    .values(heard_at=_THEN)
)
_GIFT = once(
    update(room)
    .where(room.c.id == bindparam("here"), or_(room.c.gift_at.is_(None), room.c.gift_at < _THEN))
    .values(gift_at=_THEN)
)
_POSTS = once(
    select(interaction.c.occurred_at, interaction.c.props).where(
        interaction.c.object_type == _ABOUT["object_type"],
        interaction.c.object_id == _ABOUT["object_id"],
        interaction.c.room_id == bindparam("here"),
        interaction.c.occurred_at.between(_SINCE, _UNTIL),
    )
)
