"""The one writer: a thread of its own that does work in transactions, many pieces of work to a commit.

Whatever the pieces, they reach the writer as one function of a ``Transaction``; what the function queued or
scheduled stands on the transaction afterwards, so that senders and alarms are woken after the commit alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine

from bot.store import session
from bot.store.ids import Ids
from bot.store.quick import Quick
from bot.store.reading import reading
from bot.store.transaction import Reader, Transaction

T = TypeVar("T")
Claim = Callable[[Connection], None]


def unclaimed(_connection: Connection) -> None:
    """The claim of a writer that has the database for itself."""


class Writer:
    """Owns the engine for writing; ``run`` does a piece of work on the writer's thread.

    ``claim`` is called on each new connection, before anything is written on it (see ``bot.store.owner``).
    Where nobody waits for the loop meanwhile, as under a virtual clock, it can do ``without_thread``; then
    everything comes in the same order each time. ``apart``: what reads for long does so in another process.
    """

    def __init__(
        self,
        engine: Engine,
        claim: Claim = unclaimed,
        *,
        without_thread: bool = False,
        apart: bool = False,
    ) -> None:
        self.engine = engine
        self._claim = claim
        self._can_be_read = not session.is_in_memory(engine.url)
        self._ids = Ids()
        self.without_thread = without_thread
        self.apart = apart
        self._thread = None if without_thread else ThreadPoolExecutor(1, thread_name_prefix="core")
        self._connection: Connection | None = None

    async def run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def beside(self, work: Callable[[], T]) -> T:
        """Do something long that is no transaction, in whatever thread."""
        return work() if self.without_thread else await asyncio.to_thread(work)

    @contextmanager
    def transaction(self, now: datetime) -> Iterator[Transaction]:
        """Commit at the end, or undo everything at an error. For use on the writer's thread.

        A connection that is lost fails this transaction; the next one opens another.
        """
        connection = self._connected()
        try:
            with connection.begin():
                reader = self.reader if self._can_be_read else None
                yield Transaction(connection, self._ids, now, reader, apart=self.apart)
        except BaseException:
            self._ids.forget()
            raise

    @property
    def reader(self) -> Reader:
        """Opens a connection that only reads, and sees what was committed by then; in any process."""
        return partial(reading, self.engine.url)

    def _connected(self) -> Connection:
        if self._connection is not None and self._connection.invalidated:
            self._close()  # it would connect again by itself, and claim nothing
        if self._connection is None:
            connection = Quick(self.engine)
            try:
                self._claim(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Wait for the work in hand, and close the connection."""
        if self._thread is None:
            self._close()
        else:
            self._thread.submit(self._close).result()
            self._thread.shutdown()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
