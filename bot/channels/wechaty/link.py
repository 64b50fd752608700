"""One connection to the gateway, from its first event to its loss.

A reader takes events off the stream; what they refer to is fetched, at most 16 at a time; one worker
hands the whole events on in the order in which they came. A full queue makes the reader wait, and so the
gateway. What was read but not yet fetched when the link went is asked for again on the next connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn

from grpclib.exceptions import GRPCError

from bot.channels.base import Deliver
from bot.channels.wechaty.book import Book
from bot.channels.wechaty.decode import (
    EventType,
    Fields,
    Unreadable,
    fields,
    need,
)
from bot.channels.wechaty.resolve import Resolver, type_name
from bot.channels.wechaty.wire import Response, Wire, raise_if_cancelled
from bot.events import ChannelEvent, LinkDown, LinkUp, LoginCode, Malformed

log = logging.getLogger(__name__)

QUEUE = 1000
FETCHES = 16
GREETING = "gRPC stream connect"
CONTENT = {
    EventType.MESSAGE,
    EventType.ROOM_JOIN,
    EventType.ROOM_LEAVE,
    EventType.ROOM_TOPIC,
    EventType.FRIENDSHIP,
    EventType.ROOM_INVITE,
}
SCAN_STATUS = {"1": "已取消", "2": "等待扫码", "3": "已扫码", "4": "已确认", "5": "已过期"}


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take, in seconds. A gateway that answered a ding once is deaf if it stops to."""

    greeting: float = 5.0
    login_grace: float = 3.0
    ding_every: float = 20.0
    deaf_after: float = 60.0
    first_retry: float = 0.1
    fatal_retry: float = 30.0


class LinkLost(Exception):
    """The connection is of no use any more; the text is for operators."""


class Line(NamedTuple):
    """An event on its way through the queue; ``number`` is that of the response it is made from."""

    event: asyncio.Future[ChannelEvent | None]
    number: int | None = None


class Unread(NamedTuple):
    """What came off the stream; ``account_id`` is who we were then (some ids change at a login)."""

    response: Response
    account_id: str


@dataclass(slots=True)
class Memory:
    """What outlives a connection; ``unread`` is what was read off the stream and not yet delivered."""

    account_id: str = ""
    logged_in: bool = False
    lost_at: datetime | None = None
    answers_dings: bool = False
    unread: dict[int, Unread] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def lose(self, now: datetime) -> None:
        """Nothing can be sent from now on; a loss counts from its first moment."""
        if self.logged_in:
            self.logged_in, self.lost_at = False, self.lost_at or now


