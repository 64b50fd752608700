from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.sop import runs
from bot.sop.runs import Run
from bot.store.tables import wait
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, rows

ACCOUNT = "main"
MINUTE = timedelta(minutes=1)
QING, ZHOU = 11, 12
HERE, THERE = 1, 2


def begin(
    tx: Transaction, scope: str = "member:1", identity: int | None = QING, room: int | None = HERE
) -> Run:
    return runs.begin(
        tx,
        ACCOUNT,
        "table",
        "hash-1",
        scope,
        "2026-11-30",
        room_id=room,
        identity_id=identity,
        state={"n": 1},
    )


def listening(tx: Transaction, scope: str, until_minutes: int, room: int | None = HERE) -> Run:
    it = begin(tx, scope, room=room)
    runs.change(tx, it.id, listens_until=MONDAY_9 + until_minutes * MINUTE)
    return it


def end_due(tx: Transaction, account: str = ACCOUNT) -> list[tuple[Run | None, str, datetime]]:
    """End all waits that are over."""
    return [(runs.take(tx, it), it.what, it.due_at) for it in runs.due(tx, account)]


def test_a_run_is_found_by_its_key(tx: Transaction) -> None:
    begun = begin(tx)
    assert runs.find(tx, "table", "member:1", "2026-11-30") == runs.by_id(tx, begun.id) == begun
    assert (begun.opened_at, begun.state, begun.is_open) == (MONDAY_9, {"n": 1}, True)


@pytest.mark.parametrize(
    "key",
    [("other", "member:1", "2026-11-30"), ("table", "member:2", "2026-11-30"), ("table", "member:1", "x")],
)
def test_another_key_is_another_run(tx: Transaction, key: tuple[str, str, str]) -> None:
    begin(tx)
    assert runs.find(tx, *key) is None
    assert runs.by_id(tx, 999) is None


def test_a_run_begins_without_a_state_where_none_is_given(tx: Transaction) -> None:
    begun = runs.begin(tx, ACCOUNT, "table", "hash-1", "room:1", "receipt")
    assert runs.by_id(tx, begun.id) == begun
    assert begun.state == {}


def test_a_run_changes(tx: Transaction) -> None:
    it, other = begin(tx), begin(tx, "member:2")
    runs.change(tx, it.id, state={"n": 2})
    changed = runs.by_id(tx, it.id)
    assert changed is not None
    assert changed.state == {"n": 2}
    assert runs.by_id(tx, other.id) == other


# --- listening ---


def test_a_run_listens_to_its_person_in_its_room_until_it_ends(tx: Transaction) -> None:
    it = listening(tx, "member:1", 10)
    assert [found.id for found in runs.listening_to(tx, QING, HERE, MONDAY_9 + 10 * MINUTE)] == [it.id]
    assert runs.listening_to(tx, QING, HERE, MONDAY_9 + 11 * MINUTE) == []
    assert runs.listening_to(tx, QING, THERE, MONDAY_9) == []
    assert runs.listening_to(tx, QING, None, MONDAY_9) == []
    assert runs.listening_to(tx, ZHOU, HERE, MONDAY_9) == []


def test_a_run_may_listen_in_private(tx: Transaction) -> None:
    it = listening(tx, "member:1", 10, room=None)
    assert [found.id for found in runs.listening_to(tx, QING, None, MONDAY_9)] == [it.id]
    assert runs.listening_to(tx, QING, HERE, MONDAY_9) == []


def test_the_oldest_run_hears_first(tx: Transaction) -> None:
    ids = [listening(tx, f"scope:{n}", 20 - n).id for n in range(3)]
    assert [found.id for found in runs.listening_to(tx, QING, HERE, MONDAY_9)] == ids


def test_those_who_are_listened_to_are_told(tx: Transaction) -> None:
    begin(tx, "not listening", identity=ZHOU)
    listening(tx, "member:1", 10)
    assert runs.who_is_listened_to(tx, [QING, ZHOU, 99]) == {QING}
    assert runs.who_is_listened_to(tx, [ZHOU]) == runs.who_is_listened_to(tx, []) == set()


def test_rooms_in_which_everybody_is_listened_to_are_told(tx: Transaction) -> None:
    begin(tx, "not listening", identity=None, room=THERE)
    it = begin(tx, "room", identity=None)
    runs.change(tx, it.id, listens_until=MONDAY_9)
    listening(tx, "member:1", 10, room=THERE)
    assert runs.rooms_listened_to(tx, [HERE, THERE, 99]) == {HERE}
    assert runs.rooms_listened_to(tx, [THERE]) == runs.rooms_listened_to(tx, []) == set()


# --- waiting ---


def test_a_wait_is_over_at_its_moment_and_once(writer: Writer) -> None:
    with writer.transaction(MONDAY_9) as tx:
        it = begin(tx)
        runs.wake_at(tx, it, MONDAY_9 + MINUTE, "receipt")
        assert tx.rescheduled
        assert end_due(tx) == []
    with writer.transaction(MONDAY_9 + 5 * MINUTE) as tx:
        assert end_due(tx) == [(it, "receipt", MONDAY_9 + MINUTE)]
        assert end_due(tx) == []


