"""Among whom, and when: those who are in a member room, and none of our own people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select

from bot.scoring import days
from bot.store.tables import identity, membership, room

PLACES = identity.join(membership, membership.c.identity_id == identity.c.id).join(
    room, room.c.id == membership.c.room_id
)
CAME = func.coalesce(membership.c.joined_at, room.c.enabled_at, type_=membership.c.joined_at.type)
"""Who was there before us came when we began there."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``kinds``: what each role is; ``operators``: the room of the staff."""

    now: datetime
    zone: ZoneInfo
    kinds: Mapping[str, str]
    operators: str | None = None

    @property
    def today(self) -> int:
        return days.number(self.now, self.zone)

    def begin_of(self, day: int) -> datetime:
        return days.begin(day, self.zone)

    @property
    def is_here(self) -> ColumnElement[bool]:
        """Of ``PLACES``: somebody's, who is there now, in a room of members that is enabled."""
        there = membership.c.left_at.is_(None) & identity.c.member_id.is_not(None)
        enabled = room.c.disabled_at.is_(None) & room.c.key.is_not(None)
        return there & enabled & (room.c.key != (self.operators or ""))

    def came_after(self, day: int) -> Select[tuple[int]]:
        """The members who have come into any of their rooms after this day."""
        later = self.begin_of(day + 1) <= CAME
        return select(identity.c.member_id).select_from(PLACES).where(self.is_here, later)
