"""Which pictures are wanted, kept and over; on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.events import Media, MessageKind
from bot.store import pictures
from bot.store.pictures import TRIES, Over, State
from bot.store.tables import media
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, rows, said

DAYS_90 = MONDAY_9 + timedelta(days=90)
HASH, OTHER = "a" * 64, "b" * 64


def want(tx: Transaction, *refs: str, account: str = "main", message: int = 1) -> list[int]:
    shown = said("", kind=MessageKind.IMAGE, media=tuple(map(Media, refs)))
    new = pictures.of_message(tx, account, message, shown, DAYS_90)
    pictures.want(tx, new)
    return [row["id"] for row in new]


def later(tx: Transaction, after: timedelta) -> Transaction:
    return replace(tx, now=tx.now + after)


def test_what_is_wanted_comes_oldest_first_a_few_at_a_time(tx: Transaction) -> None:
    ids = want(tx, "a", "b", "c")
    want(tx, "d", account="other")
    assert [(it.id, it.ref) for it in pictures.next_wanted(tx, "main", 2)] == [(ids[0], "a"), (ids[1], "b")]
    assert tx.pictures


def test_what_is_kept_is_not_wanted_any_more(tx: Transaction) -> None:
    (id,) = want(tx, "a")
    pictures.arrived(tx, id, HASH, 7)
    pictures.kept(tx, id)
    assert pictures.next_wanted(tx, "main", 9) == []
    (row,) = rows(tx.connection, media)
    assert (row["state"], row["hash"], row["bytes"]) == (State.KEPT, HASH, 7)


def test_it_is_tried_three_times_at_growing_distance(tx: Transaction) -> None:
    (id,) = want(tx, "a")
    for pause in TRIES:
        pictures.failed(tx, id, for_good=False)
        assert pictures.next_wanted(tx, "main", 9) == []
        assert pictures.next_due(tx, "main") == tx.now + pause
        tx = later(tx, pause)
        assert [it.id for it in pictures.next_wanted(tx, "main", 9)] == [id]
    pictures.failed(tx, id, for_good=False)
    (row,) = rows(tx.connection, media)
    assert (row["state"], row["attempts"]) == (State.FAILED, 3)
    assert pictures.next_due(tx, "main") == DAYS_90


def test_what_was_forgotten_meanwhile_stays_forgotten(tx: Transaction) -> None:
    (id,) = want(tx, "a")
    pictures.forget(tx, [id])
    pictures.arrived(tx, id, HASH, 7)
    pictures.failed(tx, id, for_good=False)
    pictures.kept(tx, id)
    assert rows(tx.connection, media) == []


def test_what_cannot_be_had_is_not_tried_again(tx: Transaction) -> None:
    (id,) = want(tx, "a")
    pictures.failed(tx, id, for_good=True)
    assert pictures.next_wanted(later(tx, timedelta(days=1)), "main", 9) == []


def test_what_is_over_goes_with_its_file_unless_another_has_the_same(tx: Transaction) -> None:
    ours, same, unfetched = want(tx, "a", "b", "c", message=1)
    (others,) = want(tx, "d", account="other", message=2)
    for id, hash in ((ours, HASH), (same, OTHER), (others, HASH)):
        pictures.arrived(tx, id, hash, 1)
        pictures.kept(tx, id)
    assert pictures.over(tx, "main", 9) == []
    pictures.let_go(tx, 1)
    assert pictures.over(tx, "main", 9) == [Over(ours, None), Over(same, OTHER), Over(unfetched, None)]
    assert pictures.next_wanted(tx, "main", 9) == []
    pictures.forget(tx, [ours, same, unfetched])
    assert [row["id"] for row in rows(tx.connection, media)] == [others]


def test_when_the_last_of_two_alike_is_over_the_file_goes(tx: Transaction) -> None:
    first, second = want(tx, "a", "b")
    for id in (first, second):
        pictures.arrived(tx, id, HASH, 1)
    assert pictures.over(later(tx, timedelta(days=90)), "main", 9) == [Over(first, HASH), Over(second, HASH)]


def test_a_file_that_a_crash_left_goes_with_its_row_though_it_was_never_kept(tx: Transaction) -> None:
    (id,) = want(tx, "a")
    pictures.arrived(tx, id, HASH, 7)
    assert [it.id for it in pictures.next_wanted(tx, "main", 9)] == [id]
    pictures.failed(tx, id, for_good=True)
    pictures.let_go(tx, 1)
    assert pictures.over(tx, "main", 9) == [Over(id, HASH)]


@pytest.mark.parametrize("message", [1, 2])
def test_taking_back_a_message_without_pictures_wakes_nobody(tx: Transaction, message: int) -> None:
    if message == 2:
        want(tx, "a")
        tx.pictures = False
    pictures.let_go(tx, 2)
    assert not tx.pictures
