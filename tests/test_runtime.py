from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import OperationalError

from bot import app, naming, runtime, sender
from bot.channels.base import Deliver, Effect
from bot.channels.fake import Echo, FakeChannel, Fault
from bot.clock import LOOK_AGAIN, VirtualClock
from bot.errors import AccountTaken
from bot.events import LinkDown, LinkUp, LoginCode, Malformed, MessageReceived
from bot.outbox import delivery
from bot.outbox.pace import OFF, Pace
from bot.runtime import Runtime
from bot.scenario.world import World
from bot.sop import timetable
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store import failures
from bot.store.tables import failure, interaction, outgoing, slot
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, ask, look, rows, said
from tests.conftest import MakeWorld
from tests.postgres import Server

BAD = "我妈妈住院了"
PATIENCE = 10.0


class Gate:
    """Something under way that waits to be let through."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def pass_through(self) -> None:
        self.reached.set()
        await self.opened.wait()


class SlowChannel(FakeChannel):
    """Its sends go through when the gate opens."""

    gate: Gate

    async def send(self, effect: Effect) -> str | None:
        await self.gate.pass_through()
        return await super().send(effect)


class BrokenChannel(FakeChannel):
    """Its input ends with an error."""

    async def run(self, deliver: Deliver) -> None:
        raise ZeroDivisionError

    async def send(self, effect: Effect) -> str | None:
        raise ZeroDivisionError


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY_9)


@pytest.fixture
def channel(clock: VirtualClock) -> FakeChannel:
    return FakeChannel(clock.now)


def build(sops: SopSet, channel: FakeChannel, writer: Writer, clock: VirtualClock) -> Runtime:
    """A runtime with one enabled room and an admin, which does not run yet."""
    built = app.build_runtime(sops, channel, writer, clock, account="main", pace=OFF, status=Status())
    with writer.transaction(clock.now()) as tx:
        app.furnish(tx, built.pipeline, {KEY: ROOM}, [BOSS])
    return built


@pytest.fixture
def idle(sops: SopSet, channel: FakeChannel, writer: Writer, clock: VirtualClock) -> Runtime:
    return build(sops, channel, writer, clock)


@asynccontextmanager
async def running(it: Runtime) -> AsyncIterator[None]:
    """Run it, and end it as SIGTERM does."""
    task = asyncio.create_task(it.run())
    await it.started.wait()
    yield
    it.stop()
    await ended(task)


async def ended(task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        await task


async def heard(it: Runtime, channel: FakeChannel) -> None:
    """Return when all that was fed is handled."""
    async with asyncio.timeout(PATIENCE):
        await channel.delivered()
        await it.settle()


def recorded(writer: Writer) -> list[str]:
    """The platform's ids of what was recorded, in the order of the record."""
    return [str(row["source_id"]) for row in found(writer, interaction) if row["source"] == "fake:main"]


def found(writer: Writer, table: Table) -> list[dict[str, object]]:
    with writer.engine.connect() as connection:
        return [dict(row) for row in connection.execute(table.select().order_by(table.c.id)).mappings()]


