from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from bot.store import failures, session
from bot.store.tables import counter, failure, metadata
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, Boom, failing, rows
from tests.postgres import Server


def count_one(tx: Transaction) -> None:
    tx.connection.execute(insert(counter).values(scope="one", last=1))


def counted(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(rows(connection, counter))


def checked_out(engine: Engine) -> int:
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


def test_a_transaction_is_committed_at_its_end(writer: Writer, engine: Engine) -> None:
    with writer.transaction(MONDAY_9) as tx:
        assert tx.now == MONDAY_9
        count_one(tx)
    assert counted(engine) == 1


def test_an_error_undoes_all_of_a_transaction(writer: Writer, engine: Engine) -> None:
    with pytest.raises(Boom), writer.transaction(MONDAY_9) as tx, failing():
        count_one(tx)
    assert counted(engine) == 0


def test_a_writer_goes_on_after_an_error(writer: Writer, engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writer.transaction(MONDAY_9):
        raise ZeroDivisionError
    with writer.transaction(MONDAY_9) as tx:
        count_one(tx)
    assert counted(engine) == 1


def test_what_a_transaction_asks_to_be_woken_is_asked_anew_each_time(writer: Writer) -> None:
    with writer.transaction(MONDAY_9) as tx:
        assert (tx.queued, tx.rescheduled, tx.listening) == (False, False, set())
        tx.queued = tx.rescheduled = True
        tx.listening.add(1)
    with writer.transaction(MONDAY_9) as tx:
        assert (tx.queued, tx.rescheduled, tx.listening) == (False, False, set())


async def test_all_work_is_done_on_one_thread_of_its_own(writer: Writer) -> None:
    threads = {await writer.run(threading.get_ident) for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_work_does_not_hold_up_the_event_loop(writer: Writer) -> None:
    may_end = threading.Event()
    working = asyncio.create_task(writer.run(may_end.wait))
    await asyncio.sleep(0)
    assert not working.done()
    may_end.set()
    assert await working


async def test_an_error_of_the_work_reaches_who_asked_for_it(writer: Writer) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await writer.run(fail)


async def test_close_waits_for_the_work_in_hand(engine: Engine) -> None:
    writer, may_end, ended = Writer(engine), threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait()
        ended.set()

    working = asyncio.create_task(writer.run(work))
    await asyncio.sleep(0)
    may_end.set()
    writer.close()
    assert ended.is_set()
    await working


async def test_a_closed_writer_lets_go_of_its_connection(engine: Engine) -> None:
    writer = Writer(engine)
    with writer.transaction(MONDAY_9):
        assert checked_out(engine) == 1
    writer.close()
    assert checked_out(engine) == 0


@pytest.fixture
def far(postgres_url: str) -> Iterator[Writer]:
    """A writer whose database is a server."""
    engine = session.open_engine(postgres_url)
    metadata.create_all(engine)
    writer = Writer(engine)
    yield writer
    writer.close()
    engine.dispose()


def test_a_writer_whose_connection_is_lost_between_transactions_opens_another(
    far: Writer, postgres: Server
) -> None:
    with far.transaction(MONDAY_9) as tx:
        tx.new_id()
    postgres.end_connections()
    with pytest.raises(OperationalError) as caught, far.transaction(MONDAY_9) as tx:
        count_one(tx)
    assert session.is_passing(caught.value)
    with far.transaction(MONDAY_9) as tx:
        count_one(tx)
    assert counted(far.engine) == 1


def test_a_connection_that_is_lost_in_a_step_undoes_its_transaction_and_is_no_failure_of_the_step(
    far: Writer, postgres: Server
) -> None:
    def step() -> None:
        postgres.end_connections()
        count_one(tx)

    with pytest.raises(OperationalError) as caught, far.transaction(MONDAY_9) as tx:
        failures.attempt(tx, "a step", step)
    assert session.is_passing(caught.value)
    with far.transaction(MONDAY_9) as tx:
        count_one(tx)
        assert rows(tx.connection, failure) == []
    assert counted(far.engine) == 1


def test_a_connection_that_is_lost_before_the_commit_passes(far: Writer, postgres: Server) -> None:
    def count_and_lose(tx: Transaction) -> None:
        count_one(tx)
        postgres.end_connections()

    with pytest.raises(OperationalError) as caught, far.transaction(MONDAY_9) as tx:
        count_and_lose(tx)
    assert session.is_passing(caught.value)
    assert counted(far.engine) == 0
    with far.transaction(MONDAY_9) as tx:
        count_one(tx)
    assert counted(far.engine) == 1
