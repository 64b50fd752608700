"""The process that is killed: the real bot on the real database, with a platform outside of the process.

It is watched from without: it is built of a writer and a pipeline that tell what they do.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, update

from bot import app
from bot.channels.base import Capabilities, Deliver, Message
from bot.errors import ConfigError
from bot.events import LinkUp, RoomEvent
from bot.outbox.pace import Pace
from bot.outbox.queue import State
from bot.pipeline import Pipeline
from bot.sop.kinds import collect
from bot.sop.loader import SopSet, load
from bot.status import Status
from bot.store.owner import owning
from bot.store.tables import outgoing
from bot.store.transaction import Transaction
from bot.store.writer import Claim, Writer
from tests.survival.line import Broken, Committed, Line, Place, Reached
from tests.survival.timeline import FastClock, Timeline

ACCOUNT = "survivor"
SOURCE = f"fake:{ACCOUNT}"
_HERE = Path(__file__).parent


class Mutation(Enum):
    """What can be taken out, to see that the harness turns red."""

    COMMIT_OF_SENDING = "the row is still queued in the database while the platform is called"
    COMMIT_OF_EVENTS = "events are acknowledged before they are committed"


@cache
def sops() -> SopSet:
    loaded = load(_HERE / "sops", _HERE / "templates", collect(_HERE / "kinds"))
    if loaded.problems:
        raise ConfigError([str(problem) for problem in loaded.problems])
    return app.needed(loaded)


def live(
    asked: Connection, told: Connection, url: str, timeline: Timeline, without: Mutation | None = None
) -> None:
    """Be the bot until killed, or until ``told`` is closed."""
    logging.disable()
    line = Line(asked)
    try:
        asyncio.run(_live(line, told, url, timeline, without))
    except Exception:
        line.ask(Broken(traceback.format_exc()))
        raise


async def _live(line: Line, told: Connection, url: str, timeline: Timeline, without: Mutation | None) -> None:
    with owning(url, ACCOUNT) as claim:
        writer = WatchedWriter(app.open_database(url), claim, line, without)
        channel, clock = FakeChannel(line, told, timeline), FastClock(timeline)
        runtime = app.build_runtime(
            sops(), channel, writer, clock, account=ACCOUNT, pace=Pace(), status=Status()
        )
        runtime.pipeline = WatchedPipeline(runtime.pipeline.desk, runtime.pipeline.player, writer)
        try:
            await runtime.run()
        finally:
            writer.close()


@dataclass(slots=True)
class Doing:
    """What the transaction at hand does."""

    at: datetime
    event_ids: list[str] = field(default_factory=list)
    ticked: bool = False
    all_done: bool = False

    @property
    def committed(self) -> Committed:
        return Committed(self.at, tuple(self.event_ids), self.ticked, self.all_done)

    @property
    def is_batch(self) -> bool:
        return bool(self.event_ids) or self.ticked


class WatchedWriter(Writer):
    """Tells before the commit and after it."""

    def __init__(self, engine: Engine, claim: Claim, line: Line, without: Mutation | None) -> None:
        super().__init__(engine, claim)
        self.doing: Doing
        self._line, self._without = line, without
        self._sending: list[int] = []

    @contextmanager
    def transaction(self, now: datetime) -> Iterator[Transaction]:
        self.doing = Doing(now)
        with super().transaction(now) as tx:
            _set_state(tx, self._sending, State.SENDING)
            yield tx
            self._before_commit(tx)
        if self.doing.is_batch:
            self._line.ask(self.doing.committed)
        if self.doing.is_batch and tx.queued:
            self._line.ask(Reached(Place.QUEUED))

    def _before_commit(self, tx: Transaction) -> None:
        if self._without is Mutation.COMMIT_OF_SENDING:
            sending = select(outgoing.c.id).where(outgoing.c.state == State.SENDING)
            self._sending = list(tx.connection.scalars(sending))
            _set_state(tx, self._sending, State.QUEUED)
        if self._without is Mutation.COMMIT_OF_EVENTS:
            self._line.ask(self.doing.committed)
        if self.doing.is_batch:
            self._line.ask(Reached(Place.IN_BATCH))


def _set_state(tx: Transaction, ids: list[int], state: State) -> None:
    if ids:
        tx.connection.execute(update(outgoing).where(outgoing.c.id.in_(ids)).values(state=state))


@dataclass(frozen=True)
class WatchedPipeline(Pipeline):
    """Notes what it does in the transaction at hand."""

    writer: WatchedWriter

    def process(self, tx: Transaction, batch: Sequence[RoomEvent]) -> None:
        super().process(tx, batch)
        self.writer.doing.event_ids += [event.id for event in batch]

    def tick(self, tx: Transaction) -> None:
        super().tick(tx)
        due = self.next_due(tx)
        self.writer.doing.ticked = True
        self.writer.doing.all_done = due is None or due > tx.now


class FakeChannel:
    """What it sends and hears goes through the line to the platform, which outlives it."""

    name = "fake"
    capabilities = Capabilities()

    def __init__(self, line: Line, told: Connection, timeline: Timeline) -> None:
        self._line, self._told, self._timeline = line, told, timeline

    async def run(self, deliver: Deliver) -> None:
        await deliver(LinkUp(self._timeline.now(), "bot", "小原"))
        while (event := await asyncio.to_thread(self._next)) is not None:
            await deliver(event)

    def _next(self) -> RoomEvent | None:
        try:
            event: RoomEvent = self._told.recv()
        except EOFError:
            return None
        return event

    async def send(self, effect: Any) -> str:
        assert isinstance(effect, Message), "the harness's SOP says texts alone"
        await asyncio.to_thread(self._line.ask, Reached(Place.CLAIMED, effect))
        shown_id: str = await asyncio.to_thread(self._line.ask, Reached(Place.CALLED, effect))
        return shown_id

    async def fetch(self, ref: str) -> bytes:
        raise AssertionError("nobody shows a picture here")