@pytest.fixture
def one_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording fails for a message with ``BAD`` in it, and names it in its error."""
    way_of = naming.way_of

    def trip(event: MessageReceived) -> naming.Way:
        if BAD in event.text:
            raise ValueError(event.text)
        return way_of(event)

    monkeypatch.setattr(naming, "way_of", trip)


# --- in ---


async def test_a_channel_waits_while_the_inbox_is_full(
    sops: SopSet, channel: FakeChannel, writer: Writer, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "INBOX", 2)
    it = build(sops, channel, writer, clock)
    for number in range(2):
        async with asyncio.timeout(PATIENCE):
            await it.deliver(said("番茄", id=f"m{number}"))
    third = asyncio.create_task(it.deliver(said("番茄", id="m2")))
    await asyncio.sleep(0)
    assert not third.done()
    async with running(it):
        await third
        await it.settle()
        assert recorded(writer) == ["m0", "m1", "m2"]


async def test_a_thousand_messages_in_one_go_keep_their_order(
    idle: Runtime, channel: FakeChannel, writer: Writer
) -> None:
    ids = [f"m{number:04}" for number in range(1000)]
    async with running(idle):
        channel.feed(*(said("番茄", id=it) for it in ids))
        await heard(idle, channel)
        assert recorded(writer) == ids


async def test_a_bad_event_in_a_batch_costs_only_itself(
    idle: Runtime, channel: FakeChannel, writer: Writer, one_is_bad: None, caplog: pytest.LogCaptureFixture
) -> None:
    messages = [said("番茄", id=f"m{number}") for number in range(20)]
    messages[7] = said(BAD, id="bad")
    messages[12] = said("/状态", BOSS, id="m12")
    for message in messages:  # before anything runs, so that they are one batch
        await idle.deliver(message)
    async with running(idle):
        await heard(idle, channel)
    assert recorded(writer) == [message.id for message in messages if message.id != "bad"]
    (row,) = found(writer, failure)
    assert row["place"] == "recording MessageReceived"
    assert len(channel.sent) == 1
    assert BAD not in str(row)
    assert BAD not in caplog.text


async def test_a_tick_that_fails_costs_no_message_and_is_tried_again(
    idle: Runtime, channel: FakeChannel, writer: Writer, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(idle):
        await heard(idle, channel)
        with monkeypatch.context() as broken:
            broken.setattr(timetable, "take_due", lambda *args: 1 / 0)
            clock.move(MONDAY_9 + timedelta(hours=4))
            await idle.deliver(said("番茄", id="m1"))
            await heard(idle, channel)
        assert recorded(writer) == ["m1"]
        assert found(writer, slot) == []
        assert idle.timer.due == clock.now() + LOOK_AGAIN
        clock.move(idle.timer.due)
        await heard(idle, channel)
        assert [row["state"] for row in found(writer, slot)] == ["done"]


async def test_what_a_channel_cannot_read_is_recorded_as_a_failure(
    idle: Runtime, channel: FakeChannel, writer: Writer
) -> None:
    async with running(idle):
        channel.feed(Malformed(MONDAY_9, "message without id"))
        await heard(idle, channel)
    assert [row["place"] for row in found(writer, failure)] == ["reading an event: message without id"]


# --- out ---


@pytest.mark.parametrize("echo", Echo)
async def test_what_is_said_is_recorded_once_however_it_is_echoed(world: World, echo: Echo) -> None:
    world.channel.echo = echo
    assert len(await ask(world, "/状态")) == 1
    assert world.count("content_sent") == 1
    assert world.count("message_posted") == 0
    assert [row["state"] for row in look(world, outgoing)] == ["sent"]


@pytest.mark.parametrize(
    ("fault", "state", "comes"),
    [(Fault.LOST, "unknown", 0), (Fault.LOST_BUT_SENT, "sent", 1)],
)
async def test_a_send_that_is_lost_is_not_repeated(
    world: World, fault: Fault, state: str, comes: int
) -> None:
    world.channel.fail_next(fault)
    assert len(await ask(world, "/状态")) == comes
    (row,) = look(world, outgoing)
    assert (row["state"], row["attempts"]) == (state, 1)
    assert bool(row["reason"])


async def test_a_send_that_is_refused_is_tried_again_until_it_goes(world: World) -> None:
    world.channel.fail_next(Fault.REFUSED, Fault.REFUSED)
    assert await ask(world, "/状态") == []
    await world.move_to(MONDAY_9 + timedelta(minutes=5))
    assert len(world.sent) == 1
    (row,) = look(world, outgoing)
    assert (row["state"], row["attempts"]) == ("sent", 3)


async def test_when_the_platform_says_too_often_everybody_waits(world: World) -> None:
    world.channel.fail_next(Fault.TOO_OFTEN)
    assert await ask(world, "/状态") == []
    assert await ask(world, "/排行", QING, None) == []
    await world.move_to(MONDAY_9 + timedelta(hours=3, minutes=11))
    found = [(at - MONDAY_9, "太频繁" in message.text) for at, message in world.sent]
    assert found == [(timedelta(minutes=30), True), (timedelta(hours=3, minutes=10), False)]


async def test_a_lost_call_of_a_channel_without_echoes_stays_unknown(world: World) -> None:
    world.channel.echo = Echo.NEVER
    world.channel.fail_next(Fault.LOST_BUT_SENT)
    await ask(world, "/状态")
    await world.move_to(MONDAY_9 + timedelta(hours=1))
    assert [row["state"] for row in look(world, outgoing)] == ["unknown"]


async def test_an_error_of_the_channel_itself_ends_nothing(
    sops: SopSet, writer: Writer, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BrokenChannel, "run", FakeChannel.run)
    channel = BrokenChannel(clock.now)
    it = build(sops, channel, writer, clock)
    async with running(it):
        channel.say("/状态", BOSS, ROOM)
        channel.say("/帮助", BOSS, ROOM)
        await heard(it, channel)
    assert [row["state"] for row in found(writer, outgoing)] == ["unknown", "unknown"]


async def test_while_the_link_is_down_messages_wait_and_then_they_leave(world: World) -> None:
    world.channel.cut()
    await world.settle()
    assert await ask(world, "/状态") == []
    assert [row["state"] for row in look(world, outgoing)] == ["queued"]
    world.channel.mend()
    await world.settle()
    assert [message.text for _, message in world.sent] == ["掉线，重连中｜1群｜今天发0 待发0"]


@pytest.mark.parametrize(
    ("event", "link", "online"),
    [
        (LinkUp(MONDAY_9, "bot"), "在线", True),
        (LinkUp(MONDAY_9, "bot", gap=timedelta(hours=1)), "在线", True),
        (LinkDown(MONDAY_9, "timeout"), "掉线，重连中", False),
        (LinkDown(MONDAY_9, "wrong token", fatal=True), "掉线，等人处理", False),
        (LoginCode(MONDAY_9, "https://example.com/qr"), "等扫码", False),
    ],
)
async def test_the_status_says_how_the_link_is(
    idle: Runtime, event: LinkUp | LinkDown | LoginCode, link: str, online: bool
) -> None:
    await idle.deliver(event)
    assert (idle.pipeline.desk.status.link, idle.pipeline.desk.status.online) == (link, online)


async def test_the_pace_holds_what_may_not_leave_yet(make_world: MakeWorld) -> None:
    hours = Pace(account_gap=timedelta(hours=1), jitter=timedelta(0), room_gap=timedelta(0))
    world = await make_world(pace=hours, enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM})
    await world.move_to(MONDAY_9 + timedelta(hours=3, minutes=10))
    assert len(world.sent) == 1
    await world.move_to(MONDAY_9 + timedelta(hours=5))
    first, second = (at for at, _ in world.sent)
    assert second - first == timedelta(hours=1)


# --- the end ---


async def test_at_a_stop_what_was_heard_is_handled(
    idle: Runtime, channel: FakeChannel, writer: Writer
) -> None:
    task = asyncio.create_task(idle.run())
    await idle.started.wait()
    for number in range(300):
        await idle.deliver(said("番茄", id=f"m{number:03}"))
    idle.stop()
    await ended(task)
    assert recorded(writer) == [f"m{number:03}" for number in range(300)]


async def test_what_waits_at_a_stop_is_sent_after_the_restart(world: World) -> None:
    world.channel.cut()
    await world.settle()
    for _ in range(5):
        await ask(world, "/帮助")
    began = time.monotonic()
    await world.stop()
    assert time.monotonic() - began < 2
    assert world.sent == []
    await world.start()
    assert len(world.sent) == 5
    assert [row["state"] for row in look(world, outgoing)] == ["sent"] * 5


async def test_what_comes_due_while_the_bot_is_away_is_done_at_the_restart(world: World) -> None:
    await world.stop()
    await world.stage.move_to(MONDAY_9 + timedelta(hours=4))
    await world.start()
    assert [message.text[:3] for _, message in world.sent] == ["溯源｜"]


@pytest.fixture
def slow(clock: VirtualClock) -> SlowChannel:
    """A channel that does not say by an echo what it sent."""
    channel = SlowChannel(clock.now, echo=Echo.NEVER)
    channel.gate = Gate()
    return channel


async def test_a_send_that_hangs_holds_up_a_stop_for_less_than_two_seconds(
    sops: SopSet, slow: SlowChannel, writer: Writer, clock: VirtualClock
) -> None:
    it = build(sops, slow, writer, clock)
    task = asyncio.create_task(it.run())
    slow.say("/状态", BOSS, ROOM)
    slow.say("/帮助", BOSS, ROOM)
    await slow.gate.reached.wait()
    began = time.monotonic()
    it.stop()
    await ended(task)
    assert time.monotonic() - began < 2
    assert [row["state"] for row in found(writer, outgoing)] == ["sending", "queued"]
    slow.gate.opened.set()
    again = build(sops, slow, writer, clock)
    async with running(again):
        await heard(again, slow)
    assert [row["state"] for row in found(writer, outgoing)] == ["unknown", "sent"]
    assert len(slow.sent) == 1


async def test_a_send_under_way_is_let_return_at_a_stop(
    sops: SopSet, slow: SlowChannel, writer: Writer, clock: VirtualClock
) -> None:
    it = build(sops, slow, writer, clock)
    task = asyncio.create_task(it.run())
    slow.say("/状态", BOSS, ROOM)
    await slow.gate.reached.wait()
    it.stop()
    asyncio.get_running_loop().call_later(0.01, slow.gate.opened.set)
    await ended(task)
    assert [row["state"] for row in found(writer, outgoing)] == ["sent"]


async def test_the_end_of_the_input_ends_the_run_after_all_of_it_was_handled(
    idle: Runtime, channel: FakeChannel, writer: Writer
) -> None:
    task = asyncio.create_task(idle.run())
    channel.feed(*(said("番茄", id=f"m{number}") for number in range(3)))
    channel.end()
    await ended(task)
    assert recorded(writer) == ["m0", "m1", "m2"]


async def test_a_failure_of_the_core_ends_the_run_with_its_error(
    idle: Runtime, channel: FakeChannel, one_is_bad: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "record", lambda *args: 1 / 0)
    task = asyncio.create_task(idle.run())
    channel.feed(said(BAD), *(said("番茄") for _ in range(10)))
    with pytest.raises(ZeroDivisionError):
        await ended(task)


async def test_a_failure_of_the_sender_ends_the_run_with_its_error(
    idle: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "claim", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await ended(asyncio.create_task(idle.run()))


async def test_a_failure_of_the_channels_input_ends_the_run_with_its_error(
    sops: SopSet, writer: Writer, clock: VirtualClock
) -> None:
    it = build(sops, BrokenChannel(clock.now), writer, clock)
    with pytest.raises(ZeroDivisionError):
        await ended(asyncio.create_task(it.run()))


async def test_a_start_that_fails_ends_the_run_with_its_error(
    idle: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "recover", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await ended(asyncio.create_task(idle.run()))


async def test_a_process_that_lost_its_account_ends_at_the_next_alarm(
    idle: Runtime, channel: FakeChannel, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = asyncio.create_task(idle.run())
    await idle.started.wait()
    await heard(idle, channel)

    def refuse(*_: object) -> None:
        raise AccountTaken("main")

    monkeypatch.setattr(Writer, "transaction", refuse)
    clock.move(MONDAY_9 + timedelta(hours=4))
    with pytest.raises(AccountTaken):
        await ended(task)


@contextmanager
def no_task_left() -> Iterator[None]:
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() == before


async def test_a_run_that_is_cancelled_leaves_no_task_behind(idle: Runtime, channel: FakeChannel) -> None:
    with no_task_left():
        task = asyncio.create_task(idle.run())
        await idle.started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ended(task)


async def test_a_run_that_is_stopped_leaves_no_task_behind(idle: Runtime) -> None:
    with no_task_left():
        async with running(idle):
            pass


async def test_the_log_names_people_by_number_and_never_quotes_them(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await ask(world, BAD, QING)
        await ask(world, f"/帮助 {BAD}", QING)
        await ask(world, BAD, QING, None)
    assert "M2" in caplog.text
    assert BAD not in caplog.text
    assert QING.name not in caplog.text


class Busy(Exception):
    """What sqlite3 says of a database that somebody else has locked."""

    sqlite_errorname = "SQLITE_BUSY"


async def test_a_database_that_is_locked_for_a_while_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = iter([True, True, True])
    open_transaction = Writer.transaction

    def transaction(writer: Writer, now: datetime) -> AbstractContextManager[Transaction]:
        if next(locked, False):
            raise OperationalError("BEGIN IMMEDIATE", None, Busy("database is locked"))
        return open_transaction(writer, now)

    monkeypatch.setattr(runtime, "TRY_AGAIN", 0)
    monkeypatch.setattr(Writer, "transaction", transaction)
    await world.happen(said("番茄"), said("/状态", BOSS))
    assert next(locked, None) is None
    assert [message.text for _, message in world.sent] == ["在线｜1群｜今天发0 待发0"]
    assert (world.count("message_posted"), world.count("failures")) == (1, 0)


async def test_a_server_that_ends_our_connections_loses_nothing(
    sops: SopSet, postgres: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(sops, MONDAY_9, postgres_url)
    await world.start({KEY: ROOM}, [BOSS])
    monkeypatch.setattr(runtime, "TRY_AGAIN", 0)
    postgres.end_connections()
    await world.happen(said("番茄"), said("/状态", BOSS))
    assert [message.text for _, message in world.sent] == ["在线｜1群｜今天发0 待发0"]
    assert (world.count("message_posted"), world.count("failures")) == (1, 0)
    await world.close()


async def test_a_commit_that_was_lost_to_us_leaves_nothing_in_sending(
    idle: Runtime, channel: FakeChannel, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server committed the claim, and the connection was gone before it could say so."""
    transaction = writer.transaction
    monkeypatch.setattr(runtime, "TRY_AGAIN", 0.01)
    losses = iter([True])

    @contextmanager
    def losing(now: datetime) -> Iterator[Transaction]:
        with transaction(now) as tx:
            yield tx
            claimed = tx.connection.execute(select(outgoing.c.id).where(outgoing.c.state == "sending")).all()
        if claimed and any(losses):
            raise OperationalError("COMMIT", None, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr(writer, "transaction", losing)
    async with running(idle):
        channel.say("/排行", BOSS, ROOM)
        channel.say("/状态", BOSS, ROOM)
        await channel.delivered()
        await idle.settle()
    with writer.engine.connect() as connection:
        found = [(row["state"], row["attempts"]) for row in rows(connection, outgoing)]
    assert found == [("sent", 1), ("sent", 1)]
    assert len(channel.sent) == 2