def test_waits_are_over_in_their_order(tx: Transaction) -> None:
    it = begin(tx)
    for minutes, what in ((-1, "second"), (-2, "first"), (-1, "third"), (1, "later")):
        runs.wake_at(tx, it, MONDAY_9 + minutes * MINUTE, what)
    assert [what for _, what, _ in end_due(tx)] == ["first", "second", "third"]
    assert [row["what"] for row in rows(tx.connection, wait)] == ["later"]


def test_of_many_waits_the_first_are_over_first(tx: Transaction) -> None:
    it = begin(tx)
    for number in range(runs.AT_ONCE + 1):
        runs.wake_at(tx, it, MONDAY_9 - number * MINUTE, f"{number}")
    assert [what for _, what, _ in end_due(tx)] == [f"{number}" for number in range(runs.AT_ONCE, 0, -1)]
    assert [what for _, what, _ in end_due(tx)] == ["0"]


def test_a_wait_ends_with_its_run_as_it_is_by_then(tx: Transaction) -> None:
    """Another that was over at the same time may have changed it."""
    it = begin(tx)
    runs.wake_at(tx, it, MONDAY_9, "first")
    runs.wake_at(tx, it, MONDAY_9, "second")
    first, second = runs.due(tx, ACCOUNT)
    runs.take(tx, first)
    runs.change(tx, it.id, state={"n": 2})
    run = runs.take(tx, second)
    assert run is not None
    assert run.state == {"n": 2}


def test_a_wait_that_was_put_off_since_does_not_end(tx: Transaction) -> None:
    it = begin(tx)
    runs.wake_at(tx, it, MONDAY_9, "receipt")
    (over,) = runs.due(tx, ACCOUNT)
    runs.wake_at(tx, it, MONDAY_9 + MINUTE, "receipt")
    assert runs.take(tx, over) is None
    assert runs.is_waiting(tx, it.id, "receipt")


def test_a_wait_of_a_run_that_was_closed_since_does_not_end(tx: Transaction) -> None:
    it = begin(tx)
    runs.wake_at(tx, it, MONDAY_9, "receipt")
    (over,) = runs.due(tx, ACCOUNT)
    runs.close(tx, it.id)
    assert runs.take(tx, over) is None


def test_the_same_wait_is_put_off_and_another_is_not(tx: Transaction) -> None:
    it = begin(tx)
    runs.wake_at(tx, it, MONDAY_9, "receipt")
    runs.wake_at(tx, it, MONDAY_9 + MINUTE, "receipt")
    runs.wake_at(tx, it, MONDAY_9, "lapse")
    assert [what for _, what, _ in end_due(tx)] == ["lapse"]
    assert [row["due_at"] for row in rows(tx.connection, wait)] == [MONDAY_9 + MINUTE]


def test_a_closed_run_neither_wakes_nor_hears(tx: Transaction) -> None:
    it = listening(tx, "member:1", 10)
    runs.wake_at(tx, it, MONDAY_9, "lapse")
    runs.close(tx, it.id)
    closed = runs.by_id(tx, it.id)
    assert closed is not None
    assert (closed.is_open, closed.closed_at) == (False, MONDAY_9)
    assert end_due(tx) == []
    assert runs.listening_to(tx, QING, HERE, MONDAY_9) == []
    assert runs.who_is_listened_to(tx, [QING]) == set()


def test_the_next_wait_is_told_by_account(tx: Transaction) -> None:
    assert runs.next_due(tx, ACCOUNT) is None
    it = begin(tx)
    for minutes in (3, 2, 5):
        runs.wake_at(tx, it, MONDAY_9 + minutes * MINUTE, f"in {minutes}")
    assert runs.next_due(tx, ACCOUNT) == MONDAY_9 + 2 * MINUTE
    assert runs.next_due(tx, "another") is None


def test_another_accounts_waits_are_left_to_it(tx: Transaction) -> None:
    runs.wake_at(tx, begin(tx), MONDAY_9, "receipt")
    assert end_due(tx, "another") == []
    assert len(end_due(tx)) == 1


def test_whether_a_run_waits_for_something_is_known(tx: Transaction) -> None:
    it = begin(tx)
    runs.wake_at(tx, it, MONDAY_9, "receipt")
    assert runs.is_waiting(tx, it.id, "receipt")
    assert not runs.is_waiting(tx, it.id, "lapse")
    end_due(tx)
    assert not runs.is_waiting(tx, it.id, "receipt")


def test_the_open_runs_of_an_account_are_those_of_all_its_sops(tx: Transaction) -> None:
    first, closed, _ = begin(tx, "room:1"), begin(tx, "room:2"), begin(tx, "member:1")
    runs.close(tx, closed.id)
    other = runs.begin(tx, ACCOUNT, "origin", "hash-1", "room:1", "2026-11-30")
    runs.begin(tx, "second", "origin", "hash-1", "room:3", "2026-11-30")
    assert [it.id for it in runs.open_at(tx, ACCOUNT, "room:")] == [first.id, other.id]
    assert [it.id for it in runs.open_runs(tx, "origin", "room:1")] == [other.id]
