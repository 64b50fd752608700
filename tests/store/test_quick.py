"""What is built once gives the same by the driver as by SQLAlchemy, and fails the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Executable, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from bot import app
from bot.errors import StoreError
from bot.store.quick import Quick, once
from bot.store.session import count_up, insert_new, is_passing, one_of, update_by_id, upsert
from bot.store.tables import counter, interaction, run
from bot.store.transaction import Transaction
from bot.store.types import UtcTime
from bot.store.writer import Writer
from tests.builders import MONDAY_9
from tests.store.damage import spoil_pages

WORDS = "不要外传"
_OPENED = select(run).where(
    run.c.sop_id == bindparam("of"),
    run.c.scope.in_(("one", "two")),
    run.c.opened_at >= bindparam("since", type_=UtcTime),
    one_of(run.c.id, "ids"),
)
ASKED = {"of": "x", "since": MONDAY_9, "ids": [1, 2, 3, 4]}


def run_row(id: int, scope: str, opened_at: datetime, **more: object) -> dict[str, Any]:
    keys = {"id": id, "account": "test", "sop_id": "x", "sop_hash": "", "scope": scope, "occurrence": str(id)}
    rest = {"room_id": None, "identity_id": None, "state": {"说": ["番茄", None, id]}, "state_version": 1}
    return {**keys, **rest, "opened_at": opened_at, "listens_until": None, "closed_at": None, **more}


@pytest.fixture
def runs(tx: Transaction) -> Transaction:
    later = MONDAY_9 + timedelta(days=1)
    rows = [run_row(n, scope, later) for n, scope in enumerate(("one", "two", "three"), 1)]
    insert_new(tx.connection, run, [*rows, run_row(4, "one", MONDAY_9 - timedelta(days=1))])
    return tx


def by_sqlalchemy(tx: Transaction, statement: Executable, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    """A statement that nobody marked."""
    assert isinstance(tx.connection, Quick)
    return [tuple(row) for row in super(Quick, tx.connection).execute(statement, given)]


def test_rows_are_what_sqlalchemy_reads(runs: Transaction) -> None:
    quick = runs.connection.execute(once(_OPENED), ASKED).all()
    assert [tuple(row) for row in quick] == by_sqlalchemy(runs, _OPENED, ASKED)
    assert [row.id for row in quick] == [1, 2]
    assert quick[0].state == {"说": ["番茄", None, 1]}
    assert quick[0].opened_at == MONDAY_9 + timedelta(days=1)


@pytest.mark.parametrize("of", ["x", "nobody's"])
def test_a_result_is_asked_as_ever(runs: Transaction, of: str) -> None:
    statement = once(select(run.c.id, func.length(run.c.scope)).where(run.c.sop_id == bindparam("of")))
    other = select(run.c.id, func.length(run.c.scope)).where(run.c.sop_id == bindparam("of"))
    quick, slow = ((runs.connection, it, {"of": of}) for it in (statement, other))
    for ask in (
        lambda at, it, given: at.execute(it, given).first(),
        lambda at, it, given: at.execute(it, given).scalar(),
        lambda at, it, given: list(at.scalars(it, given)),
        lambda at, it, given: at.scalar(it, given),
        lambda at, it, given: list(at.execute(it, given)),
    ):
        assert ask(*quick) == ask(*slow)


def test_what_is_changed_is_counted(runs: Transaction) -> None:
    close = once(update(run).where(run.c.scope == bindparam("about")).values(closed_at=MONDAY_9))
    assert runs.connection.execute(close, {"about": "one"}).rowcount == 2
    assert runs.connection.execute(close, [{"about": "two"}, {"about": "three"}]).rowcount == 2
    update_by_id(runs.connection, run, 4, {"closed_at": None, "state": {}})
    rows = runs.connection.execute(select(run.c.closed_at, run.c.state).order_by(run.c.id)).all()
    assert [row.closed_at for row in rows] == [MONDAY_9] * 3 + [None]
    assert rows[-1].state == {}


def test_counters_and_upserts_give_what_is_there(tx: Transaction) -> None:
    assert [count_up(tx.connection, counter, {"scope": "a"}, "last", by=n) for n in (1, 1, 5)] == [1, 2, 7]
    for last in (3, 9):
        upsert(tx.connection, counter, [{"scope": "a", "last": last}, {"scope": "b", "last": 1}], ["scope"])
    assert {row.scope: row.last for row in tx.connection.execute(select(counter))} == {"a": 9, "b": 1}


def test_what_an_upsert_does_not_say_is_the_tables_default(tx: Transaction) -> None:
    row = {
        "id": 1,
        "source": "s",
        "source_id": "1",
        "name": "n",
        "occurred_at": MONDAY_9,
        "received_at": MONDAY_9,
    }
    upsert(tx.connection, interaction, [{**row, "props": {}}], ["id"])
    assert tx.connection.execute(select(interaction.c.text_len)).scalar() == 0


# --- failures ---


@pytest.fixture
def alone(sqlite_engine: Engine) -> Iterator[Transaction]:
    writer = Writer(sqlite_engine)
    with writer.transaction(MONDAY_9) as tx:
        yield tx
    writer.close()


def test_an_error_is_sqlalchemys_and_tells_no_words(alone: Transaction) -> None:
    again = once(insert(counter).values(scope=bindparam("words"), last=1))
    alone.connection.execute(again, {"words": WORDS})
    with pytest.raises(IntegrityError) as caught:
        alone.connection.execute(again, {"words": WORDS})
    assert WORDS not in str(caught.value)


def test_a_database_that_is_busy_passes(alone: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        def execute(self, _sql: str, _values: object) -> None:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorname = "SQLITE_BUSY"
            raise error

    monkeypatch.setattr(Quick, "_driver", Busy())
    with pytest.raises(OperationalError) as caught:
        alone.connection.execute(once(select(counter)))
    assert is_passing(caught.value)
    monkeypatch.undo()


def test_a_damaged_file_is_the_fault_of_no_step(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    engine = app.open_database(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(insert(counter), [{"scope": f"scope {n:04}", "last": n} for n in range(2_000)])
    engine.dispose()
    spoil_pages(path)
    every = once(select(counter.c.scope, counter.c.last).order_by(counter.c.last))
    with pytest.raises(StoreError, match="坏了"), Writer(engine).transaction(MONDAY_9) as tx:
        tx.connection.execute(every)


def test_outside_of_a_transaction_nothing_is_quick(sqlite_engine: Engine) -> None:
    with Quick(sqlite_engine) as connection:
        connection.execute(once(insert(counter).values(scope="a", last=1)))
        connection.commit()
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(counter.c.last)).scalar() == 1
