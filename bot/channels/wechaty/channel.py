"""The WeChat account behind a wechaty gateway: keeps the connection up for ever, and sends."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime

from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from bot.channels.base import Capabilities, Deliver, Effect
from bot.channels.wechaty.fetch import fetch
from bot.channels.wechaty.link import Link, LinkLost, Memory, Timing
from bot.channels.wechaty.send import send
from bot.channels.wechaty.wire import Wire, parse_endpoint
from bot.errors import NotConnected
from bot.events import ChannelEvent, LinkDown, LinkUp

log = logging.getLogger(__name__)

# A ``Stop`` would evict whoever holds our token, and log the account out: two of us would do so in turn, and
# each time a human had to scan. So we say it, and wait until they are gone.
REFUSALS = {
    Status.UNAUTHENTICATED: "网关不认这个 token，请核对两边的设置",
    Status.ALREADY_EXISTS: "网关上这个 token 已有程序连着：请停掉另一个，或重启网关",
}
NO_TLS = "WECHATY_PUPPET_SERVICE_NO_TLS_INSECURE_SERVER=true"


def utc_now() -> datetime:
    return datetime.now(UTC)


class WechatyChannel:
    """One account on one gateway. ``account`` is our own name for it, for the log."""

    name = "wechaty"
    capabilities = Capabilities(pictures=True, friends=True, invitations=True)

    def __init__(
        self,
        endpoint: str,
        token: str,
        *,
        account: str,
        now: Callable[[], datetime] = utc_now,
        allow_insecure: bool = False,
        send_timeout: float = 30.0,
        fetch_timeout: float = 20.0,
        timing: Timing | None = None,
    ) -> None:
        self._address = parse_endpoint(endpoint, allow_insecure=allow_insecure)
        self._token, self._account, self._now = token, account, now
        self._timeouts = {"send_timeout": send_timeout, "fetch_timeout": fetch_timeout}
        self._timing = timing or Timing()
        self._memory = Memory()
        self._link: Link | None = None
        self._told: LinkDown | None = None
        self._attempts = 0

    async def run(self, deliver: Deliver) -> None:
        """Listen for ever; an error of ``deliver`` ends it (inside an exception group)."""
        self._memory, self._told, self._attempts = Memory(), None, 0

        async def tell(event: ChannelEvent) -> None:
            await deliver(event)
            self._note(event)

        try:
            while True:
                down = self._link_down(await self._connect(tell))
                if self._is_news(down):
                    await tell(down)
                await asyncio.sleep(self._pause(down))
        finally:
            self._memory.logged_in = False

    async def send(self, effect: Effect) -> str | None:
        if self._link is None or not self._memory.logged_in:
            raise NotConnected("还没有连上微信")
        return await send(self._link.wire, self._link.book, effect)

    async def fetch(self, ref: str) -> bytes:
        if self._link is None or not self._memory.logged_in:
            raise NotConnected("还没有连上微信")
        return await fetch(self._link.wire, ref)

    async def _connect(self, tell: Deliver) -> Exception:
        """One connection; returns what ended it."""
        wire = Wire(self._address, self._token, **self._timeouts)
        try:
            self._link = Link(wire, self._memory, tell, self._now, self._timing)
            return await self._link.run()
        finally:
            wire.close()

    def _note(self, event: ChannelEvent) -> None:
        """Once the runtime knows that we are up (or down), the next loss is news (or is not)."""
        if isinstance(event, LinkUp):
            self._memory.lost_at, self._told, self._attempts = None, None, 0
            log.info("%s: connected, away for %s", self._account, event.gap or "no time")
        elif isinstance(event, LinkDown):
            self._told = event
            log.warning("%s: disconnected: %s", self._account, event.reason)

    def _link_down(self, loss: Exception) -> LinkDown:
        fatal = isinstance(loss, GRPCError) and loss.status is Status.UNAUTHENTICATED
        return LinkDown(self._now(), self._reason(loss), fatal)

    def _reason(self, loss: Exception) -> str:
        match loss:
            case LinkLost():
                return str(loss)
            case GRPCError():
                return REFUSALS.get(loss.status, f"网关报错：{loss.status.name}")
            case StreamTerminatedError() if self._link is not None and not self._link.is_greeted:
                return f"网关 {self._address} 不应答（它开着 TLS 的话，要设 {NO_TLS}）"
            case StreamTerminatedError() | OSError() | NotConnected():  # one reason: they follow each other
                return f"连不上网关 {self._address}"
        log.error("%s: the connection ended by an unexpected error", self._account, exc_info=loss)
        return f"连接出错：{type(loss).__name__}"

    def _is_news(self, down: LinkDown) -> bool:
        told = self._told
        return told is None or (told.reason, told.fatal) != (down.reason, down.fatal)

    def _pause(self, down: LinkDown) -> float:
        """How long to wait before the next try: longer each time, never quite the same."""
        if down.fatal:
            return self._timing.fatal_retry
        longest = 2.0 if self._address.is_loopback else 15.0
        self._attempts += 1
        wait: float = min(longest, self._timing.first_retry * 2 ** min(self._attempts, 10))
        return wait * random.uniform(0.5, 1.0)
