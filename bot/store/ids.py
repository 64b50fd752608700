"""Ids and short numbers, given by the program: ascending, known before the insert, never given twice."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.store.session import count_up
from bot.store.tables import counter, id_block

BLOCK = 10_000


class Ids:
    """Takes ids from a block that is reserved in the store, in the transaction that uses them.

    After a rollback the block is nobody's again, so the writer calls ``forget``.
    """

    def __init__(self) -> None:
        self._next = self._end = 0

    def next(self, connection: Connection) -> int:
        if self._next == self._end:
            self._end = _take(connection)
            self._next = self._end - BLOCK
        self._next += 1
        return self._next - 1

    def forget(self) -> None:
        self._next = self._end = 0


def _take(connection: Connection) -> int:
    """Reserve the next block; gives its end."""
    return count_up(connection, id_block, {"name": "row"}, "next", by=BLOCK, first=1 + BLOCK)


def next_number(connection: Connection, scope: str) -> int:
    """The next short number of ``scope``, from 1."""
    return count_up(connection, counter, {"scope": scope}, "last")
