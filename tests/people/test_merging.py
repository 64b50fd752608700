from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bot.events import Person as SeenPerson
from bot.people import consent, directory, merging, phones, roles, tag_wishes, tags
from bot.people.consent import CONTACT
from bot.people.directory import Person
from bot.people.merging import Kind, Proof, Why
from bot.people.tags import Tag
from bot.store.session import insert_new
from bot.store.tables import consent as consents
from bot.store.tables import identity, identity_log, member
from bot.store.tables import role as role_table
from bot.store.tables import tag as tag_table
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, QING, ZHOU, Boom, rows

ACCOUNT, SOURCE = "main", "fake:main"
STAFF = Why(Proof.STAFF, by=1, reason="同一个人")


@pytest.fixture
def two(tx: Transaction) -> tuple[Person, Person]:
    known = directory.meet(tx, SOURCE, [QING, ZHOU])
    return known[QING.id], known[ZHOU.id]


def shop_account(tx: Transaction, name: str, phone: str | None = None) -> int:
    row = {"id": tx.new_id(), "source": "shop/yuanye", "external_id": name, "member_id": None, "name": ""}
    insert_new(tx.connection, identity, [{**row, "phone": phone}])
    return int(str(row["id"]))


def whose(tx: Transaction) -> dict[int, int | None]:
    return {row["id"]: row["member_id"] for row in rows(tx.connection, identity)}


