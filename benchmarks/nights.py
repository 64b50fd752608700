"""What the figures of a large community cost: a night, all of the log by other rules, a report, 我的.

``python -m benchmarks.nights 10000000`` measures once with so many interactions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.results import Result, table
from benchmarks.world import ACCOUNT, NOW, Answered, World, messages, open_world, sops, sqlite
from benchmarks.year import DAY, MEMBERS, write_people, write_talk
from bot.channels.fake import FakeChannel
from bot.clock import VirtualClock
from bot.events import MessageReceived, Person
from bot.outbox.pace import OFF
from bot.reporting import making
from bot.reporting.asked import Asked, Terms
from bot.runtime import Runtime
from bot.sop.loader import SopSet
from bot.store.transaction import Errand

INTERACTIONS = 1_000_000
NEW = 100_000
"""What a night finds new."""
MOST_ROUNDS = 3
"""Each takes a minute and more."""
TALK = 40_000
_ROOT = Path(__file__).parents[1]
_TOMORROW = NOW + timedelta(days=1)


def measure(folder: Path, rounds: int) -> list[Result]:
    """Each round a new database, and a process of its own."""
    found = [_apart(folder / f"year-{n}", INTERACTIONS) for n in range(min(rounds, MOST_ROUNDS))]
    return _results(found, INTERACTIONS, goal=6)


def _results(found: list[dict[str, float]], rows: int, goal: float) -> list[Result]:
    def of(name: str) -> list[float]:
        return [one[name] for one in found]

    label = f"{rows // 1_000_000} M"
    return [
        Result(f"{label} interactions: all days, levels, report", "s", of("all"), goal, at_most=True),
        Result("… of that the report of a month", "s", of("report")),
        Result("… memory of both processes", "MB", of("megabytes"), 1_000, at_most=True),
        Result(f"night after {NEW:,} new interactions", "s", of("night"), 1, at_most=True),
        Result(f"我的 with {label} on record", "ms", of("mine"), 20, at_most=True),
        Result("messages during a recompute ÷ without", "", of("rate"), 0.8),
    ]


def _apart(folder: Path, rows: int) -> dict[str, float]:
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.nights", str(rows), "--folder", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    said = subprocess.run(command, env=environment, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for path in folder.glob("*.db*"):
        path.unlink()
    found: dict[str, float] = json.loads(said.stdout)
    return found


@dataclass(slots=True)
class _Nights:
    """A community with a year behind it, and its nights one after the other."""

    world: World
    sops: SopSet

    def night(self, now: datetime) -> float:
        """Seconds of a whole night, as the runtime does it with nothing else to do."""
        began = time.perf_counter()
        waiting = self._begin(now)
        while waiting:
            errand = waiting.pop(0)
            waiting += self._settle(errand, errand.do(), now)
        return time.perf_counter() - began

    def _begin(self, now: datetime) -> list[Errand[Any]]:
        with self.world.writer.transaction(now) as tx:
            self.world.pipeline.nightly.tick(tx)
            assert tx.errands, "a night is due"
            return tx.errands

    def _settle(self, errand: Errand[Any], found: object, now: datetime) -> list[Errand[Any]]:
        with self.world.writer.transaction(now) as tx:
            errand.then(tx, found)
            return tx.errands

    def report(self) -> float:
        asked = Asked((NOW - timedelta(days=30)).date(), (NOW - timedelta(days=1)).date())

        def read() -> None:
            with self.world.writer.reader() as connection:
                assert making.make(connection, Terms.of(self.sops), asked, NOW.date()).lines

        return _seconds(read)

    def mine(self) -> float:
        """Milliseconds from 我的 in private to the commit of its answer, the least of many."""
        took = [_seconds(lambda n=n: self.world.take([_asks(n)])) for n in range(20)]  # type: ignore[misc]
        return min(took) * 1000

    def rate(self, now: datetime) -> float:
        """Messages a second while a night is worked out, by the messages a second when none is."""
        return asyncio.run(self._rate(now))

    async def _rate(self, now: datetime) -> float:
        """``now`` the next night begins, and not before."""
        clock, pipeline = VirtualClock(now - timedelta(days=1)), self.world.pipeline
        runtime = Runtime(account=ACCOUNT, channel=FakeChannel(clock.now), pipeline=pipeline,
                          writer=self.world.writer, clock=clock, pace=OFF)  # fmt: skip
        running = asyncio.create_task(runtime.run())
        await runtime.started.wait()
        alone = await _talk(runtime, 0)
        clock.move(now)
        await runtime.ask_core(pipeline.nightly.tick)
        during = await _talk(runtime, TALK)
        runtime.stop()
        await running
        return alone / during


async def _talk(runtime: Runtime, first: int) -> float:
    """Seconds until so many messages are recorded, and one in twenty answered."""
    talk = [replace(it, id=f"rate-{it.id}") for it in messages(TALK, 10, Answered.HASHTAG, first)]
    began = time.perf_counter()
    for event in talk:
        await runtime.deliver(event)
    await runtime.ask_core(lambda tx: None)
    return time.perf_counter() - began


def _asks(n: int) -> MessageReceived:
    who = Person(f"year-{n * 7919 % MEMBERS}", "")
    return MessageReceived(f"mine-{n}", who, NOW, chat=None, text="/我的")


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _once(folder: Path, rows: int) -> dict[str, float]:
    sop_set = sops(folder, 10)
    database = folder / "year.db"
    world = open_world(sqlite(database), sop_set)
    world.writer.apart = True
    write_people(database)
    for first in range(0, rows, INTERACTIONS):
        write_talk(database, first, first + INTERACTIONS)
    nights = _Nights(world, sop_set)
    _by_other_rules(world)
    whole, reported = nights.night(_TOMORROW), nights.report()
    for reader in multiprocessing.active_children():
        reader.join()
    megabytes = _megabytes(resource.RUSAGE_SELF) + _megabytes(resource.RUSAGE_CHILDREN)
    write_talk(database, rows, rows + NEW, span=DAY)
    _go_on(world)
    night = nights.night(_TOMORROW + timedelta(days=1))
    found = {"all": whole + reported, "report": reported, "night": night, "megabytes": megabytes}
    found["mine"] = nights.mine()
    _by_other_rules(world)
    found["rate"] = nights.rate(_TOMORROW + timedelta(days=2))
    world.writer.close()
    world.writer.engine.dispose()
    return found


def _megabytes(who: int) -> float:
    """The peak; of children that of the largest."""
    return resource.getrusage(who).ru_maxrss / 1024


def _by_other_rules(world: World) -> None:
    """The next night reads all of the log."""
    _go_on(world)
    with world.writer.transaction(NOW) as tx:
        tx.connection.exec_driver_sql("UPDATE progress SET rules = 'others'")


def _go_on(world: World) -> None:
    """Give ids behind those of the rows that were written past the program."""
    with world.writer.transaction(NOW) as tx:
        tx.ids.forget()


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.nights", description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=INTERACTIONS)
    parser.add_argument("--folder", type=Path, help="measure here, and print JSON")
    given = parser.parse_args()
    if given.folder is not None:
        print(json.dumps(_once(given.folder, given.rows)))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = _apart(Path(folder) / "year", given.rows)
    print(table(_results([found], given.rows, goal=6 * given.rows / INTERACTIONS)))


if __name__ == "__main__":
    main()
