"""Plays time ahead: the real runtime, the fake channel, a virtual clock, and nobody who talks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.channels.fake import Echo
from bot.foresight.planned import Planned, planned
from bot.foresight.start import Start
from bot.outbox.pace import Pace
from bot.scenario.world import World
from bot.sop.loader import SopSet

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment to the end of a day."""

    begins: datetime
    ends: datetime

    @classmethod
    def of_days(cls, begins: datetime, days: int, zone: ZoneInfo) -> Span:
        """``days`` days of the calendar, that of ``begins`` the first."""
        last = begins.astimezone(zone).date() + timedelta(days=days)
        return cls(begins, datetime.combine(last, time(0), zone) - timedelta(seconds=1))


def play_ahead(sops: SopSet, start: Start, span: Span, account: str, pace: Pace) -> list[Planned]:
    """What becomes of the account's messages in ``span``; always the same for the same start."""
    return play(sops, start, span, account, pace, lambda it: planned(it, account, span.begins, span.ends))


def play(
    sops: SopSet, start: Start, span: Span, account: str, pace: Pace, read: Callable[[Connection], T]
) -> T:
    """What ``read`` finds in the database after nobody talked in ``span``."""
    return asyncio.run(_play(stage(sops, start, span, account, pace), start, span, read))


def stage(sops: SopSet, start: Start, span: Span, account: str, pace: Pace) -> World:
    """The world to play in; that the platform shows us what we said would change nothing."""
    world = World(sops, span.begins, start.url, pace, account, without_thread=True)
    world.channel.echo = Echo.NEVER
    return world


async def _play(world: World, start: Start, span: Span, read: Callable[[Connection], T]) -> T:
    try:
        await world.start(start.enabled)
        await world.move_to(span.ends)
        with world.engine.connect() as connection:
            return read(connection)
    finally:
        await world.close()
