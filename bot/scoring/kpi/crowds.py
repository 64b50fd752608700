"""Who was in which room, and from when to when. All moments are as they are stored, in milliseconds.

A membership knows the last stay alone: who left and came back counts from then on. Who was there before the
bot has no join: they count from when we met them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from bot.store.reading import plain
from bot.store.tables import identity, member, membership

Stay = tuple[int, int, int | None]
"""(member, came, left); None: they are still there."""


class Crowd:
    """The members of a room, as they came and went; in columns, of which the largest community has a few."""

    def __init__(self) -> None:
        self._members: list[int] = []
        self._came: list[int] = []
        self._left: list[int | None] = []

    def add(self, member: int, came: int, left: int | None) -> None:
        self._members.append(member)
        self._came.append(came)
        self._left.append(left)

    def stays(self) -> Iterator[Stay]:
        return zip(self._members, self._came, self._left, strict=True)

    def through(self, since: int, until: int) -> Iterator[int]:
        """Members who were there from before ``since`` until then."""
        return (who for who, came, left in self.stays() if came < since and (left is None or left >= until))

    def size(self, at: int) -> int:
        """How many were there at a moment."""
        return bisect_right(self._came_sorted, at) - bisect_right(self._left_sorted, at)

    def leavings(self, since: int, until: int) -> list[int]:
        """When somebody left, from ``since`` on and before ``until``."""
        return self._left_sorted[
            bisect_left(self._left_sorted, since) : bisect_left(self._left_sorted, until)
        ]

    def witnessed(self, moments: Sequence[int]) -> Iterator[tuple[int, int]]:
        """(member, at how many of these moments they were there); they are in order."""
        for who, came, left in self.stays() if moments else ():
            after = len(moments) if left is None else bisect_left(moments, left)
            yield who, after - bisect_left(moments, came)

    @cached_property
    def _came_sorted(self) -> list[int]:
        return sorted(self._came)

    @cached_property
    def _left_sorted(self) -> list[int]:
        return sorted(at for at in self._left if at is not None)


def read(connection: Connection, member_of: Mapping[int, int]) -> dict[int, Crowd]:
    """By room; who is in ``member_of`` counts."""
    found: defaultdict[int, Crowd] = defaultdict(Crowd)
    for room_id, identity_id, came, left in plain(connection, _STAYS):
        if (whose := member_of.get(identity_id)) is not None:
            found[room_id].add(whose, came, left)
    return dict(found)


_m = membership.c
_MET = select(member.c.created_at).join(identity, identity.c.member_id == member.c.id)
_CAME = func.coalesce(_m.joined_at, _MET.where(identity.c.id == _m.identity_id).scalar_subquery())
_STAYS = select(*(_m.room_id, _m.identity_id), *(type_coerce(at, BigInteger) for at in (_CAME, _m.left_at)))
