"""What calls for a behaviour: something said or taken back, somebody who came or became a friend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.events import MessageKind, MessageReceived
from bot.people.directory import Person, Room

LATE = timedelta(minutes=2)
"""What is heard later than this after it was said is not answered."""


class Heard(NamedTuple):
    """A message that somebody sent, as it was recorded. A tuple, because one is made of every message.

    ``id`` is its interaction. ``late`` (see ``LATE``): it changes state by when it *occurred*, but is not
    answered.
    """

    id: int
    message: MessageReceived
    person: Person
    room: Room | None
    occurred_at: datetime
    late: bool
    actor_role: str = "member"

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def is_picture(self) -> bool:
        return self.message.kind is MessageKind.IMAGE


@dataclass(frozen=True, slots=True)
class Recalled:
    """A message that was taken back; ``id`` is the interaction of the message, not of the recall."""

    id: int
    identity_id: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came into a room; ``id`` is the interaction, ``inviter`` an identity if it is known.

    ``again``: they had been there before. ``late``: it is told long after it happened (``LATE``).
    """

    id: int
    person: Person
    room: Room
    occurred_at: datetime
    late: bool
    again: bool = False
    inviter: int | None = None
    actor_role: str = "member"


@dataclass(frozen=True, slots=True)
class Befriended:
    """Somebody became friends with the account; ``id`` is the interaction."""

    id: int
    person: Person
    occurred_at: datetime


Occasion = Heard | Recalled | Joined | Befriended
