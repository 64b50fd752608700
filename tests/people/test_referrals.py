from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.events import Person as SeenPerson
from bot.people import directory, invites, merging, referrals
from bot.people.directory import Person
from bot.people.merging import Proof, Why
from bot.people.referrals import By, Noted, Rings, Told, Word
from bot.store import log
from bot.store.tables import interaction
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, rows

SOURCE = "fake:main"
NAMES = ("阿青", "小麦", "小米", "老周", "阿芸")
STAFF = Why(Proof.STAFF)


@pytest.fixture
def people(tx: Transaction) -> list[Person]:
    """They came one after the other, an hour apart, a day ago."""
    found = []
    for n, name in enumerate(NAMES):
        tx.now = MONDAY_9 - timedelta(days=1, hours=-n)
        found.append(directory.meet(tx, SOURCE, [SeenPerson(name, name)])[name])
    tx.now = MONDAY_9
    return found


def told(came: Person, by: Person | None, how: By = By.CODE, event: int | None = None) -> Told:
    account = None if by is None else by.identity_id
    return Told(came.identity_id, account, how, MONDAY_9, event)


def bringers(tx: Transaction) -> dict[int, int | None]:
    return {came: word.brought_by for came, word in referrals.everybody(tx.connection).items()}


def test_who_came_later_or_is_oneself_brought_nobody(tx: Transaction, people: list[Person]) -> None:
    assert referrals.note(tx, told(people[0], people[1])) is Noted.LATER
    assert referrals.note(tx, told(people[0], people[0])) is Noted.OWN
    assert bringers(tx) == {}


def test_who_is_seen_to_invite_may_have_been_there_without_a_word(
    tx: Transaction, people: list[Person]
) -> None:
    assert referrals.note(tx, told(people[0], people[1], By.INVITE, event=7)) is Noted.DONE
    assert bringers(tx) == {people[0].member_id: people[1].member_id}


def test_the_first_proof_wins(tx: Transaction, people: list[Person]) -> None:
    assert referrals.note(tx, told(people[2], people[0], By.INVITE, event=7)) is Noted.DONE
    assert referrals.note(tx, told(people[2], people[1], By.CODE, event=8)) is Noted.KNOWN
    assert bringers(tx) == {people[2].member_id: people[0].member_id}


def test_a_proof_stands_in_the_place_of_an_answer_that_it_corrects(
    tx: Transaction, people: list[Person]
) -> None:
    referrals.note(tx, told(people[2], None, By.ANSWER, event=7))
    assert bringers(tx) == {people[2].member_id: None}
    referrals.note(tx, told(people[2], people[1], By.ANSWER, event=8))
    referrals.note(tx, told(people[2], people[0], By.CODE, event=9))
    first, second, third = rows(tx.connection, interaction, name="member_referred")
    assert (second["corrects_event_id"], third["corrects_event_id"]) == (first["id"], second["id"])
    assert bringers(tx) == {people[2].member_id: people[0].member_id}
    assert (third["identity_id"], third["target_identity_id"], third["props"]) == (
        people[2].identity_id,
        people[0].identity_id,
        {"by": "code"},
    )


def test_words_that_are_taken_back_say_nothing(tx: Transaction, people: list[Person]) -> None:
    said = log.entry(tx, SOURCE, "m1", "message_posted", MONDAY_9, identity_id=people[2].identity_id)
    log.append(tx, [said])
    referrals.note(tx, told(people[2], people[0], event=said["id"]))
    log.append(tx, [log.entry(tx, SOURCE, "r1", "message_recalled", MONDAY_9, parent_event_id=said["id"])])
    assert bringers(tx) == {}
    assert referrals.note(tx, told(people[2], people[1], event=9)) is Noted.DONE


def test_what_our_own_people_say_stands_before_all_and_their_last_word_before_the_others(
    tx: Transaction, people: list[Person]
) -> None:
    referrals.note(tx, told(people[2], people[0], By.INVITE, event=7))
    assert referrals.note(tx, told(people[2], people[0], By.STAFF, event=8)) is Noted.KNOWN
    assert referrals.note(tx, told(people[2], people[1], By.STAFF, event=9)) is Noted.DONE
    assert referrals.note(tx, told(people[2], people[3], By.STAFF, event=10)) is Noted.DONE
    assert bringers(tx) == {people[2].member_id: people[3].member_id}, "though they came later"
    assert referrals.note(tx, told(people[2], people[0], By.CODE, event=11)) is Noted.KNOWN
    assert referrals.note(tx, told(people[2], None, By.STAFF, event=12)) is Noted.DONE
    assert bringers(tx) == {}
    assert referrals.note(tx, told(people[2], people[0], By.CODE, event=13)) is Noted.KNOWN


def test_a_word_that_is_withdrawn_leaves_what_was_before(tx: Transaction, people: list[Person]) -> None:
    referrals.note(tx, told(people[2], people[0], By.INVITE, event=7))
    referrals.note(tx, told(people[2], None, By.STAFF, event=8))
    word = referrals.last_word(tx.connection, people[2].member_id)
    assert word is not None
    assert word.is_of_nobody
    assert referrals.withdraw(tx, word)
    assert bringers(tx) == {people[2].member_id: people[0].member_id}
    assert not referrals.withdraw(tx, word)


