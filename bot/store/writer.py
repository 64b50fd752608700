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
from typing import TypeVar

from sqlalchemy import Connection, Engine

from bot.store.ids import Ids
from bot.store.transaction import Transaction

T = TypeVar("T")


class Writer:
    """Owns the engine for writing; ``run`` does a piece of work on the writer's thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ids = Ids()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="core")
        self._connection: Connection | None = None

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @contextmanager
    def transaction(self, now: datetime) -> Iterator[Transaction]:
        """Commit at the end, or undo everything at an error. For use on the writer's thread.

        A connection that is lost fails this transaction; the next one opens another.
        """
        if self._connection is None:
            self._connection = self.engine.connect()
        try:
            with self._connection.begin():
                yield Transaction(self._connection, self._ids, now)
        except BaseException:
            self._ids.forget()
            raise

    def close(self) -> None:
        """Wait for the work in hand, and close the connection."""
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
