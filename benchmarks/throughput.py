"""How many messages a second are recorded, matched and answered, beside a bare insert of the same rows."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from benchmarks import bare
from benchmarks.results import Result, ratios
from benchmarks.world import (
    ANSWERED_EVERY,
    NOW,
    Answered,
    World,
    as_in_bot_run,
    messages,
    open_world,
    sops,
    sqlite,
)
from bot.events import MessageReceived
from bot.sop.loader import SopSet

MESSAGES = 20_000
FEW, MANY = 10, 1_000
Seconds = dict[str, list[float]]


def measure(folder: Path, rounds: int) -> list[Result]:
    """Interleaved rounds, each on new databases; ratios are of one round."""
    sets = {count: sops(folder, count) for count in (FEW, MANY)}
    seconds: Seconds = defaultdict(list)
    for n in range(rounds + 1):
        took = _round(folder / f"round-{n}", sets)
        for name, value in took.items() if n else ():  # the first one warms up
            seconds[name].append(value)
    return _results(seconds)


def _round(folder: Path, sets: Mapping[int, SopSet]) -> dict[str, float]:
    folder.mkdir()
    took = {}
    for name, count, answered in (
        ("few", FEW, Answered.HASHTAG),
        ("many", MANY, Answered.HASHTAG),
        ("commands", MANY, Answered.COMMAND),
    ):
        world = open_world(sqlite(folder / f"{name}.db"), sets[count])
        took[name], rows = take(world, messages(MESSAGES, count, answered))
        took[f"{name} bare"] = bare.group_commit(sqlite(folder / f"{name}-bare.db"), rows, MESSAGES)
        took[f"{name} raw"] = bare.executemany(folder / f"{name}-raw.db", folder / f"{name}-bare.db")
    for path in folder.iterdir():
        path.unlink()
    return took


def take(world: World, talk: list[MessageReceived]) -> tuple[float, bare.Rows]:
    """Seconds for ``talk``, and the rows that were written of it."""
    with world.writer.transaction(NOW) as tx:
        last = tx.new_id()
    as_in_bot_run()
    began = time.perf_counter()
    world.take(talk)
    seconds = time.perf_counter() - began
    rows = bare.rows_after(world.writer.engine, last)
    world.writer.close()
    world.writer.engine.dispose()
    counts = {table.name: len(part) for table, part in rows.items()}
    assert (counts["interaction"], counts["outgoing"]) == (len(talk), len(talk) // ANSWERED_EVERY), counts
    return seconds, rows


def _results(seconds: Seconds) -> list[Result]:
    few, many, commands = (seconds[name] for name in ("few", "many", "commands"))
    return [
        Result(f"messages, {FEW:,} SOPs", "/s", _rates(few)),
        Result(f"messages, {MANY:,} SOPs", "/s", _rates(many), 20_000),
        Result("messages, answers to commands", "/s", _rates(commands), 20_000),
        Result("bare group commit", "/s", _rates(seconds["many bare"])),
        Result("÷ bare group commit", "", ratios(seconds["many bare"], many), 0.6),
        Result("÷ bare, answers to commands", "", ratios(seconds["commands bare"], commands), 0.6),
        Result("bare ÷ raw executemany", "", ratios(seconds["many raw"], seconds["many bare"]), 0.25),
        Result(f"time, {MANY:,} ÷ {FEW:,} SOPs", "", ratios(many, few), 1.15, at_most=True),
    ]


def _rates(seconds: list[float]) -> list[float]:
    return [MESSAGES / value for value in seconds]
