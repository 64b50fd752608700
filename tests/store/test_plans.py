"""What is asked again and again must not grow with all that was ever said, sent and shown."""

from __future__ import annotations

import importlib
import pkgutil

import bot
from bot.store import quick, session
from bot.store.tables import metadata

GROW = ("interaction", "text", "outgoing", "media")
LATEST = "ORDER BY media.id DESC LIMIT"
"""So many at most."""
OPEN = "SCAN outgoing USING INDEX ix_outgoing_open"
"""Of what was not settled yet, which does not grow."""


def test_no_statement_that_is_built_once_reads_the_whole_of_a_table_that_grows() -> None:
    _import_all()
    engine = session.open_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        for statement in quick._ONCE:
            sql = " ".join(quick._prepare(engine.dialect, statement).sql.split())
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple("?" * sql.count("?")))
            steps = [step for _, _, _, step in plan]
            assert LATEST in sql or not any(map(_reads_all, steps)), (sql, steps)


def _import_all() -> None:
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if "migrations" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)


def _reads_all(step: str) -> bool:
    if step == OPEN:
        return False
    whole = (f"SEARCH {table}" == step or f"{step} ".startswith(f"SCAN {table} ") for table in GROW)
    return any(whole)