class Link:
    """Listens on one connection for as long as it lasts."""

    def __init__(
        self, wire: Wire, memory: Memory, deliver: Deliver, now: Callable[[], datetime], timing: Timing
    ) -> None:
        self.wire, self.book = wire, Book(wire)
        self._memory, self._deliver, self._now, self._timing = memory, deliver, now, timing
        self._inherited = dict(memory.unread)
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(QUEUE)
        self._slots = asyncio.Semaphore(FETCHES)
        self._greeted = asyncio.Event()
        self._tells_login = self._knows_login = False
        self._waiting_since: float | None = None
        self._deaf_for = timedelta(0)

    @property
    def is_greeted(self) -> bool:
        """Whether the gateway said anything yet."""
        return self._greeted.is_set()

    async def run(self) -> Exception:
        """Returns what ended the link, once all that was whole by then is delivered."""
        async with asyncio.TaskGroup() as crew:
            crew.create_task(self._deliver_in_order())
            loss = await self._listen()
            self._memory.lose(self._now() - self._deaf_for)
            await self._lines.put(None)
        return loss

    async def _listen(self) -> Exception:
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._begin())
                self._tasks.create_task(self._watch())
                await asyncio.create_task(self._read())  # apart, as every call (see wire.py)
        except* Exception as losses:
            loss = losses.exceptions[0]
        raise_if_cancelled()  # a task group forgets a cancel that comes while it is ending
        return loss

    async def _deliver_in_order(self) -> None:
        """The end of the link cancels what is not fetched yet; that stays unread for the next connection."""
        while (line := await self._lines.get()) is not None:
            if not line.event.done():
                await asyncio.wait({line.event})
            if line.event.cancelled():
                continue
            if (event := line.event.result()) is not None:
                await self._deliver(event)
            if line.number is not None:
                del self._memory.unread[line.number]

    async def _read(self) -> NoReturn:
        clock = asyncio.get_running_loop()
        async with contextlib.aclosing(self.wire.events()) as responses:
            async for response in responses:
                self._waiting_since = None
                self._greeted.set()
                await self._take(response)
                self._waiting_since = clock.time()
        raise LinkLost("网关结束了连接")

    async def _begin(self) -> None:
        """Start the account once the gateway greeted us (old ones do not), and see if it is logged in."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._greeted.wait(), self._timing.greeting)
        await self.wire.start()
        await asyncio.sleep(self._timing.login_grace)
        if self._memory.account_id and not (self._knows_login or self._tells_login):
            await self._ask_for_login()
        if not self._knows_login:
            await self._put(LinkDown(self._now(), "网关连上了，但微信没有登录"))

    async def _ask_for_login(self) -> None:
        """Old gateways tell a login only once: an account that can still be looked up is still logged in."""
        with contextlib.suppress(GRPCError):
            await self.wire.contact(self._memory.account_id)
            await self._log_in(self._memory.account_id)

    async def _watch(self) -> NoReturn:
        """Pings notice a peer that is gone; this notices one that is there and passes no events on."""
        while True:
            await asyncio.sleep(self._timing.ding_every)
            with contextlib.suppress(GRPCError):  # a puppet without dings
                await self.wire.ding()
            if self._memory.answers_dings and (silence := self._silence()) > self._timing.deaf_after:
                self._deaf_for = timedelta(seconds=silence)
                raise LinkLost("网关还连着，但不再传来消息")

    def _silence(self) -> float:
        """How long we have been waiting for an event; not at all while our own queue is full."""
        since = self._waiting_since
        return 0.0 if since is None else asyncio.get_running_loop().time() - since

    async def _take(self, response: Response) -> None:
        try:
            if response.type in CONTENT:
                number, unread = next(self._memory.numbers), Unread(response, self._memory.account_id)
                self._memory.unread[number] = unread
                await self._fetch(number, unread)
            else:
                await self._note(response)
        except Unreadable as error:
            await self._put(Malformed(self._now(), f"event {type_name(response.type)}: {error}"))

    async def _note(self, response: Response) -> None:
        """What concerns the link itself."""
        match response.type:
            case EventType.HEARTBEAT if GREETING in response.payload:
                self._tells_login = True  # a gateway of 1.x: the login comes next, if there is one
            case EventType.LOGIN:
                await self._log_in(need(fields(response.payload), "contactId"))
            case EventType.LOGOUT:
                await self._log_out()
            case EventType.SCAN:
                await self._show_code(fields(response.payload))
            case EventType.DIRTY:
                payload = fields(response.payload)
                self.book.forget(payload.get("payloadType"), need(payload, "payloadId"))
            case EventType.DONG:
                self._memory.answers_dings = True
            case EventType.RESET:
                raise LinkLost("网关重置了账号")
            case EventType.ERROR:
                log.warning("the gateway reports an error of its own")

    async def _log_in(self, account_id: str) -> None:
        self._knows_login = True
        memory = self._memory
        if memory.logged_in and memory.account_id == account_id:
            return
        memory.account_id, memory.logged_in = account_id, True
        await self._lines.put(Line(self._tasks.create_task(self._link_up(account_id))))
        inherited, self._inherited = self._inherited, {}
        for number, unread in inherited.items():
            await self._fetch(number, unread)

    async def _link_up(self, account_id: str) -> LinkUp:
        now, lost_at = self._now(), self._memory.lost_at
        me = await self.book.person(account_id)
        return LinkUp(now, account_id, me.name, now - lost_at if lost_at else None)

    async def _log_out(self) -> None:
        self._knows_login = True
        self._memory.lose(self._now())
        self._memory.account_id = ""
        await self._put(LinkDown(self._now(), "微信账号退出了登录，要重新扫码", fatal=True))

    async def _show_code(self, payload: Fields) -> None:
        self._knows_login = True
        url = str(payload.get("qrcode") or "")
        await self._put(LoginCode(self._now(), url, SCAN_STATUS.get(str(payload.get("status")), "")))

    async def _fetch(self, number: int, unread: Unread) -> None:
        await self._lines.put(Line(self._tasks.create_task(self._resolve(unread)), number))

    async def _resolve(self, unread: Unread) -> ChannelEvent | None:
        resolver = Resolver(self.wire, self.book, unread.account_id, self._now)
        async with self._slots:
            return await resolver.event(unread.response)

    async def _put(self, event: ChannelEvent) -> None:
        known: asyncio.Future[ChannelEvent | None] = asyncio.get_running_loop().create_future()
        known.set_result(event)
        await self._lines.put(Line(known))
