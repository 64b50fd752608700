"""A post that goes to several rooms does not come to all of them in the same minute."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

AT_LEAST, AT_MOST = timedelta(minutes=1), timedelta(minutes=3)
"""Between one room and the next."""
ALL_WITHIN = timedelta(minutes=30)
"""Where there are many rooms, they come closer together."""


def delay(
    sop_id: str, day: date, rooms: tuple[str, ...], room: str | None, within: timedelta | None
) -> timedelta:
    """How much later than the first of ``rooms`` a post of that day comes to ``room``: the same each time.

    At most half of the time ``within`` which it is wanted.
    """
    turns = _turns(sop_id, day, rooms)
    longest = ALL_WITHIN if within is None else min(ALL_WITHIN, within / 2)
    share = longest / (AT_MOST * max(len(rooms) - 1, 1))
    return turns.get(room, timedelta(0)) * min(1.0, share)


@lru_cache(maxsize=256)
def _turns(sop_id: str, day: date, rooms: tuple[str, ...]) -> Mapping[str | None, timedelta]:
    """How much later each room comes, where there is time enough; asked for each of them in a row."""
    gaps = [random.Random(f"{sop_id}:{day}:{key}").uniform(0, 1) for key in rooms[1:]]
    later = accumulate((AT_LEAST + gap * (AT_MOST - AT_LEAST) for gap in gaps), initial=timedelta(0))
    return dict(zip(rooms, later, strict=True))


@lru_cache(maxsize=256)
def in_turn(rooms: tuple[str, ...], only: tuple[str, ...] | None) -> tuple[str, ...]:
    """Those of ``rooms`` where a SOP plays (None: everywhere)."""
    wanted = rooms if only is None else frozenset(only)
    return tuple(key for key in rooms if key in wanted)
