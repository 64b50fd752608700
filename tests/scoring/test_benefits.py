"""Benefits by day, their ledger, and purchase grades."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people import directory, merging
from bot.people.directory import Person
from bot.people.merging import Proof, Why
from bot.scoring import benefit_book, spending
from bot.scoring.benefit_book import Pen
from bot.scoring.benefits import BY_HAND, Claim, Kind, Lot, Step, due, granted, period_of
from bot.scoring.days import EPOCH
from bot.scoring.rules import Benefit, Per, Purchase, Scoring
from bot.store import log
from bot.store.benefits import benefit_entry
from bot.store.tables import interaction
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, QING, ZHOU, rows

TODAY = (date(2026, 11, 26) - EPOCH).days
MONTHLY = Benefit("tasting", "新品试吃", level=2, times=2, cost=3500)
ONCE = Benefit("letter", "农场主的信", grade=1, per="一次")
SCORING = Scoring(benefits=(MONTHLY, ONCE))
MEMBER = 7


def steps(claim: Claim, lots: list[Lot], today: int = TODAY) -> list[tuple[Kind, int, int | None]]:
    return [(it.kind, it.amount, it.until) for it in due(MEMBER, claim, lots, SCORING, today)]


def lot(balance: int, ends: int | None, until: int | None, period: str = "2026-11") -> Lot:
    return Lot(MEMBER, MONTHLY.id, period, MONTHLY.name, ends, until, nth=0, balance=balance)


@pytest.mark.parametrize(
    ("per", "period", "last"),
    [
        ("月", "2026-11", date(2026, 11, 30)),
        ("季", "2026Q4", date(2026, 12, 31)),
        ("年", "2026", date(2026, 12, 31)),
        ("一次", "once", None),
    ],
)
def test_each_period_has_a_name_and_its_last_day(per: Per, period: str, last: date | None) -> None:
    assert period_of(per, TODAY) == period
    ends = granted(Benefit("a", "甲", per=per), MEMBER, TODAY, period).ends
    assert ends == (None if last is None else (last - EPOCH).days)
    assert granted(Benefit("a", "甲", per=per, holds=60), MEMBER, TODAY, period).ends == TODAY + 60


def test_who_reaches_it_is_granted_once_a_period() -> None:
    assert steps(Claim(level=1), []) == []
    assert steps(Claim(level=3), []) == [(Kind.GRANT, 2, TODAY + 4)]
    assert steps(Claim(level=3), [lot(0, TODAY + 4, TODAY + 4)]) == []
    assert steps(Claim(level=3), [lot(0, TODAY - 26, TODAY - 26, "2026-10")]) == [(Kind.GRANT, 2, TODAY + 4)]
    assert steps(Claim(grade=2), []) == [(Kind.GRANT, 1, None)]
    assert steps(Claim(level=4, grade=3, present=False), []) == []


def test_what_is_left_goes_after_its_last_day() -> None:
    assert steps(Claim(level=2), [lot(2, TODAY, TODAY)]) == []
    assert steps(Claim(), [lot(2, TODAY - 1, TODAY - 1)]) == [(Kind.EXPIRE, -2, TODAY - 1)]


@pytest.mark.parametrize("ends", [None, TODAY + 4, TODAY + 300])
def test_who_falls_has_what_is_in_hand_for_thirty_days_and_who_is_back_loses_nothing(
    ends: int | None,
) -> None:
    assert steps(Claim(level=1), [lot(1, ends, ends)]) == [(Kind.HOLD, 0, TODAY + 30)]
    falling = lot(1, ends, TODAY + 30)
    assert steps(Claim(level=1), [falling], TODAY + 1) == []
    assert steps(Claim(level=1), [falling], TODAY + 31) == [(Kind.EXPIRE, -1, TODAY + 30)]
    back = [it for it in steps(Claim(level=2), [falling], TODAY + 2) if it[0] is not Kind.GRANT]
    assert back == ([] if ends == TODAY + 4 else [(Kind.HOLD, 0, ends)])


def test_what_staff_gave_is_nobodys_to_take_but_times() -> None:
    by_hand = lot(1, TODAY + 4, TODAY + 4, f"{BY_HAND}1")
    assert steps(Claim(), [by_hand]) == []
    assert steps(Claim(), [by_hand], TODAY + 5) == [(Kind.EXPIRE, -1, TODAY + 4)]


# --- the ledger ---

doings = st.lists(
    st.tuples(
        st.sampled_from(["night", "night", "use", "take", "give", "undo"]),
        st.integers(0, 3),  # days later
        st.integers(0, 3),  # level
        st.integers(0, 30),  # which
    ),
    max_size=14,
)


@pytest.fixture
def person(tx: Transaction) -> Person:
    return directory.meet(tx, "fake:main", [QING, ZHOU])[QING.id]


def night(tx: Transaction, person: Person, level: int, today: int) -> int:
    """How much it wrote."""
    lots = benefit_book.lots(tx.connection, [person.member_id]).get(person.member_id, [])
    found = list(due(person.member_id, Claim(level, grade=1), lots, SCORING, today))
    return sum(benefit_book.write(tx, Pen("main"), person, step) is not None for step in found)


def do(tx: Transaction, person: Person, what: str, today: int, level: int, which: int) -> None:
    lots = benefit_book.lots(tx.connection, [person.member_id]).get(person.member_id, [])
    usable = [it for it in lots if it.can_be_used(today)]
    entries = [row["id"] for row in rows(tx.connection, benefit_entry)]
    if what == "night":
        night(tx, person, level, today)
        assert night(tx, person, level, today) == 0  # played again it changes nothing
    elif what == "give":
        new = granted(MONTHLY, person.member_id, today, f"{BY_HAND}{len(entries)}")
        benefit_book.write(tx, Pen("main", 1), person, Step(new, Kind.GRANT, 1, new.until))
    elif what == "undo" and entries:
        benefit_book.undo(tx, Pen("main", 1), person, entries[which % len(entries)])
    elif usable:
        chosen = usable[which % len(usable)]
        kind, amount = (Kind.USE, -1) if what == "use" else (Kind.REVERSE, -chosen.balance)
        benefit_book.write(tx, Pen("main", 1), person, Step(chosen, kind, amount, chosen.until))


@settings(max_examples=40)
@given(doings)
def test_the_ledger_is_never_negative_and_its_balance_is_its_sum(
    tx: Transaction, person: Person, done: list[tuple[str, int, int, int]]
) -> None:
    for table in (benefit_entry, interaction):
        tx.connection.execute(table.delete())
    today = TODAY
    for what, later, level, which in done:
        today += later
        do(tx, person, what, today, level, which)
    sums: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    spent = 0
    for row in rows(tx.connection, benefit_entry):
        lot_of = (row["rule"], row["member_id"], row["period"])
        sums[lot_of] += row["amount"]
        assert row["balance"] == sums[lot_of] >= 0
        undone = rows(tx.connection, benefit_entry, undoes=row["id"])
        spent += row["cost"] if row["kind"] == Kind.USE and not undone else 0
    told = rows(tx.connection, interaction)
    assert len(told) == len([it for it in rows(tx.connection, benefit_entry) if it["kind"] != Kind.HOLD])
    assert sum(it["cost_cents"] or 0 for it in told) == spent


def test_the_same_step_is_written_once(tx: Transaction, person: Person) -> None:
    step = Step(granted(MONTHLY, person.member_id, TODAY, "2026-11"), Kind.GRANT, 2, TODAY + 4)
    assert benefit_book.write(tx, Pen("main"), person, step) is not None
    assert benefit_book.write(tx, Pen("other"), person, step) is None
    assert len(rows(tx.connection, interaction, name="benefit_granted")) == 1


def test_who_is_merged_has_both_ones_lots_and_is_granted_no_second_of_a_period(
    tx: Transaction, person: Person
) -> None:
    gone = directory.meet(tx, "fake:main", [ZHOU])[ZHOU.id]
    assert night(tx, gone, 2, TODAY) == 2
    entry = merging.merge(tx, gone.member_id, person.member_id, Why(Proof.STAFF))
    assert night(tx, person, 2, TODAY) == 0
    assert {it.rule for it in benefit_book.lots(tx.connection)[person.member_id]} == {"tasting", "letter"}
    merging.undo(tx, entry, None)
    assert night(tx, person, 2, TODAY) == 2


def test_more_than_there_is_cannot_be_used(tx: Transaction, person: Person) -> None:
    none = granted(MONTHLY, person.member_id, TODAY, "2026-11")
    with pytest.raises(ValueError, match="tasting"):
        benefit_book.write(tx, Pen("main"), person, Step(none, Kind.USE, -1, none.until))


# --- what members spend ---


def order(
    tx: Transaction, person: Person, name: str, id: str, cents: int, at: datetime, **props: Any
) -> None:
    row = log.entry(tx, "shop:youzan", f"{id}{name}{at}", name, at, identity_id=person.identity_id)
    log.append(tx, [{**row, "amount_cents": cents, "props": {"order_id": id, **props}}])


def test_an_order_is_worth_its_margin_else_what_was_paid_less_what_was_given_back(
    tx: Transaction, person: Person
) -> None:
    yesterday = MONDAY_9 - timedelta(days=1)
    order(tx, person, "order_paid", "1", 10_000, yesterday, margin=3_000)
    order(tx, person, "order_refunded", "1", 2_500, MONDAY_9)
    order(tx, person, "order_paid", "2", 5_000, yesterday)
    order(tx, person, "order_paid", "3", 80_000, MONDAY_9 - timedelta(days=366))
    order(tx, person, "order_refunded", "3", 80_000, yesterday)
    order(tx, person, "order_paid", "4", 900, yesterday)
    order(tx, person, "order_refunded", "4", 9_000, MONDAY_9)
    (found,) = spending.read(tx.connection, Purchase(), MONDAY_9)
    assert found == (person.member_id, 2_250 + 5_000, 0)


def test_grades_go_by_the_share_of_buyers_who_spent_less() -> None:
    cents = {member: member * 100 for member in range(1, 21)}
    graded = spending.grades({**cents, 99: 0}, Purchase())
    assert [graded[it] for it in (99, 1, 8, 9, 14, 15, 18, 19, 20)] == [0, 0, 0, 1, 1, 2, 2, 3, 3]
    assert set(spending.grades(dict.fromkeys(range(30), 500), Purchase()).values()) == {0}


def test_a_handful_of_buyers_has_no_grades() -> None:
    assert set(spending.grades({it: it for it in range(19)}, Purchase()).values()) == {0}
