"""Ids and short numbers, given by the program: ascending, known before the insert, never given twice."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

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
    taken = connection.execute(
        update(id_block)
        .where(id_block.c.name == "row")
        .values(next=id_block.c.next + BLOCK)
        .returning(id_block.c.next)
    ).scalar()
    if taken is None:
        connection.execute(insert(id_block).values(name="row", next=1 + BLOCK))
        return 1 + BLOCK
    return int(taken)


def next_number(connection: Connection, scope: str) -> int:
    """The next short number of ``scope``, from 1."""
    last = connection.execute(select(counter.c.last).where(counter.c.scope == scope)).scalar()
    if last is None:
        connection.execute(insert(counter).values(scope=scope, last=1))
        return 1
    connection.execute(update(counter).where(counter.c.scope == scope).values(last=last + 1))
    return int(last) + 1
