"""An open transaction: what everything that changes the record is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from bot.store import session
from bot.store.ids import Ids

T = TypeVar("T")


@dataclass(slots=True)
class Transaction:
    """An open transaction, at one moment (``now``) for everything done in it."""

    connection: Connection
    ids: Ids
    now: datetime
    queued: bool = False
    """Something was put into the outbox."""
    pictures: bool = False
    """A picture is wanted, or not wanted any more."""
    rescheduled: bool = False
    """A moment to wake at was set or done."""
    listening: set[int] = field(default_factory=set)
    """Identities for whom a run may be listening; holds too many rather than too few."""
    listening_rooms: set[int] = field(default_factory=set)
    """Rooms in which a run may be listening to everybody; the same."""

    def new_id(self) -> int:
        return self.ids.next(self.connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep or undo what is done inside; ids that were reserved inside are then nobody's again."""
        try:
            with session.savepoint(self.connection):
                yield
        except BaseException:
            self.ids.forget()
            raise


class AskCore(Protocol):
    """How the edges have work done: in the core's next transaction; gives its result after the commit."""

    def __call__(self, work: Callable[[Transaction], T]) -> Awaitable[T]: ...
