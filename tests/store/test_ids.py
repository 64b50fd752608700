from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert, select

from bot.store import ids
from bot.store.ids import next_number
from bot.store.tables import counter
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, Boom, failing

FEW = 3


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "BLOCK", FEW)


@pytest.fixture
def other(engine: Engine) -> Iterator[Writer]:
    """A second process's writer, at the same file."""
    writer = Writer(engine)
    yield writer
    writer.close()


def take(writer: Writer, count: int) -> list[int]:
    """Ids that one committed transaction uses."""
    with writer.transaction(MONDAY_9) as tx:
        return [tx.new_id() for _ in range(count)]


def test_ids_ascend_over_blocks_and_transactions(writer: Writer) -> None:
    assert take(writer, 2 * FEW) + take(writer, 2) == list(range(1, 2 * FEW + 3))


def test_ids_are_never_given_twice_by_two_writers(writer: Writer, other: Writer) -> None:
    given = [number for _ in range(5) for who in (writer, other) for number in take(who, 2)]
    assert len(set(given)) == len(given)


def test_after_a_restart_ids_go_on_above_those_given(engine: Engine, writer: Writer) -> None:
    before = take(writer, 1)
    again = Writer(engine)
    after = take(again, 1)
    again.close()
    assert after > before


def test_ids_of_an_undone_transaction_are_not_taken_for_reserved(writer: Writer, other: Writer) -> None:
    with pytest.raises(Boom), writer.transaction(MONDAY_9) as tx, failing():
        tx.new_id()
    mine, theirs = take(writer, 1), take(other, FEW)
    assert not set(mine) & set(theirs)


def test_ids_of_an_undone_savepoint_are_not_taken_for_reserved(writer: Writer, other: Writer) -> None:
    with writer.transaction(MONDAY_9) as tx:
        with pytest.raises(Boom), tx.savepoint(), failing():
            tx.new_id()
        mine = tx.new_id()
    assert mine not in take(other, FEW)


def test_short_numbers_count_from_one_in_each_scope(tx: Transaction) -> None:
    assert [next_number(tx.connection, "member") for _ in range(3)] == [1, 2, 3]
    assert next_number(tx.connection, "question") == 1
    assert next_number(tx.connection, "member") == 4


def test_short_numbers_go_on_from_what_is_stored(tx: Transaction) -> None:
    tx.connection.execute(insert(counter).values(scope="member", last=36))
    assert next_number(tx.connection, "member") == 37
    last = tx.connection.execute(select(counter.c.last).where(counter.c.scope == "member"))
    assert last.scalar() == 37
