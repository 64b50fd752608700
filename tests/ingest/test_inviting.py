"""Invite codes in orders and lists of members: whoever bought by a code was brought by its owner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.events import Person as SeenPerson
from bot.ingest.inviting import NOT_SO, UNKNOWN
from bot.people import directory, invites, referrals
from bot.people.directory import Person
from bot.store.tables import identity, interaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, QING, ZHOU, rows
from tests.ingest.shop import take, written

COLUMNS = ("订单号", "买家", "实付金额", "付款时间", "邀请码")
OLD = MONDAY_9 - timedelta(days=60)


@pytest.fixture
def qing(writer: Writer) -> Person:
    """She has been here for two months, and has the code CHAN22."""
    return _met(writer, QING, "CHAN22")


def _met(writer: Writer, seen: SeenPerson, code: str) -> Person:
    with writer.transaction(OLD) as tx:
        person = directory.meet(tx, "fake:main", [seen])[seen.id]
        invites.give(tx, person.member_id, code)
    return person


def test_the_first_order_with_a_code_tells_who_brought_its_buyer(
    writer: Writer, tmp_path: Path, qing: Person
) -> None:
    _met(writer, ZHOU, "CHAN23")
    lines = [
        ("A2", "C1", "20", "2026-11-02 10:00", "CHAN23"),
        ("A1", "C1", "59.90", "2026-11-01 09:05", "chan22"),
        ("A3", "C2", "20", "2026-11-02 10:00", ""),
        ("A4", "C3", "20", "2026-11-02 10:00", "NOSUCH"),
        ("A5", "C4", "20", "2026-09-01 10:00", "CHAN22"),
    ]
    outcome = take(writer, written(tmp_path / "orders.csv", COLUMNS, lines))
    assert dict(outcome.tally.notes) == {UNKNOWN: 1, NOT_SO: 1}
    with writer.engine.connect() as connection:
        (row,) = rows(connection, interaction, name="member_referred")
        (buyer,) = rows(connection, identity, external_id="C1")
        assert (row["identity_id"], row["target_identity_id"]) == (buyer["id"], qing.identity_id)
        assert (row["props"], row["channel"]) == ({"by": "code"}, "shop")
        assert set(referrals.brought_by(connection, [qing.member_id])) == {-buyer["id"]}


def test_told_again_it_changes_nothing(writer: Writer, tmp_path: Path, qing: Person) -> None:
    path = written(tmp_path / "orders.csv", COLUMNS, [("A1", "C1", "9", "2026-11-01 09:05", "CHAN22")])
    take(writer, path, dry=True)
    with writer.engine.connect() as connection:
        assert rows(connection, interaction) == []
    for _ in range(2):
        take(writer, path)
    with writer.engine.connect() as connection:
        assert len(rows(connection, interaction, name="member_referred")) == 1


def test_a_list_of_members_may_say_so(writer: Writer, tmp_path: Path, qing: Person) -> None:
    with writer.transaction(MONDAY_9 - timedelta(days=1)) as tx:
        zhou = directory.meet(tx, "fake:main", [ZHOU])[ZHOU.id]
    columns = ("M编号", "买家编号", "邀请码")
    path = written(tmp_path / "members.csv", columns, [(f"M{zhou.number}", "C9", "CHAN22")])
    take(writer, path, "members")
    with writer.engine.connect() as connection:
        assert set(referrals.brought_by(connection, [qing.member_id])) == {zhou.member_id}
