"""The human pace: how long an account and a room rest between two messages, and how many go a day. Pure
arithmetic.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)
_RETRIES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600))
"""How long after each refusal a message is tried again; after the last it is given up."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``account_gap`` ± ``jitter`` between two messages of the account, ``room_gap`` in one room.

    In any 24 hours at most ``day_cap`` messages leave (None: any number). Once the platform says that it is
    too often, the account rests for ``rest``, and for twice as long each further time.
    """

    account_gap: timedelta = timedelta(seconds=3)
    jitter: timedelta = timedelta(seconds=2)
    room_gap: timedelta = timedelta(seconds=6)
    day_cap: int | None = 300
    rest: timedelta = timedelta(minutes=30)

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

    def rest_after(self, times: int) -> timedelta:
        """How long the account rests when it was told for the ``times``-th time in a row; at most a day."""
        doubled: timedelta = self.rest * 2 ** min(times - 1, 10)
        return min(DAY, doubled)


OFF = Pace(timedelta(0), timedelta(0), timedelta(0), day_cap=None)


def try_again_after(attempts: int) -> timedelta | None:
    """How long to wait after that many attempts failed; None: no more."""
    return _RETRIES[attempts - 1] if attempts <= len(_RETRIES) else None
