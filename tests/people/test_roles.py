from __future__ import annotations

from sqlalchemy import update

from bot.people import directory, roles
from bot.store.tables import role
from bot.store.transaction import Transaction
from tests.builders import KEY, MONDAY_9, QING, ROOM, rows

ACCOUNT, SOURCE = "main", "fake:main"


def test_roles_are_told_by_member(tx: Transaction) -> None:
    roles.give(tx, 1, roles.ADMIN, given_by=None)
    roles.give(tx, 1, "厨师", given_by=1)
    roles.give(tx, 2, "厨师", given_by=1)
    assert roles.roles(tx) == {1: {roles.ADMIN, "厨师"}, 2: {"厨师"}}
    assert [(row["given_at"], row["given_by"]) for row in rows(tx.connection, role, member_id=2)] == [
        (MONDAY_9, 1)
    ]


def met(tx: Transaction, source: str = SOURCE) -> int:
    return directory.meet(tx, source, [QING])[QING.id].member_id


def test_a_role_that_was_taken_back_is_not_in_force(tx: Transaction) -> None:
    roles.give(tx, met(tx), roles.ADMIN, given_by=None)
    assert roles.has_admin(tx, SOURCE)
    tx.connection.execute(update(role).values(taken_at=tx.now))
    assert roles.roles(tx) == {}
    assert not roles.has_admin(tx, SOURCE)
    assert len(rows(tx.connection, role)) == 1


def test_who_is_no_admin_does_not_make_the_bot_claimed(tx: Transaction) -> None:
    roles.give(tx, met(tx), "运营", given_by=None)
    assert not roles.has_admin(tx, SOURCE)


def test_an_admin_whom_another_account_knows_is_none_to_this_one(tx: Transaction) -> None:
    roles.give(tx, met(tx, "fake:other"), roles.ADMIN, given_by=None)
    met(tx)
    assert not roles.has_admin(tx, SOURCE)


def test_only_who_is_in_an_enabled_room_is_no_stranger(tx: Transaction) -> None:
    qing = directory.meet(tx, SOURCE, [QING])[QING.id].identity_id
    room_id = directory.bind_room(tx, ACCOUNT, ROOM, KEY).id
    assert not roles.is_in_a_room(tx, qing)
    directory.note_present(tx, {(room_id, qing): ("", MONDAY_9)})
    assert roles.is_in_a_room(tx, qing)
    directory.disable_room(tx, room_id)
    assert not roles.is_in_a_room(tx, qing)
    directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    directory.leave(tx, room_id, qing, MONDAY_9)
    assert not roles.is_in_a_room(tx, qing)
