"""Who was forgotten stays so, whatever is imported or restored; who speaks again is somebody new."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from bot.people import directory
from bot.rights import due, keeping, tombstones
from bot.rights.erase import of_account, of_member
from bot.rights.folder import Folder
from bot.store import log
from bot.store.rights import tombstone
from bot.store.tables import identity, interaction, member, run
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, QING, ZHOU, Boom, rows
from tests.ingest.shop import KEY, take, written

LATER = MONDAY_9 + timedelta(days=1)
ORDERS = ("订单号", "买家编号", "金额", "付款时间", "手机")
PAID = [
    ("A1", "C1", "59.90", "2026-11-01 09:05", "13800001111"),
    ("A2", "C2", "29.90", "2026-11-02 09:05", ""),
]


def shop_order(writer: Writer, folder: Path) -> None:
    take(writer, written(folder / "orders.csv", ORDERS, PAID))


def account(tx: Transaction, external_id: str) -> int:
    query = select(identity.c.id).where(identity.c.external_id == external_id)
    return int(tx.connection.execute(query).scalar_one())


def test_a_buyer_who_was_forgotten_is_not_imported_again(writer: Writer, tmp_path: Path) -> None:
    shop_order(writer, tmp_path)
    with writer.transaction(LATER) as tx:
        due.forget(tx, of_account(tx, account(tx, "C1")), KEY)
    outcome = take(writer, written(tmp_path / "again.csv", ORDERS, PAID))
    assert (outcome.tally.new, outcome.tally.unchanged) == (0, 1)
    assert outcome.tally.refused == {"本人要求忘记，不再收": 1}
    with writer.transaction(LATER) as tx:
        left = rows(tx.connection, interaction, name="order_paid")
        assert [row["amount_cents"] for row in left] == [5990, 2990]
        assert [row["props"]["order_id"] for row in left] == ["A1", "A2"]
        ids = sorted(str(it) for it in tx.connection.scalars(select(identity.c.external_id)))
    assert "C1" not in ids
    assert "C2" in ids


def test_nor_under_another_number_with_the_same_phone(writer: Writer, tmp_path: Path) -> None:
    shop_order(writer, tmp_path)
    with writer.transaction(LATER) as tx:
        due.forget(tx, of_account(tx, account(tx, "C1")), KEY)
    other = [("A9", "C9", "10.00", "2026-11-03 09:05", "13800001111")]
    assert take(writer, written(tmp_path / "again.csv", ORDERS, other)).tally.new == 0


def test_who_speaks_again_is_somebody_new(writer: Writer) -> None:
    with writer.transaction(MONDAY_9) as tx:
        before = directory.meet(tx, "fake:main", [QING])[QING.id]
        due.forget(tx, of_member(tx, before.member_id), KEY)
        after = directory.meet(tx, "fake:main", [QING])[QING.id]
        assert after.member_id != before.member_id
        assert directory.member_numbered(tx, before.number, "main") is None


def forgotten_and_restored(writer: Writer, folder: Path) -> int:
    """A member is forgotten, and a backup brings them back; gives their id."""
    with writer.transaction(MONDAY_9) as tx:
        person = directory.meet(tx, "fake:main", [QING])[QING.id]
        kept = [dict(row) for row in rows(tx.connection, identity)]
    with writer.transaction(LATER) as tx:
        dead = due.forget(tx, of_member(tx, person.member_id), KEY)
        tombstones.write(folder, dead)
    with writer.transaction(LATER) as tx:
        for table in (identity, tombstone):
            tx.connection.execute(delete(table))
        tx.connection.execute(insert(identity), kept)
    return person.member_id


def test_a_restored_backup_brings_nobody_back(writer: Writer, tmp_path: Path) -> None:
    forgotten_and_restored(writer, tmp_path)
    with writer.transaction(LATER) as tx:
        assert due.apply_file(tx, KEY, Folder(tmp_path)) == 1
        assert [row["name"] for row in rows(tx.connection, identity)] == [""]
        assert due.apply_file(tx, KEY, Folder(tmp_path)) == 0


def test_whoever_came_after_that_stays_in_a_restored_backup(writer: Writer, tmp_path: Path) -> None:
    member_id = forgotten_and_restored(writer, tmp_path)
    with writer.transaction(LATER) as tx:
        later = LATER + timedelta(days=1)
        tx.connection.execute(member.update().where(member.c.id == member_id).values(created_at=later))
        assert due.apply_file(tx, KEY, Folder(tmp_path)) == 0
        assert [row["name"] for row in rows(tx.connection, identity)] == [QING.name]


def test_the_file_learns_what_a_crash_kept_from_it(writer: Writer, tmp_path: Path) -> None:
    with writer.transaction(MONDAY_9) as tx:
        person = directory.meet(tx, "fake:main", [QING])[QING.id]
        dead = due.forget(tx, of_member(tx, person.member_id), KEY)
        due.apply_file(tx, KEY, Folder(tmp_path))
    assert tombstones.read(tmp_path) == dead


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    tombstones.write(tmp_path, {"a": MONDAY_9})
    with (tmp_path / tombstones.FILE).open("a") as file:
        file.write('{"digest": "b", "a')
    assert tombstones.read(tmp_path) == {"a": MONDAY_9}


def test_what_fails_stays_small_and_is_tried_again(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    with writer.transaction(MONDAY_9) as tx:
        person = directory.meet(tx, "fake:main", [QING])[QING.id]
        due.plan(tx, person.member_id)
    with monkeypatch.context() as patched, writer.transaction(LATER) as tx:
        patched.setattr(due, "erase", boom)
        due.tick(tx, KEY, None)
        assert [row["name"] for row in rows(tx.connection, identity)] == [QING.name]
        assert due.next_due(tx) == LATER + due.TRY_AGAIN
    with writer.transaction(LATER + due.TRY_AGAIN) as tx:
        due.tick(tx, KEY, None)
        assert [row["name"] for row in rows(tx.connection, identity)] == [""]
        assert due.next_due(tx) is None


def boom(*_: object) -> None:
    raise Boom


def test_answers_are_kept_for_a_month_after_their_member_left(writer: Writer) -> None:
    with writer.transaction(MONDAY_9) as tx:
        answered = {it.id: directory.meet(tx, "fake:main", [it])[it.id].identity_id for it in (QING, ZHOU)}
        for identity_id in answered.values():
            submit(tx, identity_id)
            directory.join(tx, 1, identity_id, MONDAY_9, "")
        directory.leave(tx, 1, answered[QING.id], LATER)
    for moment, left in ((LATER + timedelta(days=29), 2), (LATER + timedelta(days=30), 1)):
        with writer.transaction(moment) as tx:
            keeping.forget_answers(tx)
            props = [row["props"] for row in rows(tx.connection, interaction)]
        assert sum("answers" in it for it in props) == left
        assert [it["fit"] for it in props] == [2, 2]


def submit(tx: Transaction, identity_id: int) -> None:
    """That somebody answered the questionnaire."""
    props = {"fit": 2, "answers": {"q1": "我"}}
    row = log.entry(
        tx, "sop:w", str(identity_id), "questionnaire_submitted", tx.now, identity_id=identity_id, props=props
    )
    log.append(tx, [row])
    a_run = {"id": tx.new_id(), "account": "main", "sop_id": "w", "sop_hash": "", "state": {}}
    scope = {"scope": f"member:{identity_id}", "occurrence": "questionnaire", "identity_id": identity_id}
    tx.connection.execute(insert(run).values(**a_run, **scope, opened_at=tx.now, state_version=1))
