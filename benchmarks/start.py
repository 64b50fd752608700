"""How long the bot takes to start, and how much memory, when a million interactions are on record."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.results import Result
from benchmarks.world import open_world, sops, sqlite

INTERACTIONS = 1_000_000
_ROOT = Path(__file__).parents[1]
_COPY = """
WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ?)
INSERT INTO interaction (id, source, source_id, name, schema_version, occurred_at, received_at, identity_id,
    actor_role, room_id, channel, initiated_by, text_len, media_count, props, is_test)
SELECT 1000000000 + n, source, 'copy-' || n, name, schema_version, occurred_at - n, received_at - n,
    identity_id, actor_role, room_id, channel, initiated_by, text_len, media_count, props, is_test
FROM copy CROSS JOIN (SELECT * FROM interaction WHERE name = 'message_posted' LIMIT 1)
"""


def measure(folder: Path, rounds: int) -> list[Result]:
    """From the call of ``python`` to the end of the runtime's start, in a process of its own each."""
    database = folder / "million.db"
    world = open_world(sqlite(database), sops(folder, 20))
    world.writer.close()
    world.writer.engine.dispose()
    with sqlite3.connect(database) as connection:
        connection.execute(_COPY, [INTERACTIONS])
    connection.close()
    found = [_start(folder, database) for _ in range(rounds)]
    return [
        Result("start with 1 M interactions", "s", [seconds for seconds, _ in found], 1.5, at_most=True),
        Result("memory with 1 M interactions", "MB", [memory for _, memory in found], 150, at_most=True),
    ]


def _start(folder: Path, database: Path) -> tuple[float, float]:
    began = time.time()
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "benchmarks.starter", str(folder), str(database)]
    said = subprocess.run(command, env=environment, cwd=_ROOT, capture_output=True, text=True, check=True)
    told = json.loads(said.stdout)
    return told["started_at"] - began, told["megabytes"]
