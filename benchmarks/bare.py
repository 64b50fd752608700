"""What the pipeline is compared with: the same rows, written without it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, insert, select

from benchmarks.world import as_in_bot_run
from bot import app
from bot.runtime import BATCH
from bot.store.tables import interaction, outgoing, texts

Rows = Mapping[Table, Sequence[dict[str, Any]]]
TABLES = (interaction, texts, outgoing)


def rows_after(engine: Engine, last: int) -> Rows:
    """What was written with ids greater than ``last``."""
    with engine.connect() as connection:
        found = {t: connection.execute(select(t).where(t.c.id > last).order_by(t.c.id)) for t in TABLES}
        return {table: [dict(row._mapping) for row in result] for table, result in found.items()}


def group_commit(url: str, rows: Rows, messages: int) -> float:
    """Seconds for ``rows`` through SQLAlchemy Core, in as many commits as batches of ``messages`` need."""
    engine = app.open_database(url)
    commits = -(-messages // BATCH)
    as_in_bot_run()
    began = time.perf_counter()
    for n in range(commits):
        with engine.begin() as connection:
            for table, all_rows in rows.items():
                part = all_rows[len(all_rows) * n // commits : len(all_rows) * (n + 1) // commits]
                connection.execute(insert(table), part)
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def executemany(database: Path, written: Path) -> float:
    """Seconds for all rows of the database ``written`` through ``sqlite3`` itself, in one commit."""
    app.open_database(f"sqlite:///{database}").dispose()
    source, target = sqlite3.connect(written), sqlite3.connect(database)
    target.execute("PRAGMA synchronous=FULL")
    rows = {table.name: source.execute(f"SELECT * FROM {table.name}").fetchall() for table in TABLES}
    as_in_bot_run()
    began = time.perf_counter()
    for name, part in rows.items():
        target.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(part[0]))})", part)
    target.commit()
    seconds = time.perf_counter() - began
    source.close()
    target.close()
    return seconds
