"""Moving time: how the console, the demo and the scenarios let a runtime settle and the clock go on."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.clock import Clock, VirtualClock
from bot.runtime import Runtime
from bot.sop.schedule import parse_duration, parse_moment

NEAR = timedelta(seconds=20)
"""A message that the pace holds for no longer than this is waited for."""


class Stage:
    """A runtime and its clock. A virtual clock moves by hand, and by the seconds that the pace asks for."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone
        self._runtime: Runtime | None = None
        self._moving = asyncio.Lock()

    def attach(self, runtime: Runtime | None) -> None:
        """The runtime that plays from now on; None: nobody does, while the clock goes on."""
        self._runtime = runtime

    @property
    def zone(self) -> ZoneInfo:
        return self._zone

    @property
    def can_move(self) -> bool:
        return isinstance(self._clock, VirtualClock)

    def now(self) -> datetime:
        return self._clock.now()

    async def settle(self) -> None:
        """Return when all that was said is handled and the outbox has let go of what may leave by now."""
        async with self._moving:
            await self._settle()

    async def next(self) -> bool:
        async with self._moving:
            await self._settle()
            due = self._virtual.next_due(seen=True)
            if due is not None:
                await self._move(due)
            return due is not None

    async def advance(self, words: str) -> None:
        await self.move_to(self.now() + parse_duration(words))

    async def to(self, words: str) -> None:
        await self.move_to(parse_moment(words, self.now(), self._zone))

    async def move_to(self, moment: datetime) -> None:
        """Go to ``moment`` through everything that is due on the way."""
        async with self._moving:
            await self._settle()
            await self._move(moment)

    async def run_on(self) -> None:
        """Let a virtual clock follow the real one, from where it stands; ends when cancelled."""
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(0.2)
            elapsed, before = loop.time() - before, loop.time()
            async with self._moving:
                await self._move(self.now() + timedelta(seconds=elapsed))

    @property
    def _virtual(self) -> VirtualClock:
        assert isinstance(self._clock, VirtualClock), "only a virtual clock can be moved"
        return self._clock

    async def _move(self, moment: datetime) -> None:
        while (due := self._virtual.next_due()) is not None and due <= moment:
            self._virtual.move(due)
            await self._quiet()
        self._virtual.move(moment)
        await self._settle()

    async def _settle(self) -> None:
        await self._quiet()
        while (due := self._due_soon()) is not None:
            await self._pass(due)

    def _due_soon(self) -> datetime | None:
        """What rings already, or will once the pace lets the next message go."""
        if self._runtime is None:
            return None
        pacer = self._runtime.pacer.due
        for due in (self._runtime.timer.due, self._runtime.night.due):
            if due is not None and due <= self.now():
                return due
        return pacer if pacer is not None and pacer <= self.now() + NEAR else None

    async def _pass(self, due: datetime) -> None:
        if self.can_move:
            self._virtual.move(due)
        else:
            await asyncio.sleep(max(0.0, (due - self.now()).total_seconds()) + 0.01)
        await self._quiet()

    async def _quiet(self) -> None:
        if self._runtime is not None:
            await self._runtime.settle()
