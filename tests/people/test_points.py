from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.people import directory, points
from bot.people.directory import Person
from bot.people.points import Entry
from bot.store.tables import score_entry
from bot.store.transaction import Transaction
from tests.builders import QING, rows


@pytest.fixture
def qing(tx: Transaction) -> Person:
    return directory.meet(tx, "fake:main", [QING])[QING.id]


def test_a_rule_gives_points_for_an_event_once(tx: Transaction, qing: Person) -> None:
    entry = Entry(qing.identity_id, "answer_given", 5, "互助", 4)
    assert points.give(tx, entry)
    assert not points.give(tx, entry)
    assert points.of(tx, qing.member_id) == 4


def test_what_is_taken_back_is_an_equal_negative_row(tx: Transaction, qing: Person) -> None:
    points.give(tx, Entry(qing.identity_id, "ugc_submitted", 5, "创作", 2.5))
    assert points.reverse(tx, "ugc_submitted", 5)
    assert not points.reverse(tx, "ugc_submitted", 5)
    assert [row["points"] for row in rows(tx.connection, score_entry)] == [2.5, -2.5]
    assert points.of(tx, qing.member_id) == 0


def test_what_is_taken_back_stands_at_the_moment_at_which_it_was_earned(
    tx: Transaction, qing: Person
) -> None:
    points.give(tx, Entry(qing.identity_id, "ugc_submitted", 5, "创作", 2.5))
    tx.now += timedelta(days=90)
    points.reverse(tx, "ugc_submitted", 5)
    given_, taken = rows(tx.connection, score_entry)
    assert taken["at"] == given_["at"]


def test_what_stands_was_given_for_these_events_and_not_taken_back(tx: Transaction, qing: Person) -> None:
    for event in (5, 6, 7):
        points.give(tx, Entry(qing.identity_id, "ugc_submitted", event, "创作", 2.5))
    points.reverse(tx, "ugc_submitted", 6)
    assert points.standing(tx, "ugc_submitted", {5, 6}) == [5]
    assert points.standing(tx, "ugc_approved", {5, 6}) == []


def test_what_was_never_given_cannot_be_taken_back(tx: Transaction, qing: Person) -> None:
    assert not points.reverse(tx, "ugc_submitted", 5)
    assert rows(tx.connection, score_entry) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=12))
def test_however_often_it_is_played_the_sum_is_that_of_what_stands(
    tx: Transaction, qing: Person, acts: list[tuple[int, bool]]
) -> None:
    tx.connection.execute(score_entry.delete())
    given_, taken = set(), set()
    for event, gives in acts:
        if gives:
            points.give(tx, Entry(qing.identity_id, "rule", event, "参与", 2))
            given_.add(event)
        elif points.reverse(tx, "rule", event):
            taken.add(event)
    assert points.of(tx, qing.member_id) == 2 * len(given_ - taken)
