"""The real pipeline with the sample SOPs, played in one transaction that is undone in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot import app
from bot.events import RoomEvent
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import failure, metadata, outgoing, texts
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, MONDAY_9, ROOM, rows
from tests.fuzz.nasty import SECRET
from tests.harm import Log, check_words

ACCOUNT, SOURCE = "main", "fake:main"
CODE = "TESTCODE"


class _Undo(Exception):
    pass


class Play:
    """What is heard, and what came of it."""

    def __init__(self, hall: Hall, tx: Transaction, log: Log) -> None:
        self.hall, self.tx, self.log = hall, tx, log

    def hear(self, batch: Sequence[RoomEvent]) -> None:
        self.tx.listening.clear()
        self.hall.pipeline.process(self.tx, batch)

    def pass_time(self, time: timedelta) -> None:
        self.tx.now += time
        self.hall.pipeline.tick(self.tx)

    def rows(self, table: Any) -> list[Any]:
        return rows(self.tx.connection, table)

    def snapshot(self, *left_out: str) -> dict[str, list[tuple[Any, ...]]]:
        """What is in all tables, but for these."""
        tables = [table for table in metadata.sorted_tables if table.name not in left_out]
        return {
            it.name: sorted(map(tuple, self.tx.connection.execute(select(it))), key=repr) for it in tables
        }

    def said(self) -> list[str]:
        """What is to be said by the bot."""
        return [row["payload"]["text"] for row in self.rows(outgoing)]

    def check(self) -> None:
        """Nothing failed, nothing is kept that cannot be, and the bot says nothing that it should not."""
        assert [(row["place"], row["error"], row["traceback"]) for row in self.rows(failure)] == []
        assert not [row for row in self.rows(texts) if "\0" in row["body"]]
        for text in self.said():
            check_words(text, self.hall.pipeline)
        assert not [line for line in self.log.lines if SECRET in line or not line.isprintable()]


class Hall:
    """One room is enabled, ``BOSS`` is an admin and ``QING`` a member."""

    def __init__(self, writer: Writer, sops: SopSet) -> None:
        self.writer = writer
        self.pipeline = app.build_pipeline(sops, ACCOUNT, SOURCE, Status(claim_code=CODE))
        with writer.transaction(MONDAY_9 - timedelta(hours=1)) as tx:
            app.furnish(tx, self.pipeline, {KEY: ROOM}, [BOSS])
            self.pipeline.start(tx)

    @contextmanager
    def play(self) -> Iterator[Play]:
        try:
            with Log.of_bot() as log, self.writer.transaction(MONDAY_9) as tx:
                yield Play(self, tx, log)
                raise _Undo
        except _Undo:
            pass
