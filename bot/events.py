"""What happens in the world, as frozen dataclasses: the only thing channels tell the runtime.

Platform ids are strings and belong to the channel that made the event; the store maps them to our own.
Times are aware. Text is what the person wrote, unchanged but for what the store cannot hold (``clean``);
names are cut at ``LONGEST_NAME``, and ids are such that a log line and an index can hold them (``fit_id``).
Whoever makes an event need not care: it sees to that itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_ID, LONGEST_NAME = 200, 100
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """``text`` without NUL and lone surrogates, which neither database takes."""
    return _UNSTORABLE.sub("\ufffd", text)


def fit_id(id: str) -> str:
    """``id``, or another in its place where it is no id: too long, or with what cannot be printed.

    Two that differ have different ones in their places.
    """
    if len(id) <= LONGEST_ID and id.isprintable():
        return id
    return f"unfit-{hashlib.blake2s(id.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def _name(text: str) -> str:
    return clean(text[:LONGEST_NAME])


def _make_fit(event: object, **fields: Callable[[str], str]) -> None:
    """Have each of these fields hold what its function makes of it."""
    for name, fit in fields.items():
        if (made := fit(given := getattr(event, name))) != given:
            object.__setattr__(event, name, made)


class MessageKind(StrEnum):
    """What a message is made of; ``UNKNOWN`` covers every type that a platform invents after us."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    STICKER = "sticker"
    FILE = "file"
    CONTACT = "contact"
    CHAT_HISTORY = "chat_history"
    LOCATION = "location"
    MINI_PROGRAM = "mini_program"
    GROUP_NOTE = "group_note"
    TRANSFER = "transfer"
    RED_PACKET = "red_packet"
    LINK = "link"
    POST = "post"  # 视频号, Moments
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as the platform shows them; ``alias`` is the name they bear in this room."""

    id: str
    name: str = ""
    alias: str = ""

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id, name=_name, alias=_name)

    @property
    def shown(self) -> str:
        """The name that others in the room see."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Chat:
    """A room as the platform shows it."""

    id: str
    title: str = ""

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id, title=_name)


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that another one quotes; what the platform leaves out is empty."""

    message_id: str = ""
    sender: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        _make_fit(self, message_id=fit_id, sender=_name, text=clean)


@dataclass(frozen=True, slots=True)
class Media:
    """A reference to a picture, voice or file; its bytes stay with the channel until asked for."""

    ref: str
    name: str = ""

    def __post_init__(self) -> None:
        _make_fit(self, ref=fit_id, name=_name)


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Somebody said something; ``chat`` is None in a private conversation with the bot.

    ``mentioned`` holds the platform ids of the people mentioned, ``to_bot`` tells that the bot is among them.
    ``text`` is without the quoted part. ``is_self`` marks what our own account said (an echo of ours, or a
    human typing on the same account); in private its ``sender`` is we, and ``recipient`` is whom it went to.
    ``seconds`` is how long a voice message is, where the platform tells it.
    """

    id: str
    sender: Person
    occurred_at: datetime
    kind: MessageKind = MessageKind.TEXT
    chat: Chat | None = None
    text: str = ""
    quote: Quote | None = None
    mentioned: tuple[str, ...] = ()
    to_bot: bool = False
    media: tuple[Media, ...] = ()
    is_self: bool = False
    recipient: Person | None = None
    wire_type: int | None = None
    seconds: int | None = None

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id, text=clean)


@dataclass(frozen=True, slots=True)
class MessageRecalled:
    """Somebody took a message back; ``message_id`` is the platform's id of that message."""

    id: str
    message_id: str
    sender: Person
    occurred_at: datetime
    chat: Chat | None = None

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id, message_id=fit_id)


@dataclass(frozen=True, slots=True)
class Patted:
    """Somebody patted somebody (拍一拍); who is not told by an id is None. ``to_bot``: it was us."""

    id: str
    chat: Chat
    occurred_at: datetime
    by: Person | None = None
    whom: Person | None = None
    to_bot: bool = False

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class MembersJoined:
    """People came into a room, by ``inviter`` if that is known, and was not us. ``bot_joined``: so did we,
    not among them."""

    id: str
    chat: Chat
    people: tuple[Person, ...]
    occurred_at: datetime
    inviter: Person | None = None
    bot_joined: bool = False

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class MembersLeft:
    """People left a room, or were removed by ``remover``. ``bot_left``: so did we, not among them."""

    id: str
    chat: Chat
    people: tuple[Person, ...]
    occurred_at: datetime
    remover: Person | None = None
    bot_left: bool = False

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class RoomRenamed:
    """A room has a new title (``chat.title``)."""

    id: str
    chat: Chat
    occurred_at: datetime
    by: Person | None = None

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class FriendRequested:
    """Somebody wants to be friends with our account; ``id`` is what accepting it takes."""

    id: str
    person: Person
    occurred_at: datetime

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class FriendMade:
    """Somebody and our account are friends now, whoever asked whom."""

    id: str
    person: Person
    occurred_at: datetime

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class RoomInvited:
    """Somebody invites our account into a room; ``id`` is what accepting it takes."""

    id: str
    inviter: Person
    occurred_at: datetime

    def __post_init__(self) -> None:
        _make_fit(self, id=fit_id)


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The channel reaches the platform. ``gap`` is how long it did not; what was said meanwhile is lost."""

    occurred_at: datetime
    account_id: str
    account_name: str = ""
    gap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The channel does not reach the platform; ``fatal``: nor will it without a human (a wrong token)."""

    occurred_at: datetime
    reason: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class LoginCode:
    """The platform wants a human to scan this code (a URL to be shown as a QR code)."""

    occurred_at: datetime
    url: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something the channel could not read: recorded as a failure, so that it is not silently lost.

    ``summary`` names the event type and the missing or wrong field; it never holds members' text.
    """

    occurred_at: datetime
    summary: str


RoomEvent = MessageReceived | MessageRecalled | Patted | MembersJoined | MembersLeft | RoomRenamed
Request = FriendRequested | FriendMade | RoomInvited
LinkEvent = LinkUp | LinkDown | LoginCode | Malformed
ChannelEvent = RoomEvent | Request | LinkEvent
