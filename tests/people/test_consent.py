from __future__ import annotations

from datetime import timedelta

from bot.people import consent
from bot.people.consent import CONTACT
from bot.store.transaction import Transaction


def test_who_decided_nothing_has_not_declined(tx: Transaction) -> None:
    assert consent.opted_out(tx, [1, 2]) == set()
    assert consent.opted_out(tx, []) == set()


def test_the_last_decision_holds_even_where_the_clock_was_set_back(tx: Transaction) -> None:
    consent.decide(tx, 1, CONTACT, given=True, cause=None)
    tx.now -= timedelta(hours=1)
    consent.decide(tx, 1, CONTACT, given=False, cause=7)
    consent.decide(tx, 2, CONTACT, given=True, cause=8)
    assert consent.opted_out(tx, [1, 2, 3]) == {1}


def test_a_decision_about_something_else_is_no_such(tx: Transaction) -> None:
    consent.decide(tx, 1, "photos", given=False, cause=None)
    assert consent.opted_out(tx, [1]) == set()