def test_nobody_is_brought_by_those_whom_they_brought(tx: Transaction, people: list[Person]) -> None:
    referrals.note(tx, told(people[1], people[0]))
    referrals.note(tx, told(people[2], people[1], event=9))
    for round_about in (1, 2):
        assert referrals.note(tx, told(people[0], people[round_about], By.STAFF)) is Noted.ROUND
    assert referrals.note(tx, told(people[0], people[3], By.STAFF)) is Noted.DONE


def test_nobody_brought_themselves_by_another_account_and_each_has_theirs_again(
    tx: Transaction, people: list[Person]
) -> None:
    first, second, third, *_ = people
    referrals.note(tx, told(second, first))
    referrals.note(tx, told(third, second, event=9))
    entry = merging.merge(tx, second.member_id, first.member_id, STAFF)
    assert bringers(tx) == {third.member_id: first.member_id}
    assert referrals.rings_of(tx.connection, first.member_id) == Rings(
        frozenset({third.member_id}), frozenset()
    )
    merging.undo(tx, entry, by=None)
    assert referrals.rings_of(tx.connection, first.member_id) == Rings(
        frozenset({second.member_id}), frozenset({third.member_id})
    )


def test_the_second_ring_is_whom_those_brought(tx: Transaction, people: list[Person]) -> None:
    for n, (came, by) in enumerate(((1, 0), (2, 1), (3, 1), (4, 3)), 1):
        referrals.note(tx, told(people[came], people[by], event=n))
    ids = [it.member_id for it in people]
    assert referrals.rings_of(tx.connection, ids[0]) == Rings(
        frozenset({ids[1]}), frozenset({ids[2], ids[3]})
    )
    assert set(referrals.brought_by(tx.connection, [ids[1]])) == {ids[2], ids[3]}
    assert referrals.of(tx.connection, [ids[4]])[ids[4]].brought_by == ids[3]


def test_a_buyer_whom_nobody_knows_may_be_brought(tx: Transaction, people: list[Person]) -> None:
    from bot.store.session import insert_new
    from bot.store.tables import identity

    account = tx.new_id()
    row = {"id": account, "source": "shop/x", "external_id": "C1", "member_id": None, "name": ""}
    insert_new(tx.connection, identity, [row])
    assert referrals.note(tx, Told(account, people[0].identity_id, By.CODE, MONDAY_9)) is Noted.DONE
    assert bringers(tx) == {-account: people[0].member_id}
    assert set(referrals.brought_by(tx.connection, [people[0].member_id])) == {-account}


# --- codes ---


def test_a_code_stays_its_owners_through_merging_and_splitting(tx: Transaction, people: list[Person]) -> None:
    first, second, *_ = people
    assert invites.give(tx, first.member_id, "CHAN22")
    assert invites.give(tx, second.member_id, "CHAN23")
    assert not invites.give(tx, people[2].member_id, "CHAN22")
    entry = merging.merge(tx, second.member_id, first.member_id, STAFF)
    assert invites.of_member(tx.connection, first.member_id) == "CHAN22"
    assert invites.owners(tx.connection, ["CHAN23", "CHAN99"]) == {"CHAN23": second.identity_id}
    merging.undo(tx, entry, by=None)
    assert invites.of_member(tx.connection, second.member_id) == "CHAN23"
    assert invites.owners(tx.connection, ["CHAN22"]) == {"CHAN22": first.identity_id}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("K7M3QX", ["K7M3QX"]),
        ("ｋ７ｍ３ｑｘ", ["K7M3QX"]),
        ("邻居介绍的，码是k7m3qx。", ["K7M3QX"]),
        ("K7M3QXX", []),
        ("订单K7M3Q", []),
        ("O0I1LL", []),
        ("", []),
    ],
)
def test_codes_are_found_in_whatever_is_said(text: str, found: list[str]) -> None:
    assert invites.within(text) == found
    assert invites.is_one(text) is (found == [text.strip().upper()] or text == "ｋ７ｍ３ｑｘ")


# --- laws ---

PERSON = st.integers(1, 6)
WORDS = st.lists(
    st.builds(
        lambda id, came, brought, by, at: Word(id, came, brought, by, MONDAY_9 + timedelta(days=at), came, 0),
        id=st.integers(1, 99),
        came=PERSON,
        brought=st.none() | PERSON,
        by=st.sampled_from(By),
        at=st.integers(0, 3),
    ),
    unique_by=lambda word: word.id,
)


@given(words=WORDS, data=st.data())
def test_each_who_came_has_one_word_the_strongest_whatever_the_order(words: list[Word], data: Any) -> None:
    found, all_of_them = referrals.standing(words), referrals.strongest(words)
    assert referrals.standing(data.draw(st.permutations(words))) == found
    for came, word in all_of_them.items():
        others = [it for it in words if it.came == came and it.brought_by != came]
        assert word in others
        assert word.strength == max(it.strength for it in others)
        if word.by is By.STAFF:
            assert word.id == max(it.id for it in others if it.by is By.STAFF)
    assert all(word.brought_by != came for came, word in found.items())
    assert found == {came: word for came, word in all_of_them.items() if not word.is_of_nobody}


@given(words=WORDS)
def test_in_no_rings_is_anybody_twice_or_oneself(words: list[Word]) -> None:
    brought = referrals.by_bringer(referrals.standing(words).values())
    for whose in range(1, 7):
        first, second = referrals.rings(brought, whose)
        assert whose not in first | second
        assert not first & second
    counted = [came for all_ in brought.values() for came in all_]
    assert len(counted) == len(set(counted))
