"""From what the gateway says to the events of the bot; nothing here waits or asks.

The gateway's events are JSON in which no field can be relied on. What lacks a field that we cannot do
without raises ``Unreadable``, which names the event and the field but never quotes what people wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Protocol

from bot.channels.wechaty.kinds import QUOTED, RECALLED, WITH_MEDIA, kind_of, seconds_of, words_of
from bot.channels.wechaty.quote import split_quote
from bot.channels.wechaty.xml import app_message
from bot.events import (
    Chat,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
    Quote,
    RoomRenamed,
    clean,
)

Fields = dict[str, Any]

MENTION_END = "\u2005"
FIRST_MILLISECONDS = 100_000_000_000  # as seconds that is the year 5138


class EventType(IntEnum):
    """What the event stream carries; gateways may send numbers that are not here."""

    HEARTBEAT = 1
    MESSAGE = 2
    DONG = 3
    ERROR = 16
    FRIENDSHIP = 17
    ROOM_INVITE = 18
    ROOM_JOIN = 19
    ROOM_LEAVE = 20
    ROOM_TOPIC = 21
    SCAN = 22
    READY = 23
    RESET = 24
    LOGIN = 25
    LOGOUT = 26
    DIRTY = 27


class Unreadable(Exception):
    """An event that lacks what it is about."""


class Payload(Protocol):
    """The gateway's answer to "what is this message"."""

    filename: str
    text: str
    timestamp: int
    type: int
    from_id: str
    room_id: str
    to_id: str
    mention_ids: list[str]


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is in a message, as far as the gateway could tell; ``me`` bears our names in this room."""

    sender: Person
    me: Person
    chat: Chat | None = None
    recipient: Person | None = None


def fields(raw: str) -> Fields:
    """The fields of an event."""
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(payload, dict):
        raise Unreadable("not an object")
    return payload


def need(payload: Fields, key: str) -> str:
    """A field that the event makes no sense without."""
    value = payload.get(key)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"no {key}")
    return value


def need_list(payload: Fields, key: str) -> list[str]:
    """A list of ids, at least one."""
    value = payload.get(key)
    ids = [id for id in value if isinstance(id, str) and id] if isinstance(value, list) else []
    if not ids:
        raise Unreadable(f"no {key}")
    return ids


def moment(stamp: object, now: datetime) -> datetime:
    """A time in seconds or milliseconds; one that is missing or absurd is now."""
    if not isinstance(stamp, int | float) or stamp <= 0:
        return now
    try:
        return datetime.fromtimestamp(stamp / 1000 if stamp >= FIRST_MILLISECONDS else stamp, UTC)
    except (ValueError, OverflowError, OSError):
        return now


def message(id: str, payload: Payload, scene: Scene, now: datetime) -> MessageReceived | MessageRecalled:
    """Something said, or something taken back (which arrives as a message that holds the other's id)."""
    occurred_at = moment(payload.timestamp, now)
    if payload.type != RECALLED:
        return _received(id, payload, scene, occurred_at)
    if not (message_id := payload.text.strip()):
        raise Unreadable("no id of the recalled message")
    return MessageRecalled(id, clean(message_id), scene.sender, occurred_at, scene.chat)


def _received(id: str, payload: Payload, scene: Scene, occurred_at: datetime) -> MessageReceived:
    quote, text = split_quote(clean(payload.text))
    app = None if quote else app_message(text)
    if payload.type == QUOTED and quote is None and app is None:
        quote = Quote()
    kind = MessageKind.TEXT if quote else kind_of(payload.type, app)
    mentioned = mentions(payload.mention_ids, text, scene.me) if scene.chat else ()
    is_self = payload.from_id == scene.me.id
    return MessageReceived(
        id,
        scene.sender,
        occurred_at,
        kind=kind,
        chat=scene.chat,
        text=words_of(kind, text, app),
        quote=quote,
        mentioned=mentioned,
        to_bot=scene.me.id in mentioned,
        media=(Media(id, clean(payload.filename)),) if kind in WITH_MEDIA else (),
        is_self=is_self,
        recipient=scene.recipient if is_self else None,
        wire_type=int(payload.type),
        seconds=seconds_of(kind, text),
    )


def mentions(ids: Sequence[str], text: str, me: Person) -> tuple[str, ...]:
    """Who is mentioned. Puppets leave the ids out, or leave them empty: then our name in the text counts."""
    known = tuple(dict.fromkeys(id for id in ids if id))
    if me.id in known or (known and "" not in ids):
        return known
    named = any(_names(text, name) for name in (me.alias, me.name) if name)
    return (*known, me.id) if named else known


def _names(text: str, name: str) -> bool:
    mention = f"@{name}"
    return text.endswith(mention) or f"{mention}{MENTION_END}" in text or f"{mention} " in text


def joined(
    payload: Fields, chat: Chat, people: Sequence[Person], inviter: Person | None, me: str, now: datetime
) -> MembersJoined:
    at = moment(payload.get("timestamp"), now)
    others = tuple(person for person in people if person.id != me)
    by = inviter if inviter is not None and inviter.id != me else None
    return MembersJoined(made_id("join", payload, at), chat, others, at, by, len(others) < len(people))


def left(
    payload: Fields, chat: Chat, people: Sequence[Person], remover: Person | None, me: str, now: datetime
) -> MembersLeft:
    at = moment(payload.get("timestamp"), now)
    others = tuple(person for person in people if person.id != me)
    return MembersLeft(made_id("leave", payload, at), chat, others, at, remover, len(others) < len(people))


def renamed(payload: Fields, chat: Chat, by: Person | None, now: datetime) -> RoomRenamed:
    at = moment(payload.get("timestamp"), now)
    return RoomRenamed(made_id("topic", payload, at), chat, at, by)


def made_id(what: str, payload: Fields, at: datetime) -> str:
    """An id for an event that has none: the same for the same event told twice."""
    text = json.dumps([payload, at.isoformat()], sort_keys=True)
    return f"{what}-{hashlib.blake2s(text.encode(), digest_size=10).hexdigest()}"
