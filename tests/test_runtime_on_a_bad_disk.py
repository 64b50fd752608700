"""What becomes of a running bot when its database is damaged, full or closed to writing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert

from bot import app, runtime
from bot.channels.fake import FakeChannel
from bot.clock import VirtualClock
from bot.errors import StoreError
from bot.outbox.pace import OFF
from bot.runtime import Runtime
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import failure, interaction, texts
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, MONDAY_9, ROOM, rows, said
from tests.store.damage import spoil_pages

PATIENCE = 10.0
LONG = "番茄" * 20_000


class Bot:
    """A runtime with one enabled room and an admin, on a file of its own."""

    def __init__(self, sops: SopSet, database: Path) -> None:
        self.database = database
        self.clock = VirtualClock(MONDAY_9)
        self.channel = FakeChannel(self.clock.now)
        self.engine = app.open_database(f"sqlite:///{database}")
        self.disk: Callable[[Connection], object] = lambda _: None  # what befalls it as a transaction begins
        event.listen(self.engine, "begin", lambda connection: self.disk(connection))
        self.writer = Writer(self.engine)
        self.runtime: Runtime = app.build_runtime(
            sops, self.channel, self.writer, self.clock, account="main", pace=OFF, status=Status()
        )
        with self.writer.transaction(MONDAY_9) as tx:
            app.furnish(tx, self.runtime.pipeline, {KEY: ROOM}, [BOSS])

    async def start(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self.runtime.run())
        await self.runtime.started.wait()
        return task

    async def reads(self, text: str) -> None:
        self.channel.feed(said(text))
        await self.channel.delivered()
        await self.runtime.settle()

    def close(self) -> None:
        self.writer.close()
        self.engine.dispose()


@pytest.fixture
def bot(sops: SopSet, tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(sops, tmp_path / "bot.db")
    yield bot
    bot.close()


@pytest.fixture
def spoilt(sops: SopSet, tmp_path: Path) -> Iterator[Bot]:
    """A database whose last words are in damaged pages: it opens, and nothing can be added to them."""
    bot = Bot(sops, tmp_path / "bot.db")
    with bot.writer.transaction(MONDAY_9) as tx:
        tx.connection.execute(insert(texts), [{"id": tx.new_id(), "body": "x" * 500} for _ in range(500)])
    bot.close()
    spoil_pages(tmp_path / "bot.db")
    bot = Bot(sops, tmp_path / "bot.db")
    yield bot
    bot.close()


async def end_of(task: asyncio.Task[None]) -> str:
    """What it ends with."""
    with pytest.raises(StoreError) as caught:
        async with asyncio.timeout(PATIENCE):
            await task
    return str(caught.value)


def read_only(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only=ON")


async def test_a_damage_that_is_met_at_work_ends_the_bot_with_one_sentence(spoilt: Bot) -> None:
    task = await spoilt.start()
    spoilt.channel.feed(said("番茄"))
    message = await end_of(task)
    assert message.startswith(f"数据库 {spoilt.database} 坏了")
    assert "\n" not in message


async def test_a_database_that_takes_no_writing_any_more_ends_the_bot(bot: Bot) -> None:
    task = await bot.start()
    bot.disk = read_only
    bot.channel.feed(said("番茄"), said("牛腩"))
    assert "attempt to write a readonly database" in await end_of(task)


async def test_a_tick_that_meets_it_ends_the_bot_too(bot: Bot) -> None:
    task = await bot.start()
    bot.disk = read_only
    assert bot.runtime.timer.due is not None
    bot.clock.move(bot.runtime.timer.due)
    assert "attempt to write a readonly database" in await end_of(task)


async def test_a_full_disk_is_waited_for_and_nothing_is_lost(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    task = await bot.start()
    monkeypatch.setattr(runtime, "TRY_AGAIN", 0)

    def tried() -> int:
        return caplog.messages.count("the database takes nothing, we try again: database or disk is full")

    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + (0 if tried() < 3 else 10_000)}")

    bot.disk = limit
    async with asyncio.timeout(PATIENCE):
        await bot.reads(LONG)
    assert tried() == 3
    with bot.engine.connect() as connection:
        assert len(rows(connection, texts)) == 1
        assert len(rows(connection, interaction, name="message_posted")) == 1
        assert rows(connection, failure) == []
    bot.runtime.stop()
    await task
