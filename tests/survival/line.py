"""What the bot's process says to the one that kills it: it asks, and waits for the answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import Any

from bot.channels.base import Message


class Place(StrEnum):
    """Where a process may be killed."""

    IN_BATCH = "inside a batch: all is written, and nothing is committed"
    QUEUED = "a batch with messages is committed, and none of them is claimed"
    CLAIMED = "`sending` is committed, and the platform is not called yet"
    CALLED = "in `sending`: the platform is called, and shows nothing"
    SHOWN = "in `sending`: the platform is called and shows the message, and the call does not return"
    ANYWHERE = "whenever its time is over"


@dataclass(frozen=True, slots=True)
class Reached:
    """The bot is at a place, about to send ``message`` or calling the platform with it."""

    place: Place
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """These events are in the record for good, and of what was due something (``ticked``) or all is done."""

    at: datetime
    event_ids: tuple[str, ...] = ()
    ticked: bool = False
    all_done: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The bot ends by itself, by this error."""

    traceback: str


Said = Reached | Committed | Broken


class Line:
    """The bot's end: whichever thread asks, it goes on when it has the answer, or is killed before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def ask(self, said: Said) -> Any:
        with self._lock:
            self._connection.send(said)
            return self._connection.recv()
