"""``bot run`` up to its start, on a channel without a platform; tells when it was ready, and its size."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from benchmarks.world import ACCOUNT
from bot import app
from bot.channels.fake import FakeChannel
from bot.clock import SystemClock
from bot.outbox.pace import OFF
from bot.sop.kinds import collect
from bot.sop.loader import load
from bot.status import Status
from bot.store.writer import Writer


async def _start(folder: Path, database: Path) -> None:
    loaded = load(folder / "sops-20", folder / "templates-20", collect(Path(__file__).parent / "kinds"))
    clock = SystemClock()
    writer = Writer(app.open_database(f"sqlite:///{database}"))
    channel = FakeChannel(clock.now)
    runtime = app.build_runtime(
        app.needed(loaded), channel, writer, clock, account=ACCOUNT, pace=OFF, status=Status()
    )
    running = asyncio.create_task(runtime.run())
    await runtime.started.wait()
    print(json.dumps({"started_at": time.time(), "megabytes": _most_memory()}))
    runtime.stop()
    await running
    writer.close()


def _most_memory() -> float:
    """The peak of this process alone, in MB; ``getrusage`` would count what it was forked from, too."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    asyncio.run(_start(Path(sys.argv[1]), Path(sys.argv[2])))
