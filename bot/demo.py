"""``bot demo``: a group in the terminal, with a database and a clock of its own."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
from datetime import datetime
from pathlib import Path

from bot import app
from bot.channels.console import ROOM_ID, Cast
from bot.clock import VirtualClock
from bot.commands import rooms
from bot.config import Settings
from bot.events import Chat
from bot.outbox.pace import Pace
from bot.pipeline import Pipeline
from bot.runtime import Runtime
from bot.sop.command import Foresee
from bot.stage import Stage
from bot.status import Status
from bot.store import keys
from bot.store.owner import owning
from bot.store.writer import Writer

DATABASE = Path("data/demo.db")
URL = f"sqlite:///{DATABASE}"
MEDIA = Path("data/demo-media")
FILES = Path("data/demo-rights")
ACCOUNT = "demo"
BEGINS = "2026-11-30 09:00"


async def run(settings: Settings, foresee: Foresee | None = None) -> None:
    """From the start, whatever an earlier demo left; until the end of input."""
    with owning(URL, ACCOUNT):
        await _run(settings, foresee)


async def _run(settings: Settings, foresee: Foresee | None) -> None:
    load = app.sops_loader(settings)
    sop_set = app.needed(load())
    app.tell_left_out(sop_set)
    zone = sop_set.community.zone
    clock = VirtualClock(datetime.fromisoformat(BEGINS).replace(tzinfo=zone))
    _remove(DATABASE)
    for folder in (MEDIA, FILES):
        shutil.rmtree(folder, ignore_errors=True)
    writer = Writer(app.open_database(URL))
    stage = Stage(clock, zone)
    channel = app.console(stage, sop_set)
    status = Status()
    runtime = app.build_runtime(
        sop_set,
        channel,
        writer,
        clock,
        account=ACCOUNT,
        pace=Pace(),
        status=status,
        media=MEDIA,
        foresee=foresee,
        load=load,
        phone_key=secrets.token_bytes(keys.BYTES),
        files=FILES,
    )
    stage.attach(runtime)
    try:
        await writer.run(lambda: _open(writer, clock.now(), runtime.pipeline))
        async with app.watched(settings, runtime):
            await _play(runtime, stage)
    finally:
        writer.close()
        writer.engine.dispose()


async def _play(runtime: Runtime, stage: Stage) -> None:
    """In a terminal the demo's time goes on by itself; in a pipe it stands still."""
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    running_on = asyncio.create_task(stage.run_on()) if in_terminal else None
    try:
        with app.stopped_by_signals(runtime):
            await runtime.run()
    finally:
        if running_on is not None:
            running_on.cancel()


def _open(writer: Writer, now: datetime, pipeline: Pipeline) -> None:
    """The demo's start: the group is enabled, and whoever sits at the keyboard is an admin."""
    sops, account = pipeline.desk.sops, pipeline.desk.account
    key, chat = sops.community.rooms[0], Chat(ROOM_ID, app.room_title(sops))
    with writer.transaction(now) as tx:
        room = app.furnish(tx, pipeline, {key: chat}, [Cast().first])[key]
        rooms.post_privacy_notice(tx, sops, account, room, None)


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
