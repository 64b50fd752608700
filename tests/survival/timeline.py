"""Time that runs fast, and on while the bot is dead: the same for every process of this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SPEED = 600
"""Ten minutes pass in a second."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """It was ``begins`` when the machine's own count of seconds stood at ``at``."""

    begins: datetime
    at: float

    @classmethod
    def starting(cls, begins: datetime) -> Timeline:
        return cls(begins, time.monotonic())

    def now(self) -> datetime:
        return self.begins + SPEED * timedelta(seconds=time.monotonic() - self.at)

    def seconds_until(self, moment: datetime) -> float:
        return max(0.0, (moment - self.now()) / timedelta(seconds=SPEED))

    def later(self, by: timedelta) -> Timeline:
        """The same, after a leap; time never goes back."""
        return replace(self, begins=self.begins + max(by, timedelta(0)))


class FastClock:
    """The bot's clock on a timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def now(self) -> datetime:
        return self._timeline.now()

    def alarm(self, ring: Callable[[], None], *, unseen: bool = False) -> FastAlarm:
        return FastAlarm(self._timeline, ring)

    def start(self) -> None:
        """Nothing to start: alarms are the event loop's."""

    def stop(self) -> None:
        """Nothing to stop: they end with the loop."""


class FastAlarm:
    """Rings by the event loop's timer."""

    def __init__(self, timeline: Timeline, ring: Callable[[], None]) -> None:
        self._timeline, self._ring = timeline, ring
        self._due: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def due(self) -> datetime | None:
        return self._due

    def set(self, when: datetime | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = when
        if when is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._timeline.seconds_until(when), self._on_time)

    def _on_time(self) -> None:
        assert self._due is not None
        if self._due > self._timeline.now():  # the loop's clock is coarse at this speed
            self.set(self._due)
            return
        self._due = None
        self._ring()
