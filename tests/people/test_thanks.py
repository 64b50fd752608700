"""Nobody is thanked twice at an occasion, nor again within the time that a list says."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people import thanks
from bot.people.thanks import FROM, State
from bot.store import mouth, session
from bot.store.tables import metadata
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, rows

FACT = {"what": "message_posted", "times": 3, "first": "2026-11-01", "last": "2026-11-20"}
APART = 30


def propose(tx: Transaction, occasion: str, *members: int) -> None:
    bound = thanks.bound(tx.connection, occasion, tx.now, APART)
    thanks.propose(tx, occasion, APART, [(it, [FACT]) for it in members if it not in bound])


def bring(tx: Transaction, number: int, state: State) -> bool:
    """What the command does."""
    for it in thanks.numbered(tx.connection, [number]):
        is_thanks = state in (State.APPROVED, State.SENT)
        if it.state in FROM[state] and not (is_thanks and thanks.clash(tx.connection, it, tx.now)):
            thanks.put(tx, it, state, by=1)
            return True
    return False


def test_who_is_on_a_list_is_on_no_other_for_a_while(tx: Transaction) -> None:
    propose(tx, "新年", 1, 2)
    propose(tx, "新年", 1, 2, 3)
    propose(tx, "周年", 1)
    assert [(it.number, it.member_id) for it in thanks.of_occasion(tx.connection, "新年")] == [
        (1, 1), (2, 2), (3, 3),
    ]  # fmt: skip
    assert thanks.of_occasion(tx.connection, "周年") == []
    bring(tx, 1, State.DROPPED)
    propose(tx, "周年", 1)
    assert [it.member_id for it in thanks.of_occasion(tx.connection, "周年")] == [1]
    assert thanks.last_occasion(tx.connection) == "周年"


def test_after_its_time_somebody_is_thanked_again_but_not_at_the_same_occasion(tx: Transaction) -> None:
    propose(tx, "新年", 1)
    tx.now = MONDAY_9 + timedelta(days=APART)
    propose(tx, "新年", 1)
    propose(tx, "周年", 1)
    assert [it.occasion for it in thanks.numbered(tx.connection, [1, 2])] == ["新年", "周年"]


def test_who_was_dropped_and_is_on_another_list_is_not_brought_back(tx: Transaction) -> None:
    propose(tx, "新年", 1)
    bring(tx, 1, State.DROPPED)
    propose(tx, "周年", 1)
    assert bring(tx, 2, State.APPROVED)
    assert not bring(tx, 1, State.APPROVED)


@pytest.mark.parametrize(("state", "to"), [(State.PROPOSED, State.SENT), (State.SENT, State.DROPPED)])
def test_there_are_steps_that_nobody_takes(state: State, to: State) -> None:
    assert state not in FROM[to]


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("list"), st.sampled_from(["新年", "周年", "新米"]), st.integers(1, 3)),
        st.tuples(st.sampled_from([State.APPROVED, State.SENT, State.DROPPED]), st.integers(1, 6)),
        st.tuples(st.just("wait"), st.sampled_from([1, 10, 29, 30])),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=60)
@given(acts=ACTS)
def test_nobody_is_thanked_twice_within_the_time_whatever_is_done(acts: list[tuple[object, ...]]) -> None:
    engine = session.open_engine("sqlite://")
    metadata.create_all(engine)
    now, given_at = MONDAY_9, dict[int, datetime]()
    writer = Writer(engine, without_thread=True)
    try:
        for act in acts:
            with writer.transaction(now) as tx:
                match act:
                    case ("list", str(occasion), int(most)):
                        propose(tx, occasion, *range(1, most + 1))
                    case ("wait", int(days)):
                        now += timedelta(days=days)
                    case (State() as state, int(number)):
                        if bring(tx, number, state) and state is State.SENT:
                            given_at[number] = now
        with engine.connect() as connection:
            members = {it["number"]: it["member_id"] for it in rows(connection, mouth.thanks)}
    finally:
        writer.close()
        engine.dispose()
    for one, other in combinations(given_at, 2):
        if members[one] == members[other]:
            assert abs(given_at[one] - given_at[other]) >= timedelta(days=APART)
