"""How long a member waits for an answer when nothing else happens: event in → message at the channel."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import quantiles

from benchmarks.results import Result
from benchmarks.world import ACCOUNT, ANSWERED_EVERY, NOW, Answered, World, messages, open_world, sops, sqlite
from bot.channels.base import Effect
from bot.channels.fake import FakeChannel
from bot.clock import VirtualClock
from bot.events import MessageReceived
from bot.outbox.pace import OFF
from bot.runtime import Runtime

ANSWERS = 500
_SOPS = 100


class TimedChannel(FakeChannel):
    """Notes when something is sent."""

    sent_at = 0.0

    async def send(self, effect: Effect) -> str | None:
        self.sent_at = time.perf_counter()
        return await super().send(effect)


def measure(folder: Path, rounds: int) -> list[Result]:
    """The real runtime with its threads; only the clock stands still."""
    sop_set = sops(folder, _SOPS)
    worlds = (open_world(sqlite(folder / f"latency-{n}.db"), sop_set) for n in range(rounds))
    found = [asyncio.run(_round(world)) for world in worlds]
    return [
        Result("idle, event in → sent, p50", "ms", [p50 for p50, _ in found], 3, at_most=True),
        Result("idle, event in → sent, p99", "ms", [p99 for _, p99 in found], 15, at_most=True),
    ]


async def _round(world: World) -> tuple[float, float]:
    clock = VirtualClock(NOW)
    channel = TimedChannel(clock.now)
    runtime = Runtime(account=ACCOUNT, channel=channel, pipeline=world.pipeline, writer=world.writer,
                      clock=clock, pace=OFF)  # fmt: skip
    running = asyncio.create_task(runtime.run())
    await runtime.started.wait()
    await runtime.settle()
    talk = messages(ANSWERS * ANSWERED_EVERY, _SOPS, Answered.HASHTAG)[::ANSWERED_EVERY]
    taken = [await _answer(runtime, channel, event) for event in talk]
    runtime.stop()
    await running
    world.writer.close()
    percentiles = quantiles(taken, n=100)
    return percentiles[49], percentiles[98]


async def _answer(runtime: Runtime, channel: TimedChannel, event: MessageReceived) -> float:
    """Milliseconds until ``event`` is answered."""
    before = len(channel.sent)
    began = time.perf_counter()
    channel.feed(event)
    await channel.delivered()
    await runtime.settle()
    await channel.delivered()  # the echo of what was sent
    await runtime.settle()
    assert len(channel.sent) == before + 1, "an answer each"
    return (channel.sent_at - began) * 1_000
