"""Where the time comes from: the system's clock, or one that a test, a scenario or the demo moves by hand.

A clock also makes alarms: one-shot calls at a moment, the only way in which the runtime waits for a time.
``SystemClock`` sets them as date jobs of APScheduler without a misfire grace, and looks again every
30 s, because the scheduler counts monotonic time and a suspended machine would be late. When it sees that
the machine's clock was set back, all alarms ring: what their owners wait for may be due earlier now.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

logger = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(seconds=30)


class Alarm(Protocol):
    """Calls back once at the moment it is set to; a moment in the past means at once.

    It may ring too early, too: whoever set it looks at what is due, and sets it anew.
    """

    def set(self, when: datetime | None) -> None:
        """Ring at ``when`` instead of whatever was set before; None: do not ring."""

    @property
    def due(self) -> datetime | None:
        """When it will ring."""


class Clock(Protocol):
    """Tells the time (aware, UTC) and makes alarms."""

    def now(self) -> datetime: ...

    def alarm(self, ring: Callable[[], None], *, unseen: bool = False) -> Alarm:
        """``unseen``: for housekeeping, of which nobody who moves the clock by hand wants to know."""

    def start(self) -> None:
        """Begin to ring; needs a running event loop."""

    def stop(self) -> None:
        """Ring no more."""


class SystemClock:
    """The machine's clock; alarms are date jobs of one in-memory APScheduler."""

    def __init__(self) -> None:
        self._scheduler: AsyncIOScheduler | None = None
        self._alarms: list[_SystemAlarm] = []
        self._latest = datetime.now(UTC)
        self._next_look: asyncio.TimerHandle | None = None

    def now(self) -> datetime:
        now = datetime.now(UTC)
        self._latest = max(self._latest, now)
        return now

    def alarm(self, ring: Callable[[], None], *, unseen: bool = False) -> Alarm:
        alarm = _SystemAlarm(self, ring, f"alarm-{len(self._alarms)}")
        self._alarms.append(alarm)
        return alarm

    def start(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None})
        self._scheduler.start()
        self._look_later()

    def stop(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def _look_later(self) -> None:
        """By the loop's monotonic time: a job of the scheduler waits until a clock set back comes there."""
        loop = asyncio.get_running_loop()
        self._next_look = loop.call_later(LOOK_AGAIN.total_seconds(), self._look_again)

    def _look_again(self) -> None:
        self._look_later()
        if self._was_set_back():
            for alarm in self._alarms:
                alarm.ring()
        for alarm in self._alarms:
            alarm.ring_if_due()

    def _was_set_back(self) -> bool:
        """Whether it told somebody a time since the last look that is not reached any more."""
        now, before = datetime.now(UTC), self._latest
        self._latest = now
        if before - now > LOOK_AGAIN:
            logger.warning("the machine's clock was set back by %s", before - now)
        return before - now > LOOK_AGAIN

    def schedule(self, key: str, when: datetime, call: Callable[[], None]) -> None:
        """Set the date job ``key``; one that is there already is replaced."""
        assert self._scheduler is not None, "start() the clock first"

        async def ring() -> None:  # a coroutine, so that it runs on the loop and not in a thread
            call()

        self._scheduler.add_job(ring, "date", run_date=when, id=key, replace_existing=True)

    def cancel(self, key: str) -> None:
        if self._scheduler is not None and self._scheduler.get_job(key) is not None:
            self._scheduler.remove_job(key)


class _SystemAlarm:
    def __init__(self, clock: SystemClock, ring: Callable[[], None], key: str) -> None:
        self._clock, self._ring, self._key = clock, ring, key
        self._due: datetime | None = None

    @property
    def due(self) -> datetime | None:
        return self._due

    def set(self, when: datetime | None) -> None:
        if when == self._due:
            return
        self._due = when
        if when is None:
            self._clock.cancel(self._key)
        else:
            self._clock.schedule(self._key, max(when, self._clock.now()), self.ring_if_due)

    def ring_if_due(self) -> None:
        if self._due is not None and self._due <= self._clock.now():
            self.ring()

    def ring(self) -> None:
        self._due = None
        self._clock.cancel(self._key)
        self._ring()


class VirtualClock:
    """A clock that stands still until it is moved; alarms ring in the order of their moments."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware start")
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._alarms: list[_VirtualAlarm] = []

    def now(self) -> datetime:
        return self._now

    def alarm(self, ring: Callable[[], None], *, unseen: bool = False) -> Alarm:
        alarm = _VirtualAlarm(ring, next(self._order), unseen)
        self._alarms.append(alarm)
        return alarm

    def start(self) -> None:
        """Nothing to start: it moves when it is moved."""

    def stop(self) -> None:
        self._alarms.clear()

    def next_due(self, *, seen: bool = False) -> datetime | None:
        """The moment of the next alarm, or of the next that is ``seen``."""
        alarms = (a for a in self._alarms if not (seen and a.unseen))
        return min((a.due for a in alarms if a.due is not None), default=None)

    def move(self, to: datetime) -> None:
        """Go to ``to`` (or stay, if that is past) and ring the first alarm due by then, if there is one.

        One alarm a call: what it wakes may set others, so the caller lets the world settle in between.
        """
        self._now = max(self._now, to)
        due = [a for a in self._alarms if a.due is not None and a.due <= self._now]
        if due:
            min(due, key=lambda a: (a.due, a.order)).ring()


class _VirtualAlarm:
    def __init__(self, ring: Callable[[], None], order: int, unseen: bool) -> None:
        self._ring, self.order, self.unseen = ring, order, unseen
        self.due: datetime | None = None

    def set(self, when: datetime | None) -> None:
        self.due = when

    def ring(self) -> None:
        self.due = None
        self._ring()
