from __future__ import annotations

from datetime import timedelta

import pytest

from bot.people import directory, tag_wishes, tags
from bot.people.directory import Person
from bot.people.tags import Tag
from bot.store.tables import interaction, tag
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, QING, ZHOU, rows

COOKING = Tag("烹饪热情", 1.0, version="hash-1")


@pytest.fixture
def qing(tx: Transaction) -> Person:
    return directory.meet(tx, "fake:main", [QING])[QING.id]


def test_a_tag_is_kept_with_what_it_rests_on(tx: Transaction, qing: Person) -> None:
    assert tags.put(tx, qing, COOKING, 7)
    (row,) = rows(tx.connection, tag)
    assert (row["score"], row["evidence"], row["version"]) == (1.0, [7], "hash-1")
    assert tags.of(tx, qing.member_id) == {"烹饪热情": COOKING}


def test_written_again_it_is_changed_and_keeps_its_first_day(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, COOKING, 7)
    tx.now += timedelta(days=1)
    tags.put(tx, qing, Tag("烹饪热情", 0.5), 8)
    (row,) = rows(tx.connection, tag)
    assert (row["score"], row["evidence"], row["first_at"]) == (0.5, [7, 8], MONDAY_9)
    changes = [row["props"] for row in rows(tx.connection, interaction, name=tags.CHANGED)]
    assert [(it["from"], it["to"]) for it in changes] == [(None, 1.0), (1.0, 0.5)]


def test_what_changes_nothing_is_no_change(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, COOKING, 7)
    tags.put(tx, qing, COOKING, 7)
    assert len(rows(tx.connection, interaction, name=tags.CHANGED)) == 1


def test_a_refused_tag_is_never_written_again(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, COOKING, 7)
    assert tag_wishes.refuse(tx, qing.member_id, "烹饪热情")
    assert tags.of(tx, qing.member_id) == {}
    assert not tags.put(tx, qing, Tag("烹饪热情", 1.0, source="behaviour"), 9)
    assert [row["evidence"] for row in rows(tx.connection, tag)] == [[]]


def test_a_tag_that_expired_is_not_in_force(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, Tag("办公室", 1.0, expires_at=tx.now + timedelta(days=1)), None)
    assert tags.holders(tx, ["办公室"]) == {qing.member_id: 1.0}
    tx.now += timedelta(days=1)
    assert tags.holders(tx, ["办公室"]) == {}


def test_of_several_sources_the_surest_counts(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, Tag("有机认同", 1.0, 0.9), None)
    tags.put(tx, qing, Tag("有机认同", -0.5, 0.3, source="message"), None)
    assert tags.of(tx, qing.member_id)["有机认同"].score == 1.0


def test_holders_are_those_who_have_any_of_the_tags(tx: Transaction, qing: Person) -> None:
    zhou = directory.meet(tx, "fake:main", [ZHOU])[ZHOU.id]
    tags.put(tx, qing, COOKING, None)
    tags.put(tx, zhou, Tag("烹饪热情", -1.0), None)
    tags.put(tx, zhou, Tag("有机认同", 0.5), None)
    assert tags.holders(tx, ["烹饪热情", "有机认同"]) == {qing.member_id: 1.0, zhou.member_id: 0.5}


@pytest.mark.parametrize(("score", "confidence"), [(1.1, 1), (-1.1, 1), (0, 1.1), (0, -0.1)])
def test_a_tag_out_of_bounds_is_refused(
    tx: Transaction, qing: Person, score: float, confidence: float
) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        tags.put(tx, qing, Tag("有机认同", score, confidence), None)


def test_what_rests_on_something_that_was_taken_back_goes_with_it(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, COOKING, 7)
    tags.put(tx, qing, COOKING, 8)
    tags.put(tx, qing, Tag("可持续农业", 1.0), 9)
    tags.withdraw(tx, qing, 7)
    assert [row["evidence"] for row in rows(tx.connection, tag, key="烹饪热情")] == [[8]]
    tags.withdraw(tx, qing, 8)
    assert list(tags.of(tx, qing.member_id)) == ["可持续农业"]
    last = rows(tx.connection, interaction, name=tags.CHANGED)[-1]
    assert (last["object_id"], last["props"]["from"], last["props"]["to"]) == ("烹饪热情", 1.0, None)


def test_a_refusal_stays_though_nothing_rests_on_it(tx: Transaction, qing: Person) -> None:
    tags.put(tx, qing, COOKING, 7)
    tag_wishes.refuse(tx, qing.member_id, "烹饪热情")
    tags.withdraw(tx, qing, 7)
    assert not tags.put(tx, qing, COOKING, 8)
