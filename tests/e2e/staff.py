"""The bot in this process: the real runtime by the system's clock, on the real Node gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import RowMapping, Table, func, select

from bot import app
from bot.channels.base import Deliver
from bot.channels.wechaty import WechatyChannel
from bot.clock import SystemClock
from bot.events import ChannelEvent, Chat, LinkDown, LinkUp, Person
from bot.outbox.pace import OFF
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import interaction, outgoing
from bot.store.writer import Writer
from tests.builders import KEY, rows
from tests.gateway.gateway import FRIEND, ROOM, TOKEN, Gateway

STOPS_WITHIN = 2.5
"""Seconds: what the runtime grants to what is under way, and the channel to itself."""


class WatchedChannel(WechatyChannel):
    """Counts how often its link came up and went."""

    ups = downs = 0

    async def run(self, deliver: Deliver) -> None:
        async def counted(event: ChannelEvent) -> None:
            await deliver(event)
            self.ups += isinstance(event, LinkUp)
            self.downs += isinstance(event, LinkDown)

        await super().run(counted)


class Staff:
    """A bot with one enabled room, where 小满 is an admin, and no SOP."""

    def __init__(self, channel: WatchedChannel, writer: Writer, status: Status) -> None:
        self.channel, self._writer, self.status = channel, writer, status

    async def until(self, holds: Callable[[], bool], patience: float = 15.0) -> None:
        """The database tells nobody of its changes: it is looked at until they are there."""
        async with asyncio.timeout(patience):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def up(self, times: int = 1, patience: float = 15.0) -> None:
        """Wait until the link came up for the ``times``-th time."""
        await self.until(lambda: self.channel.ups >= times, patience)

    async def down(self, times: int = 1) -> None:
        await self.until(lambda: self.channel.downs >= times)

    def rows(self, table: Table, **where: object) -> list[RowMapping]:
        with self._writer.engine.connect() as connection:
            return rows(connection, table, **where)

    def count(self, name: str) -> int:
        """How many interactions of this name are recorded."""
        query = select(func.count()).select_from(interaction).where(interaction.c.name == name)
        with self._writer.engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def states(self) -> list[str]:
        """The states of all that was to be said, oldest first."""
        return [str(row["state"]) for row in self.rows(outgoing)]

    async def until_states(self, *states: str) -> None:
        await self.until(lambda: self.states() == list(states))


@asynccontextmanager
async def staffing(
    gateway: Gateway, sops: SopSet, folder: Path, *, token: str = TOKEN, send_timeout: float = 30.0
) -> AsyncIterator[Staff]:
    """Run it on the database in ``folder``; SIGTERM's way of ending it is quick and leaves no task behind."""
    writer = Writer(app.open_database(f"sqlite:///{folder / 'bot.db'}"))
    channel = WatchedChannel(gateway.endpoint, token, account="main", send_timeout=send_timeout)
    status, clock = Status(), SystemClock()
    runtime = app.build_runtime(sops, channel, writer, clock, account="main", pace=OFF, status=status)
    with writer.transaction(clock.now()) as tx:
        app.furnish(tx, runtime.pipeline, {KEY: Chat(ROOM, "会员群")}, [Person(FRIEND, "小满")])
    before = asyncio.all_tasks()
    running = asyncio.create_task(runtime.run())
    await runtime.started.wait()
    try:
        yield Staff(channel, writer, status)
    finally:
        runtime.stop()
        async with asyncio.timeout(STOPS_WITHIN):
            await running
        assert asyncio.all_tasks() - before == set()
        writer.close()
        writer.engine.dispose()