def test_who_is_merged_is_found_by_either_number(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    assert set(whose(tx).values()) == {qing.member_id}
    found = directory.member_numbered(tx, zhou.number, ACCOUNT)
    assert found is not None
    assert (found.member_id, found.number) == (qing.member_id, qing.number)
    assert directory.number_of(tx, zhou.identity_id) == qing.number


def test_what_moved_is_on_record(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    entry = merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    merging.undo(tx, entry, by=2)
    (row,) = rows(tx.connection, identity_log)
    assert (row["kind"], row["from_id"], row["to_id"]) == ("merged", zhou.member_id, qing.member_id)
    assert (row["moved"], row["proof"], row["reason"]) == ([zhou.identity_id], "staff", "同一个人")
    assert (row["by_id"], row["at"], row["ended_at"], row["ended_by"]) == (1, MONDAY_9, MONDAY_9, 2)


def test_nobody_is_merged_with_themselves_or_twice(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    for gone, stays in ((qing.member_id,) * 2, (zhou.member_id, qing.member_id)):
        with pytest.raises(ValueError, match="cannot be merged"):
            merging.merge(tx, gone, stays, STAFF)


def test_what_was_undone_is_not_undone_again(tx: Transaction, two: tuple[Person, Person]) -> None:
    entry = merging.merge(tx, two[0].member_id, two[1].member_id, STAFF)
    merging.undo(tx, entry, None)
    again = merging.numbered(tx, entry.number)
    assert again is not None
    with pytest.raises(ValueError, match="undone before"):
        merging.undo(tx, again, None)


# --- what is kept by member ---


def test_a_no_of_either_is_a_no_of_both_and_stays_where_it_was(
    tx: Transaction, two: tuple[Person, Person]
) -> None:
    qing, zhou = two
    consent.decide(tx, zhou.member_id, CONTACT, given=False, cause=None)
    entry = merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    assert consent.declined(tx, qing.member_id, CONTACT)
    assert consent.opted_out(tx, [qing.member_id]) == {qing.member_id}
    merging.undo(tx, entry, None)
    assert consent.opted_out(tx, [qing.member_id, zhou.member_id]) == {zhou.member_id}


def test_a_no_of_their_time_as_one_stays_a_no_of_both(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    entry = merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    tx.now += timedelta(hours=1)
    consent.decide(tx, qing.member_id, CONTACT, given=False, cause=None)
    merging.undo(tx, entry, None)
    assert consent.opted_out(tx, [qing.member_id, zhou.member_id]) == {qing.member_id, zhou.member_id}


def test_a_later_yes_holds_over_an_earlier_no(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    consent.decide(tx, zhou.member_id, CONTACT, given=False, cause=None)
    merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    tx.now += timedelta(hours=1)
    consent.decide(tx, qing.member_id, CONTACT, given=True, cause=None)
    assert consent.opted_out(tx, [qing.member_id]) == set()


def test_roles_of_both_are_one_persons(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    roles.give(tx, zhou.member_id, roles.ADMIN, given_by=None)
    entry = merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    assert roles.roles(tx) == {qing.member_id: {roles.ADMIN}}
    assert [person.number for person in roles.holders(tx, roles.ADMIN, ACCOUNT)] == [qing.number]
    assert roles.has_admin(tx, SOURCE)
    merging.undo(tx, entry, None)
    assert roles.roles(tx) == {zhou.member_id: {roles.ADMIN}}


def test_a_role_is_taken_back_wherever_it_came_from(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    roles.give(tx, zhou.member_id, "厨师", given_by=None)
    merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    assert roles.take(tx, qing.member_id, "厨师", taken_by=None)
    assert roles.roles(tx) == {}


def test_tags_of_both_are_one_persons_and_a_refusal_of_either(
    tx: Transaction, two: tuple[Person, Person]
) -> None:
    qing, zhou = two
    tags.put(tx, qing, Tag("烹饪热情", 1.0), 7)
    tags.put(tx, zhou, Tag("办公室", 0.5), 8)
    tags.put(tx, zhou, Tag("烹饪热情", 0.5, source="message"), 9)
    tag_wishes.refuse(tx, zhou.member_id, "烹饪热情")
    entry = merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    assert list(tags.of(tx, qing.member_id)) == ["办公室"]
    assert tags.holders(tx, ["办公室", "烹饪热情"]) == {qing.member_id: 0.5}
    assert not tags.put(tx, qing, Tag("烹饪热情", 1.0), 10)
    merging.undo(tx, entry, None)
    assert list(tags.of(tx, qing.member_id)) == ["烹饪热情"]
    assert list(tags.of(tx, zhou.member_id)) == ["办公室"]


# --- accounts that are nobody's ---


def test_an_account_is_linked_and_nobodys_again(tx: Transaction, two: tuple[Person, Person]) -> None:
    qing, zhou = two
    account = shop_account(tx, "s-1")
    entry = merging.link(tx, [account, zhou.identity_id], qing.member_id, STAFF)
    assert entry is not None
    assert entry.moved == (account,)
    assert whose(tx)[account] == qing.member_id
    assert whose(tx)[zhou.identity_id] == zhou.member_id
    merging.undo(tx, entry, None)
    assert whose(tx)[account] is None
    assert merging.link(tx, [zhou.identity_id], qing.member_id, STAFF) is None


def test_a_phone_of_shop_and_member_links_what_is_nobodys(
    tx: Transaction, two: tuple[Person, Person]
) -> None:
    qing, zhou = two
    account = shop_account(tx, "s-1", phone="hash-1")
    given, entry = phones.give(tx, qing, "hash-1")
    assert given is phones.Given.NOTED
    assert entry is not None
    assert (entry.kind, entry.moved) == (Kind.LINKED, (account,))
    assert phones.give(tx, qing, "hash-1") == (phones.Given.KNOWN, None)
    assert phones.give(tx, qing, "hash-2") == (phones.Given.HAS_ANOTHER, None)
    assert phones.forget(tx, qing.member_id, by=qing.member_id)
    assert whose(tx) == {
        account: None,
        qing.identity_id: qing.member_id,
        zhou.identity_id: zhou.member_id,
    }
    assert not phones.forget(tx, qing.member_id, by=qing.member_id)


def test_a_phone_that_two_give_moves_nothing_and_is_noted_once(
    tx: Transaction, two: tuple[Person, Person]
) -> None:
    qing, zhou = two
    phones.give(tx, qing, "hash-1")
    before = whose(tx)
    given, entry = phones.give(tx, zhou, "hash-1")
    assert given is phones.Given.CLAIMED
    assert entry is not None
    assert phones.give(tx, zhou, "hash-1") == (phones.Given.CLAIMED, None)
    assert whose(tx) == before
    assert merging.open_claims(tx) == [entry]
    merging.merge(tx, zhou.member_id, qing.member_id, STAFF)
    assert merging.open_claims(tx) == []


def test_a_phone_whose_shop_account_staff_gave_to_another_is_claimed(
    tx: Transaction, two: tuple[Person, Person]
) -> None:
    qing, zhou = two
    merging.link(tx, [shop_account(tx, "s-1", phone="hash-1")], qing.member_id, STAFF)
    assert phones.give(tx, zhou, "hash-1")[0] is phones.Given.CLAIMED


# --- the law ---

PEOPLE = 6
STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "undo"]), st.integers(0, 99), st.integers(0, 99)), max_size=25
)


@contextmanager
def thrown_away(writer: Writer) -> Iterator[Transaction]:
    """What is done inside never was."""
    try:
        with writer.transaction(MONDAY_9) as tx:
            yield tx
            raise Boom
    except Boom:
        pass


def everything(tx: Transaction) -> list[object]:
    tables = (identity, member, role_table, tag_table, consents)
    return [list(map(tuple, tx.connection.execute(select(t).order_by(*t.primary_key)))) for t in tables]


def furnish(tx: Transaction) -> list[int]:
    """Six members with one to three accounts each, and something that is kept by member."""
    found = []
    for n in range(PEOPLE):
        seen = [SeenPerson(f"p{n}", f"人{n}")]
        person = directory.meet(tx, SOURCE, seen)[f"p{n}"]
        merging.link(tx, [shop_account(tx, f"s{n}-{it}") for it in range(n % 3)], person.member_id, STAFF)
        tags.put(tx, person, Tag(f"标签{n % 2}", n / 10), n)
        consent.decide(tx, person.member_id, CONTACT, given=n % 2 == 0, cause=None)
        roles.give(tx, person.member_id, f"角色{n % 2}", given_by=None)
        found.append(person.member_id)
    return found


def held(tx: Transaction, members: list[int]) -> list[object]:
    """What is read of each."""
    now = [(tags.of(tx, it), consent.declined(tx, it, CONTACT)) for it in members]
    return [now, roles.roles(tx), tags.holders(tx, ["标签0", "标签1"])]


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_splitting_whatever_was_merged_restores_everything(
    law_writer: Writer, steps: list[tuple[str, int, int]], shuffled: object
) -> None:
    with thrown_away(law_writer) as tx:
        members = furnish(tx)
        before = everything(tx), held(tx, members)
        tx.now += timedelta(seconds=1)
        open_ones: list[merging.Entry] = []
        for what, a, b in steps:
            tops = sorted({merging.top(tx, it) for it in members})
            gone, stays = tops[a % len(tops)], tops[b % len(tops)]
            if what == "merge" and gone != stays:
                open_ones.append(merging.merge(tx, gone, stays, STAFF))
            elif what == "undo" and open_ones:
                merging.undo(tx, open_ones.pop(a % len(open_ones)), None)
            assert one_profile_each(tx, members)
        shuffled.shuffle(open_ones)  # type: ignore[attr-defined]
        for entry in open_ones:
            merging.undo(tx, entry, None)
        assert (everything(tx), held(tx, members)) == before


def one_profile_each(tx: Transaction, members: list[int]) -> bool:
    """Each identity is the one's at the top of its origin, by the merges that stand and nothing else."""
    stands = select(identity_log.c.from_id, identity_log.c.to_id).where(
        identity_log.c.ended_at.is_(None), identity_log.c.kind == Kind.MERGED
    )
    above = dict(map(tuple, tx.connection.execute(stands)))

    def climb(member_id: int) -> int:
        return climb(above[member_id]) if member_id in above else member_id

    found = rows(tx.connection, identity)
    homes = {row["id"]: row["origin_id"] or row["member_id"] for row in found}
    assert {it: merging.top(tx, it) for it in members} == {it: climb(it) for it in members}
    return {row["id"]: row["member_id"] for row in found} == {it: climb(home) for it, home in homes.items()}


@pytest.fixture
def law_writer(sqlite_engine: Engine) -> Iterator[Writer]:
    writer = Writer(sqlite_engine)
    yield writer
    writer.close()
