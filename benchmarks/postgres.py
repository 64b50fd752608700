"""The same as ``throughput`` on a real PostgreSQL, as durable as it comes."""

from __future__ import annotations

from pathlib import Path

from benchmarks import bare
from benchmarks.results import Result, ratios
from benchmarks.throughput import MANY, MESSAGES, take
from benchmarks.world import Answered, messages, open_world, sops
from bot.sop.loader import SopSet
from tests.postgres import Server, server


def measure(folder: Path, rounds: int) -> list[Result]:
    """Pipeline and bare insert in turns, each on a new database; the first round warms up."""
    sop_set = sops(folder, MANY)
    with server(durable=True) as postgres:
        found = [_round(postgres, sop_set) for _ in range(rounds + 1)][1:]
    seconds, bare_seconds = zip(*found, strict=True)
    return [
        Result(f"PostgreSQL, messages, {MANY:,} SOPs", "/s", [MESSAGES / value for value in seconds], 8_000),
        Result("PostgreSQL, bare group commit", "/s", [MESSAGES / value for value in bare_seconds]),
        Result("PostgreSQL ÷ bare group commit", "", ratios(bare_seconds, seconds)),
    ]


def _round(postgres: Server, sop_set: SopSet) -> tuple[float, float]:
    world = open_world(postgres.new_database(), sop_set)
    seconds, rows = take(world, messages(MESSAGES, MANY, Answered.HASHTAG))
    bare_seconds = bare.group_commit(postgres.new_database(), rows, MESSAGES)
    postgres.drop_databases()
    return seconds, bare_seconds
