"""The contract of a channel; ``tests/channels/contract.py`` holds every implementation to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.errors import FetchFailed
from bot.events import ChannelEvent

LARGEST = 20 * 1024 * 1024
"""Bytes of a picture; what is larger is not fetched."""
Deliver = Callable[[ChannelEvent], Awaitable[None]]
"""Hands an event to the runtime; returns once it is in the inbox, which may take a while (back-pressure)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do; what it lacks is said, not tried.

    ``mention_all``: a message may call everybody in its room (``Message.at_all``).
    """

    recall: bool = False
    mention_all: bool = False
    pictures: bool = False
    friends: bool = False
    invitations: bool = False


EVERYBODY = "所有人"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to go out, to the room ``chat_id`` or in private to ``person_id`` (platform ids).

    ``id`` is our own id of the outgoing row, for logs. ``mentions`` are the people to be mentioned, as
    (platform id, name shown); the channel puts their ``@name`` before the text, as its platform wants it.
    ``at_all``: everybody there is called, by ``@所有人`` before the text; the text itself calls nobody.
    """

    id: int
    text: str
    chat_id: str | None = None
    person_id: str | None = None
    mentions: tuple[tuple[str, str], ...] = ()
    at_all: bool = False

    @property
    def called(self) -> tuple[str, ...]:
        """The names that stand before the text, each with an @."""
        return (*((EVERYBODY,) if self.at_all else ()), *(name for _, name in self.mentions))


_EVERYBODY = {EVERYBODY, "全体成员", "all", "everyone"}


def can_be_mentioned(name: str) -> bool:
    """Whether ``@name`` means this one person: not everybody, and no more than one line that can be seen."""
    visible = name.replace("\u200d", "")  # what joins emoji
    plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", visible)).casefold()
    return visible.isprintable() and bool(name.strip()) and plain not in _EVERYBODY


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to go out, the file at ``path``, to the room ``chat_id`` or in private to ``person_id``."""

    id: int
    path: Path
    chat_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """Any other file to go out, in private: the one at ``path``, under its name."""

    id: int
    path: Path
    person_id: str
    chat_id: None = None


@dataclass(frozen=True, slots=True)
class FriendAcceptance:
    """Become friends with whoever asked to, by ``FriendRequested.id``."""

    id: int
    request_id: str


@dataclass(frozen=True, slots=True)
class InvitationAcceptance:
    """Go into the room that we were invited to, by ``RoomInvited.id``."""

    id: int
    invitation_id: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """Invite a person into a room."""

    id: int
    chat_id: str
    person_id: str


Effect = Message | Picture | File | FriendAcceptance | InvitationAcceptance | Invitation
"""What people or the platform notice: one row of the outbox, as the channel takes it."""


def check_size(size: int) -> None:
    """Refuse what is too large to be fetched."""
    if size > LARGEST:
        raise FetchFailed(f"more than {LARGEST} bytes", for_good=True)


class Channel(Protocol):
    """A platform account that we speak through.

    ``run`` delivers events in the order in which they happened (within a room at least), starting with a
    ``LinkUp`` once messages can be sent. A ``LinkDown`` follows every loss, and the channel comes back by
    itself. It returns when the channel's input has ended for good (a pipe that is read to its end), and
    stops within a second when cancelled, leaving no task behind and the account logged in.

    ``send`` returns the platform's id of the sent message, or None where the platform gives none; it raises
    ``SendFailed`` when the platform refused (nothing went out; ``TooOften``: because we send too much),
    ``SendLost`` when nobody knows. It may be called only between ``LinkUp`` and ``LinkDown``; at other times
    it raises ``NotConnected``. What it has no capability for it refuses.

    ``fetch`` gives the bytes behind ``Media.ref``, ``LARGEST`` at most; it raises ``FetchFailed`` where they
    cannot be had, and ``NotConnected`` as ``send`` does. Several may be fetched at once, and while something
    is sent.
    """

    name: str
    capabilities: Capabilities

    async def run(self, deliver: Deliver) -> None: ...

    async def send(self, effect: Effect) -> str | None: ...

    async def fetch(self, ref: str) -> bytes: ...
