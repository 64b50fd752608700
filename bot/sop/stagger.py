"""A post that goes to several rooms does not come to all of them in the same minute."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

AT_LEAST, AT_MOST = timedelta(minutes=1), timedelta(minutes=3)
"""Between one room and the next."""
ALL_WITHIN = timedelta(minutes=30)
"""Where there are many rooms, they come closer together."""


def delay(sop_id: str, day: date, rooms: Sequence[str], room: str, within: timedelta | None) -> timedelta:
    """How much later than the first of ``rooms`` a post of that day comes to ``room``: the same each time.

    At most half of the time ``within`` which it is wanted.
    """
    before = rooms[1 : rooms.index(room) + 1] if room in rooms else ()
    gaps = (random.Random(f"{sop_id}:{day}:{key}").uniform(0, 1) for key in before)
    later = sum((AT_LEAST + share * (AT_MOST - AT_LEAST) for share in gaps), timedelta(0))
    longest = ALL_WITHIN if within is None else min(ALL_WITHIN, within / 2)
    return later * min(1.0, longest / (AT_MOST * max(len(rooms) - 1, 1)))
