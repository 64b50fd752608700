"""An open transaction: what everything that changes the record is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from bot.store import session
from bot.store.ids import Ids

T = TypeVar("T")


Reader = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection that only reads, and sees what was committed by then; for errands, on their thread."""


@dataclass(frozen=True, slots=True)
class Errand(Generic[T]):
    """Work that takes long: ``do`` it off the core's thread once the transaction is committed, and then write
    what it gave in a transaction of its own. Where it fails that is on record, and it gave ``otherwise``.

    It is nowhere written down: a process that ends forgets it.
    """

    place: str
    do: Callable[[], T]
    then: Callable[[Transaction, T], None]
    otherwise: T


@dataclass(slots=True)
class Transaction:
    """An open transaction, at one moment (``now``) for everything done in it."""

    connection: Connection
    ids: Ids
    now: datetime
    reader: Reader | None = None
    """None: nothing can be read beside it, as in a database that is in memory."""
    apart: bool = False
    """What reads for long does so in a process of its own."""
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
    errands: list[Errand[Any]] = field(default_factory=list)
    reloads: list[WhenReloaded] = field(default_factory=list)
    """Who wants the SOPs to be read anew after the commit, and to be told what came of it."""

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


WhenReloaded = Callable[[Transaction, str], None]
"""Says in a later transaction, in Chinese, what came of reading the SOPs anew."""


class AskCore(Protocol):
    """How the edges have work done: in the core's next transaction; gives its result after the commit."""

    def __call__(self, work: Callable[[Transaction], T]) -> Awaitable[T]: ...
