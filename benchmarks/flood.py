"""10,000 messages at once through the real gateway, beside a bare reader that fetches each and keeps none."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio import TaskGroup
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

from sqlalchemy import Engine, select

from benchmarks.results import Result, ratios
from benchmarks.world import ACCOUNT, KEYS, sops, sqlite
from bot import app
from bot.channels.base import Deliver
from bot.channels.wechaty import WechatyChannel
from bot.channels.wechaty.decode import EventType
from bot.channels.wechaty.link import FETCHES
from bot.channels.wechaty.wire import Response, Wire, parse_endpoint
from bot.clock import SystemClock
from bot.events import ChannelEvent, Chat, LinkUp, MessageReceived
from bot.outbox.pace import OFF
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import interaction, texts
from bot.store.writer import Writer
from tests.gateway.gateway import ROOM, TOKEN, Gateway, install

SPEAKERS, EACH = 50, 200
MESSAGES = [f"{speaker}号第{n}" for speaker in range(SPEAKERS) for n in range(EACH)]
_SOPS = 100
_PATIENCE = 120.0


def measure(folder: Path, rounds: int) -> list[Result]:
    install()
    return asyncio.run(_measure(folder, rounds))


async def _measure(folder: Path, rounds: int) -> list[Result]:
    """Bare reader and bot in turns, on one gateway; the first round warms it up."""
    sop_set = sops(folder, _SOPS)
    gateway = Gateway()
    await gateway.start()
    try:
        await gateway.join(*map(_speaker, range(SPEAKERS)))
        bare, whole = [], []
        for n in range(rounds + 1):
            bare.append(await _bare(gateway))
            whole.append(await _whole(gateway, folder / f"flood-{n}.db", sop_set))
    finally:
        gateway.kill()
    return _results(bare[1:], whole[1:])


def _results(bare: list[float], whole: list[float]) -> list[Result]:
    return [
        Result("flood, bare reader", "/s", [len(MESSAGES) / seconds for seconds in bare]),
        Result("flood, recorded", "/s", [len(MESSAGES) / seconds for seconds in whole]),
        Result("flood, recorded ÷ bare reader", "", ratios(bare, whole), 0.8),
    ]


def _speaker(number: int) -> str:
    return f"speaker-{number}"


async def _flood(gateway: Gateway) -> None:
    for number in range(SPEAKERS):
        who = {"from": _speaker(number)}
        await gateway.ask("burst", **who, room=ROOM, text=f"{number}号第", count=EACH)


# --- the bare reader ---


async def _bare(gateway: Gateway) -> float:
    """Seconds until the last payload is here."""
    wire = Wire(parse_endpoint(gateway.endpoint, allow_insecure=False), TOKEN, send_timeout=30)
    try:
        async with aclosing(wire.events()) as responses, asyncio.timeout(_PATIENCE):
            await anext(responses)  # the greeting
            began = time.perf_counter()
            async with TaskGroup() as tasks:
                tasks.create_task(_flood(gateway))
                await _fetch_all(wire, responses, tasks)
            return time.perf_counter() - began
    finally:
        wire.close()
        await _is_left(gateway)


async def _fetch_all(wire: Wire, responses: AsyncIterator[Response], tasks: TaskGroup) -> None:
    slots, left = asyncio.Semaphore(FETCHES), len(MESSAGES)
    while left:
        response = await anext(responses)
        if response.type == EventType.MESSAGE:
            await slots.acquire()
            fetching = tasks.create_task(wire.message(json.loads(response.payload)["messageId"]))
            fetching.add_done_callback(lambda _: slots.release())
            left -= 1


async def _is_left(gateway: Gateway) -> None:
    """Wait until the gateway takes another client."""
    async with asyncio.timeout(_PATIENCE):
        while (await gateway.ask("state"))["connected"]:
            pass


# --- the bot ---


class CountingChannel(WechatyChannel):
    """Tells when the link is up, and when the last message was delivered."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway.endpoint, TOKEN, account=ACCOUNT)
        self.up, self.all_here = asyncio.Event(), asyncio.Event()
        self._left = len(MESSAGES)

    async def run(self, deliver: Deliver) -> None:
        async def count(event: ChannelEvent) -> None:
            await deliver(event)
            self._count(event)

        await super().run(count)

    def _count(self, event: ChannelEvent) -> None:
        if isinstance(event, LinkUp):
            self.up.set()
        self._left -= isinstance(event, MessageReceived)
        if not self._left:
            self.all_here.set()


async def _whole(gateway: Gateway, database: Path, sop_set: SopSet) -> float:
    """Seconds until the last message is committed; each is there once, and in order."""
    writer, channel, clock = (
        Writer(app.open_database(sqlite(database))),
        CountingChannel(gateway),
        SystemClock(),
    )
    runtime = app.build_runtime(sop_set, channel, writer, clock, account=ACCOUNT, pace=OFF, status=Status())
    with writer.transaction(clock.now()) as tx:
        app.furnish(tx, runtime.pipeline, {KEYS[0]: Chat(ROOM)}, [])
    running = asyncio.create_task(runtime.run())
    async with asyncio.timeout(_PATIENCE), TaskGroup() as tasks:
        await channel.up.wait()
        began = time.perf_counter()
        tasks.create_task(_flood(gateway))
        await channel.all_here.wait()
        await runtime.settle()
        seconds = time.perf_counter() - began
    runtime.stop()
    await running
    assert _recorded(writer.engine) == MESSAGES, "each once, in order"
    writer.close()
    writer.engine.dispose()
    await _is_left(gateway)
    return seconds


def _recorded(engine: Engine) -> list[str]:
    query = select(texts.c.body).join(interaction, interaction.c.text_id == texts.c.id)
    with engine.connect() as connection:
        return list(connection.scalars(query.order_by(interaction.c.id)))
