"""A world to play in: a fake platform, a virtual clock, its own database, and the bot, which may restart."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from bot import app
from bot.channels.base import Message, Picture
from bot.channels.fake import FakeChannel
from bot.clock import VirtualClock
from bot.events import ChannelEvent, Chat, Person
from bot.outbox.pace import Pace
from bot.people import invites
from bot.reloader import Load
from bot.runtime import Runtime
from bot.sop.command import Foresee
from bot.sop.loader import SopSet, on_and_on
from bot.sop.timetable import SlotState
from bot.stage import Stage
from bot.status import Status
from bot.store import session
from bot.store.tables import failure, interaction, metadata, slot
from bot.store.writer import Claim, Writer, unclaimed

ACCOUNT = "test"
SLOT_COUNTS = {f"slots_{state}": state for state in SlotState}
PICTURES = "pictures_shown"
CLAIM_CODE = "TESTCODE"
FIRST_CODE = 4821
"""To be confirmed by it; each further one is one more."""


_MEMORY, _GIGABYTE = Path("/dev/shm"), 1 << 30


def _in_memory() -> Path | None:
    """Where files that do not outlive the world need no disk; None: the machine has no such place, or too
    little room there."""
    is_there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return _MEMORY if is_there and shutil.disk_usage(_MEMORY).free >= _GIGABYTE else None


class World:
    """``start`` and ``stop`` the bot, let things ``happen``, move the ``stage``'s clock, read ``sent``."""

    def __init__(
        self,
        sops: SopSet,
        begins: datetime,
        url: str,
        pace: Pace | None = None,
        account: str = ACCOUNT,
        claim: Claim = unclaimed,
        foresee: Foresee | None = None,
        without_thread: bool = False,
        load: Load | None = None,
    ) -> None:
        self.sops, self.account = sops, account
        self.clock = VirtualClock(begins)
        self.stage = Stage(self.clock, sops.community.zone)
        self.channel = FakeChannel(self.clock.now)
        self.channel.me = replace(self.channel.me, name=sops.community.bot.name)
        self.engine = session.open_engine(url)
        session.throw_away(self.engine)
        self._folder = tempfile.TemporaryDirectory(prefix="media-", dir=_in_memory())
        self.media = Path(self._folder.name)
        self._pace, self._claim, self._foresee = pace or Pace(), claim, foresee
        self._without_thread, self._load = without_thread, load
        self._sent_at: list[datetime] = []
        self._codes = itertools.count(FIRST_CODE)
        self._invites = map("".join, itertools.product(invites.LETTERS, repeat=2))
        self._runtime: Runtime | None = None
        self._running: asyncio.Task[None] | None = None
        metadata.create_all(self.engine)

    async def start(
        self,
        enabled: Mapping[str, Chat] | None = None,
        admins: Sequence[Person] = (),
        roles: Mapping[Person, str] | None = None,
    ) -> None:
        """Start the bot's process; at the first time with these rooms enabled, these admins and ``roles``.

        A later time it begins with what its files say by then, if there are any.
        """
        if enabled is None and self._load is not None:
            self.sops = app.needed(self._load(on_and_on))
        writer = Writer(self.engine, self._claim, without_thread=self._without_thread)
        runtime = app.build_runtime(
            self.sops,
            self.channel,
            writer,
            self.clock,
            account=self.account,
            pace=self._pace,
            status=Status(claim_code=CLAIM_CODE),
            media=self.media,
            foresee=self._foresee,
            load=self._load,
            new_code=lambda: str(next(self._codes)),
            new_invite=lambda: f"CHAN{next(self._invites)}",
            phone_key=b"a world's",
            files=self.media / "rights",
        )
        if enabled is not None:
            with writer.transaction(self.clock.now()) as tx:
                app.furnish(tx, runtime.pipeline, enabled, admins, roles)
        self._runtime = runtime
        self._running = asyncio.create_task(self._run(runtime, writer))
        await runtime.started.wait()
        self.stage.attach(runtime)
        await self.settle()

    @staticmethod
    async def _run(runtime: Runtime, writer: Writer) -> None:
        try:
            await runtime.run()
        finally:
            writer.close()

    async def stop(self) -> None:
        """End the bot's process as SIGTERM does."""
        if self._runtime is not None and self._running is not None:
            self._runtime.stop()
            await self._running
        self._runtime = self._running = None
        self.stage.attach(None)

    async def reload(self) -> None:
        """Let the bot read its files anew, as it does when they were saved."""
        if self._runtime is not None:
            self._runtime.reload()
        await self.settle()

    async def happen(self, *events: ChannelEvent) -> None:
        """Let these happen, and the bot react as far as it does at once."""
        self.channel.feed(*events)
        await self.settle()

    async def settle(self) -> None:
        while self._runtime is not None:
            await self.channel.delivered()
            before = len(self.channel.sent)
            await self.stage.settle()
            self._note_times()
            if len(self.channel.sent) == before:
                return

    async def pictures_are_here(self) -> None:
        """Return once the pictures that can be had were fetched, and what follows from them is done."""
        if self._runtime is not None:
            await self._runtime.pictures_are_here()
        await self.settle()

    async def move_to(self, moment: datetime) -> None:
        """Go to ``moment``, one due thing after the other."""
        while (due := self.clock.next_due()) is not None and due <= moment and self._runtime is not None:
            await self.stage.move_to(due)
            await self.settle()
        await self.stage.move_to(moment)
        await self.settle()

    def _note_times(self) -> None:
        new = len(self.channel.sent) - len(self._sent_at)
        self._sent_at.extend([self.clock.now()] * new)

    @property
    def sent(self) -> list[tuple[datetime, Message]]:
        """What the bot said, and when."""
        return [(at, message) for at, (message, _) in zip(self._sent_at, self.channel.sent, strict=True)]

    def count(self, name: str) -> int:
        """How often an interaction is in the log; ``slots_done`` (…) counts slots, ``failures`` those,
        ``pictures_shown`` the pictures that the bot sent."""
        if name == PICTURES:
            return sum(isinstance(effect, Picture) for effect in self.channel.done)
        if name == "failures":
            query = select(func.count()).select_from(failure)
        elif name in SLOT_COUNTS:
            query = select(func.count()).where(slot.c.state == SLOT_COUNTS[name])
        else:
            query = select(func.count()).where(interaction.c.name == name)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    async def close(self) -> None:
        await self.stop()
        self.engine.dispose()
        self._folder.cleanup()
