"""What the console needs from whoever owns the clock: to tell the time, to wait, and to move on."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Protocol


class Stage(Protocol):
    """The clock behind the group. Where ``can_move`` is False the three ways to move are never called."""

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are shown."""

    @property
    def can_move(self) -> bool:
        """Whether this clock can be moved by hand (the demo's can, the machine's cannot)."""

    def now(self) -> datetime:
        """The aware moment it is in the group."""

    async def settle(self) -> None:
        """Return when all that was said so far has been handled, and what the bot says to it is sent."""

    async def next(self) -> bool:
        """Move to the next moment at which something is due; False when nothing is."""

    async def advance(self, words: str) -> None:
        """Move on by a duration such as ``3h``; ``ValueError`` with a Chinese reason."""

    async def to(self, words: str) -> None:
        """Move on to a moment such as ``周五 19:00``; ``ValueError`` with a Chinese reason."""
