"""The asynchronous shell: an inbox, the core that empties it in batches, an alarm clock and a sender.

    channel.run ──deliver──▶ inbox (bounded) ──≤ 500──▶ core: pipeline, one transaction ──commit──▶ wake
    alarm ────────tick─────▶   │                                                              sender, alarm
    sender ──claim, settle──▶  ┘   ◀──────────────── channel.send ◀───────────────────────────────┘

All tasks are supervised together: when one fails, all end, and ``run`` raises.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import OperationalError

from bot import alarms
from bot.channels.base import Channel
from bot.clock import LOOK_AGAIN, Alarm, Clock
from bot.errors import StoreError
from bot.events import (
    ChannelEvent,
    FriendMade,
    FriendRequested,
    LinkDown,
    LinkUp,
    LoginCode,
    Malformed,
    RoomEvent,
    RoomInvited,
)
from bot.fetcher import Fetcher
from bot.login_code import LoginCodes
from bot.outbox import delivery
from bot.outbox.claim import Manners
from bot.outbox.pace import Pace
from bot.pipeline import Pipeline
from bot.reloader import Load, Reloader
from bot.sender import Sender
from bot.store import failures
from bot.store.session import is_passing
from bot.store.transaction import Errand, Transaction
from bot.store.writer import Writer

logger = logging.getLogger(__name__)

T = TypeVar("T")
BATCH = 500
INBOX = 2_000
"""Events that may wait; past that the channel waits."""
TRY_AGAIN = 1.0
"""Seconds until a database that was locked or away is asked again."""
GIVES_WAY = 0.25
"""Seconds that an errand waits while messages stand in line."""
STOP_WITHIN = 1.5
"""Seconds for what is under way when we are asked to stop."""


@dataclass(slots=True)
class Job:
    """Work for the core that is no event: a tick, a claim, an outcome; ``done`` gets its result."""

    work: Callable[[Transaction], Any]
    done: asyncio.Future[Any]


Item = RoomEvent | Job


class Runtime:
    """One account at one channel, running. ``settle`` is for those who move a virtual clock."""

    def __init__(self, *, account: str, channel: Channel, pipeline: Pipeline, writer: Writer, clock: Clock,
                 pace: Pace, media: Path | None = None, load: Load | None = None,
                 lost_after: timedelta = alarms.LOST_AFTER) -> None:  # fmt: skip
        self.account, self.channel, self.pipeline = account, channel, pipeline
        self._writer, self._clock = writer, clock
        self._latest = clock.now()
        self._inbox: asyncio.Queue[Item] = asyncio.Queue(INBOX)
        self._unfinished = 0
        self._handling = False
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._beside: set[asyncio.Task[None]] = set()
        self.started = asyncio.Event()
        self.timer = clock.alarm(self._ring)
        self.night = clock.alarm(self._ring, unseen=True)
        self._lost_after, self._lost = lost_after, clock.alarm(self._note_lost)
        self._pace = pace
        self._sender = Sender(account, channel, self.ask_core, clock, self._manners, pipeline.desk.status,
                              self._changed.set, self._tell_rest)  # fmt: skip
        self._reloader = Reloader(self, self.ask_core, load)
        self._fetcher = None if media is None else self._fetcher_into(media)
        self._codes = LoginCodes()

    # --- life ---

    async def run(self) -> None:
        """Run until the channel's input ends, ``stop`` is called or the task is cancelled."""
        self._clock.start()
        core = asyncio.create_task(self._core(), name="core")
        sender = asyncio.create_task(self._sender.run(), name="sender")
        listener = asyncio.create_task(self._listener(), name="listener")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        tasks = [core, sender, listener, stopping]
        if self._fetcher is not None:
            tasks.append(asyncio.create_task(self._fetcher.run(), name="fetcher"))
        try:
            await self._until_one_ends(tasks)
            await self._finish(listener)
        finally:
            self._clock.stop()
            for task in (*tasks, *self._beside):
                task.cancel()
            await asyncio.gather(*tasks, *self._beside, return_exceptions=True)

    def _fetcher_into(self, media: Path) -> Fetcher:
        beside, lasting = self._writer.beside, not self._writer.without_thread
        return Fetcher(self.account, self.channel, self.ask_core, self._clock, media, beside, lasting=lasting)

    def _manners(self) -> Manners:
        return Manners(self._pace, self.pipeline.desk.sops.community.rules)

    @property
    def at_work(self) -> bool:
        """Whether the core is, or will be at once."""
        return self._handling or not self._inbox.empty()

    def reload(self) -> asyncio.Task[None]:
        """Read the SOPs anew beside, because their files changed."""
        return self._spawn(self._reloader.reload(), "reload")

    @property
    def pacer(self) -> Alarm:
        """When the pace lets the next message go."""
        return self._sender.pacer

    def stop(self) -> None:
        """Ask ``run`` to end; may be called from a signal handler."""
        self._sender.stop()
        self._stopping.set()

    async def _until_one_ends(self, tasks: list[asyncio.Task[Any]]) -> None:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _finish(self, listener: asyncio.Task[None]) -> None:
        """Let the message being sent return while the link is there; hear no more, handle what was heard."""
        self.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN):
                await self._until(lambda: self._sender.is_waiting)
                listener.cancel()
                await self.settle()

    async def settle(self) -> None:
        """Return once all that came in is handled, and the sender has nothing that it may send now."""
        await self._until(self._is_settled)

    async def pictures_are_here(self) -> None:
        """Return once those that can be had were fetched."""
        if self._fetcher is not None:
            await self._fetcher.rest()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def _is_settled(self) -> bool:
        return self._unfinished == 0 and self._sender.is_at_rest

    # --- in ---

    async def _listener(self) -> None:
        await self.channel.run(self.deliver)

    async def deliver(self, event: ChannelEvent) -> None:
        """Take an event from the channel; waits while the inbox is full."""
        match event:
            case LinkUp() | LinkDown() | LoginCode():
                self._note_link(event)
            case Malformed():
                await self.ask_core(lambda tx: _note_malformed(tx, event))
            case FriendRequested() | FriendMade() | RoomInvited():
                await self.ask_core(lambda tx: self.pipeline.consider(tx, event))
            case _:
                await self._put(event)

    def _note_link(self, event: LinkUp | LinkDown | LoginCode) -> None:
        status = self.pipeline.desk.status
        if not isinstance(event, LinkUp) and (status.online or status.since is None):
            self._lost.set(event.occurred_at + self._lost_after)
        match event:
            case LinkUp(gap=gap):
                status.come_online(event.occurred_at, gap)
                logger.info("link up account=%s gap=%s", self.account, gap)
                if gap is not None:
                    logger.warning(
                        "what was said during the last %s is lost: the gateway keeps no history", gap
                    )
                self._lost.set(None)
                if gap is not None and gap >= self._lost_after:
                    self._spawn(self._tell_gap(gap), "alarm")
                self._sender.wake()
                self._wake_fetcher()
            case LinkDown(reason=reason, fatal=fatal):
                status.go_offline("掉线，等人处理" if fatal else "掉线，重连中", event.occurred_at)
                logger.log(logging.ERROR if fatal else logging.WARNING, "link down: %s", reason)
            case LoginCode():
                status.go_offline("等扫码", event.occurred_at)
                logger.warning("the platform wants a login code to be scanned")
                self._codes.show(event)

    def _note_lost(self) -> None:
        status = self.pipeline.desk.status
        if not status.online:
            logger.error("the link is down for over %s: %s", self._lost_after, status.link)

    def _tell_rest(self, tx: Transaction) -> None:
        alarms.tell_rest(tx, self.pipeline.desk.sops, self.account)

    async def _tell_gap(self, gap: timedelta) -> None:
        sops = self.pipeline.desk.sops
        await self.ask_core(lambda tx: alarms.tell_gap(tx, sops, self.account, gap))

    async def _put(self, item: Item) -> None:
        self._unfinished += 1
        try:
            await self._inbox.put(item)
        except asyncio.CancelledError:
            self._finished(1)
            raise

    async def ask_core(self, work: Callable[[Transaction], T]) -> T:
        """Have ``work`` done in the core's next transaction; returns after its commit."""
        job = self._job(work)
        await self._put(job)
        return await job.done  # type: ignore[no-any-return]

    def _ring(self) -> None:
        self._spawn(self._tick(), "tick")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Have something done beside; nothing is settled before it is."""
        self._unfinished += 1
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._beside.add(task)
        task.add_done_callback(self._done_beside)
        return task

    async def _tick(self) -> None:
        try:
            await self.ask_core(lambda tx: self.pipeline.tick(tx))
        except Exception as error:
            trace = failures.without_words(error)
            logger.error("a tick failed, and is tried again", extra={"trace": trace})
            self.timer.set(self._clock.now() + LOOK_AGAIN)

    async def _run_errand(self, errand: Errand[Any]) -> None:
        await self._give_way()
        try:
            found = await self._writer.beside(errand.do)
        except Exception as error:
            failed = error  # the name of an except clause is gone after it
            await self.ask_core(lambda tx: failures.record(tx, errand.place, failed))
            found = errand.otherwise
        await self.ask_core(lambda tx: errand.then(tx, found))

    async def _give_way(self) -> None:
        """What takes long waits a moment while messages stand in line: all threads share one interpreter."""
        if not self._writer.without_thread and not self._inbox.empty():
            await asyncio.sleep(GIVES_WAY)

    def _done_beside(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        self._finished(1)

    # --- the core ---

    async def _core(self) -> None:
        start = self._job(self._start)
        await self._handle([start])
        await start.done
        self.started.set()
        while True:
            batch = [await self._inbox.get()]
            while len(batch) < BATCH and not self._inbox.empty():
                batch.append(self._inbox.get_nowait())
            self._handling = True
            await self._handle(batch)
            self._handling = False
            self._finished(len(batch))

    def _finished(self, count: int) -> None:
        self._unfinished -= count
        self._changed.set()

    def _start(self, tx: Transaction) -> None:
        lost = delivery.recover(tx, self.account)
        if lost:
            logger.warning("%d messages were being sent when the process ended: state unknown", lost)
        self.pipeline.start(tx)
        tx.queued = True

    async def _handle(self, batch: list[Item]) -> None:
        """One transaction for the batch; if that fails, one for each: a bad one costs only itself."""
        try:
            results = await self._commit(batch)
        except StoreError:
            raise  # the database is damaged, takes no writing, or is another process's now
        except Exception as error:
            await self._take_apart(batch, error)
            return
        jobs = [item for item in batch if isinstance(item, Job)]
        for job, result in zip(jobs, results, strict=True):
            if not job.done.done():
                job.done.set_result(result)

    async def _commit(self, batch: list[Item]) -> list[Any]:
        """Try until the database takes it: while it is locked, full or away, the inbox fills and we wait."""
        while True:
            try:
                return await self._in_transaction(batch)
            except OperationalError as error:
                if not is_passing(error):
                    raise
                self._sender.doubt()
                logger.error("the database takes nothing, we try again: %s", error.orig)
                await asyncio.sleep(TRY_AGAIN)

    async def _take_apart(self, batch: list[Item], error: Exception) -> None:
        if len(batch) > 1:
            logger.warning("a batch of %d failed and is done again one by one", len(batch))
            for item in batch:
                await self._handle([item])
        elif isinstance(batch[0], Job):
            if not batch[0].done.done():
                batch[0].done.set_exception(error)
        else:
            place = f"recording {type(batch[0]).__name__}"
            noted = self._job(lambda tx: failures.record(tx, place, error))
            await self._handle([noted])
            await noted.done  # what cannot even be noted ends us

    def _job(self, work: Callable[[Transaction], Any]) -> Job:
        return Job(work, asyncio.get_running_loop().create_future())

    async def _in_transaction(self, batch: list[Item]) -> list[Any]:
        """Commit, and only then wake whoever waits for what was written."""
        now = self._clock.now()
        set_back = now < self._latest - LOOK_AGAIN

        def work() -> tuple[list[Any], Transaction, tuple[datetime | None, datetime | None] | None]:
            with self._same_pipeline_unless_committed(), self._writer.transaction(now) as tx:
                if set_back:
                    delivery.reconsider(tx, self.account)
                results = self._work_through(tx, batch)
                changed = tx.rescheduled or self.timer.due is None
                pipeline = self.pipeline
                return results, tx, (pipeline.next_due(tx), pipeline.next_night(tx)) if changed else None

        results, done, due = await self._writer.run(work)
        self._latest = now
        if due is not None:
            for alarm, moment in zip((self.timer, self.night), due, strict=True):
                alarm.set(moment)
        if done.queued:
            self._sender.wake()
        if done.pictures:
            self._wake_fetcher()
        for errand in done.errands:
            self._spawn(self._run_errand(errand), "errand")
        if done.reloads:
            self._spawn(self._reloader.reload(done.reloads), "reload")
        return results

    @contextlib.contextmanager
    def _same_pipeline_unless_committed(self) -> Iterator[None]:
        before = self.pipeline
        try:
            yield
        except BaseException:
            self.pipeline = before
            raise

    def _work_through(self, tx: Transaction, batch: list[Item]) -> list[Any]:
        """The batch in its order: events between two jobs go through the pipeline together."""
        results: list[Any] = []
        events: list[RoomEvent] = []
        for item in batch:
            if isinstance(item, Job):
                self.pipeline.process(tx, events)
                events = []
                results.append(item.work(tx))
            else:
                events.append(item)
        self.pipeline.process(tx, events)
        return results

    def _wake_fetcher(self) -> None:
        if self._fetcher is not None:
            self._fetcher.wake()


def _note_malformed(tx: Transaction, event: Malformed) -> None:
    failures.record(tx, f"reading an event: {event.summary}", ValueError("malformed event"))
