"""The human pace: how long an account and a room rest between two messages. Pure arithmetic."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """``account_gap`` ± ``jitter`` between two messages of the account, ``room_gap`` in one room."""

    account_gap: timedelta = timedelta(seconds=3)
    jitter: timedelta = timedelta(seconds=2)
    room_gap: timedelta = timedelta(seconds=6)

    @property
    def longest(self) -> timedelta:
        """What was sent longer ago than this holds nothing up."""
        return max(self.account_gap + self.jitter, self.room_gap)

    def ready_at(
        self, seed: int, last_sent: datetime | None, last_in_room: datetime | None
    ) -> datetime | None:
        """When a message may leave; None: at once. The jitter is drawn from ``seed``, always the same."""
        shift = random.Random(seed).uniform(-1, 1) * self.jitter
        moments = []
        if last_sent is not None:
            moments.append(last_sent + max(timedelta(0), self.account_gap + shift))
        if last_in_room is not None:
            moments.append(last_in_room + self.room_gap)
        return max(moments, default=None)


OFF = Pace(timedelta(0), timedelta(0), timedelta(0))
