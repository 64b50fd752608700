"""How soon a saved file is live where there are many, and how long a member waits for an answer meanwhile."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import shutil
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from benchmarks.results import Result
from benchmarks.world import ACCOUNT, NOW
from bot import app
from bot.channels.base import Effect
from bot.channels.fake import FakeChannel
from bot.clock import VirtualClock
from bot.events import Chat, Person
from bot.outbox.pace import OFF
from bot.runtime import Runtime
from bot.sop.kinds import collect
from bot.sop.loader import Loader
from bot.status import Status
from bot.store.writer import Writer
from bot.watch import watch

FILES = 500
SAVES = 3
"""Of each of the files, in a round."""
EVERY = 0.02
"""Seconds from one question to the next, whether the one before is answered or not."""
AT_REST = 1.0
"""Seconds between the saves."""
STEP, PATIENCE = 0.002, 5_000
"""Seconds between two looks at whether it is live, and how many there are."""
ASKED = "#话题# 今天做了番茄牛腩"
_ROOT = Path(__file__).parents[1]
_KINDS = Path(__file__).parent / "kinds"
_ANSWERING = "sop: answering\nid: answering\nname: 回话\ntag: 话题\n"
_ROOM = "会员0群"


class AskedChannel(FakeChannel):
    """Notes how long each question waits for its answer: they are answered in their order."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self._asked: deque[float] = deque()
        self.waited: list[float] = []

    def ask(self) -> None:
        self._asked.append(time.perf_counter())
        self.say(ASKED, Person("person", "会员"), Chat(_ROOM, _ROOM))

    async def send(self, effect: Effect) -> str | None:
        self.waited.append((time.perf_counter() - self._asked.popleft()) * 1_000)
        return await super().send(effect)


@dataclass(slots=True)
class Round:
    """Seconds until each save was in force; milliseconds that each question waited, at rest and meanwhile."""

    live: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    at_rest: list[float] = field(default_factory=list)


def measure(folder: Path, rounds: int) -> list[Result]:
    logging.disable(logging.CRITICAL)
    try:
        found = [asyncio.run(_round(_files(folder / str(n)))) for n in range(rounds)]
    finally:
        logging.disable(logging.NOTSET)
        gc.unfreeze()
    live, meanwhile, at_rest = ([max(getattr(it, name)) for it in found] for name in Round.__slots__)
    return [
        Result(f"saved → live, {FILES} files, the slowest", "s", live, 0.5, at_most=True),
        Result("answer meanwhile, the slowest", "ms", meanwhile, 100, at_most=True),
        Result("answer when nothing is saved, the slowest", "ms", at_rest),
    ]


def _files(folder: Path) -> Path:
    """The house's own folder with its SOPs again and again, each time in another room."""
    (folder / "sops").mkdir(parents=True)
    shutil.copytree(_ROOT / "templates", folder / "templates")
    (folder / "templates" / "answer.j2").write_text("{{ name }}，收到你的话题了。", "utf-8")
    (folder / "sops" / "answering.yaml").write_text(_ANSWERING, "utf-8")
    ours = {path.name: path.read_text("utf-8") for path in (_ROOT / "sops").glob("*.yaml")}
    community = ours.pop("community.yaml")
    (folder / "sops" / "scoring.yaml").write_text(ours.pop("scoring.yaml"), "utf-8")
    copies = FILES // len(ours) + 1
    for n, (name, text) in list(product(range(copies), ours.items()))[:FILES]:
        text = text.replace("rooms: 会员群", f"rooms: 会员{n}群").replace("room: 会员群", f"room: 会员{n}群")
        text = re.sub(r"^id: (\S+)", rf"id: \1-{n}", text, flags=re.MULTILINE)
        (folder / "sops" / f"{n}-{name}").write_text(text, "utf-8")
    rooms = ", ".join(f"会员{n}群" for n in range(copies))
    community = community.replace("会员1群, 会员2群, 会员3群", rooms)
    (folder / "sops" / "community.yaml").write_text(community, "utf-8")
    return folder


async def _round(folder: Path) -> Round:
    found = Round()
    async with _running(folder) as (runtime, channel):
        await asyncio.sleep(AT_REST)
        found.at_rest = _taken(channel)
        for n in range(SAVES):
            for path in _often_saved(folder):
                _append(path, f"\n# {n}")
                found.live.append(await _another(runtime))
                await asyncio.sleep(AT_REST)
                found.meanwhile += _taken(channel)
    return found


def _often_saved(folder: Path) -> list[Path]:
    sops, templates = folder / "sops", folder / "templates"
    story = next((templates / "shelves" / "溯源故事").glob("*.md"))
    return [sops / "7-monday-origin.yaml", sops / "community.yaml", templates / "origin_story.j2", story]


def _append(path: Path, more: str) -> None:
    path.write_text(path.read_text("utf-8") + more, "utf-8")


async def _another(runtime: Runtime) -> float:
    """Seconds until the bot goes by another set than now."""
    before, began = runtime.pipeline, time.perf_counter()
    for _ in range(PATIENCE):
        await asyncio.sleep(STEP)
        if runtime.pipeline is not before:
            return time.perf_counter() - began
    raise TimeoutError("nothing was reloaded")


def _taken(channel: AskedChannel) -> list[float]:
    waited, channel.waited = channel.waited, []
    return waited


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[tuple[Runtime, AskedChannel]]:
    """The real runtime with its threads and its watch, asked all the time; only the clock stands still."""
    read = Loader(folder / "sops", folder / "templates", collect(_KINDS))
    sops, channel = app.needed(read()), AskedChannel()
    writer = Writer(app.open_database(f"sqlite:///{folder / 'bot.db'}"))
    runtime = app.build_runtime(
        sops, channel, writer, VirtualClock(NOW), account=ACCOUNT, pace=OFF, status=Status(), load=read
    )
    with writer.transaction(NOW) as tx:
        chats = {key: Chat(key, key) for key in sops.community.rooms}
        app.furnish(tx, runtime.pipeline, chats, [])
    gc.freeze()  # as bot run does
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(runtime.run())
        await runtime.started.wait()
        beside = [
            tasks.create_task(watch([folder / "sops", folder / "templates"], runtime.reload)),
            tasks.create_task(_ask(channel)),
        ]
        yield runtime, channel
        for task in beside:
            task.cancel()
        runtime.stop()
        await running
    writer.close()


async def _ask(channel: AskedChannel) -> None:
    while True:
        channel.ask()
        await asyncio.sleep(EVERY)
