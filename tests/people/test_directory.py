from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.events import Chat, Person
from bot.people import directory
from bot.store.tables import identity, member, membership, room, room_address
from bot.store.transaction import Transaction
from tests.builders import KEY, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, rows

ACCOUNT, SOURCE = "main", "fake:main"
MINUTE = timedelta(minutes=1)


def meet(tx: Transaction, person: Person = QING) -> directory.Person:
    return directory.meet(tx, SOURCE, [person])[person.id]


def speak(tx: Transaction, room_id: int, who: int, alias: str = "", at: datetime = MONDAY_9) -> None:
    directory.note_present(tx, {(room_id, who): (alias, at)})


def enabled_room(tx: Transaction) -> int:
    return directory.bind_room(tx, ACCOUNT, ROOM, KEY).id


# --- rooms ---


def test_a_chat_becomes_a_room_under_its_key(tx: Transaction) -> None:
    bound = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    assert (bound.key, bound.title, bound.enabled) == (KEY, "原野一群", True)
    assert directory.rooms_at(tx, ACCOUNT, [ROOM.id, "elsewhere"]) == {ROOM.id: bound}
    assert directory.rooms_of(tx, ACCOUNT) == [bound]
    assert directory.room_by_id(tx, bound.id) == bound


def test_a_chat_that_another_account_has_enabled_is_its_room_and_not_ours(tx: Transaction) -> None:
    theirs = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    assert theirs.account == ACCOUNT
    assert directory.rooms_at(tx, "another", [ROOM.id]) == {ROOM.id: theirs}
    assert directory.our_room(tx, "another", ROOM) is None
    assert directory.rooms_of(tx, "another") == []
    assert directory.rooms_by_key(tx) == {KEY: theirs}


def test_a_chat_that_another_account_has_disabled_is_nobodys(tx: Transaction) -> None:
    directory.disable_room(tx, enabled_room(tx))
    assert directory.rooms_at(tx, "another", [ROOM.id]) == {}


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_a_chat_that_one_account_disabled_is_enabled_by_another_as_a_room_of_its_own(
    tx: Transaction, key: str
) -> None:
    before = enabled_room(tx)
    directory.disable_room(tx, before)
    after = directory.bind_room(tx, "another", ROOM, key)
    assert after.id != before
    for account in (ACCOUNT, "another"):
        assert directory.rooms_at(tx, account, [ROOM.id]) == {ROOM.id: after}
    assert [room.enabled for room in directory.rooms_of(tx, ACCOUNT)] == ([] if key == KEY else [False])


def test_the_key_of_a_room_that_another_account_has_enabled_cannot_be_had(tx: Transaction) -> None:
    theirs = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    with pytest.raises(IntegrityError), tx.savepoint():
        directory.bind_room(tx, "another", OTHER_ROOM, KEY)
    assert directory.rooms_by_key(tx) == {KEY: theirs}


def test_a_room_whose_chat_has_another_id_goes_on_there(tx: Transaction) -> None:
    before = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    directory.rebind_room(tx, before, Chat("new-id"))
    assert directory.rooms_at(tx, ACCOUNT, [ROOM.id, "new-id"]) == {"new-id": before}
    directory.rebind_room(tx, before, Chat(ROOM.id, "新名字"))
    assert directory.rooms_at(tx, ACCOUNT, [ROOM.id, "new-id"]) == {ROOM.id: replace(before, title="新名字")}


def test_what_a_chat_was_is_let_go_when_another_room_moves_there(tx: Transaction) -> None:
    moved, there = enabled_room(tx), directory.bind_room(tx, ACCOUNT, OTHER_ROOM, OTHER_KEY)
    directory.rebind_room(tx, directory.rooms_by_key(tx)[KEY], OTHER_ROOM)
    assert [room.id for room in directory.rooms_of(tx, ACCOUNT)] == [moved]
    (row,) = rows(tx.connection, room, id=there.id)
    assert (row["key"], row["disabled_at"]) == (None, MONDAY_9)


def test_nobody_asks_for_no_rooms(tx: Transaction) -> None:
    assert directory.rooms_at(tx, ACCOUNT, []) == {}


def test_a_key_that_moves_to_another_chat_is_another_room(tx: Transaction) -> None:
    before = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    after = directory.bind_room(tx, ACCOUNT, OTHER_ROOM, KEY)
    assert after.id != before.id
    assert directory.rooms_at(tx, ACCOUNT, [ROOM.id, OTHER_ROOM.id]) == {OTHER_ROOM.id: after}
    assert [(row["key"], row["disabled_at"]) for row in rows(tx.connection, room)] == [
        (None, MONDAY_9),
        (KEY, None),
    ]


def test_a_chat_that_gets_another_key_is_another_room(tx: Transaction) -> None:
    before = directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    after = directory.bind_room(tx, ACCOUNT, ROOM, OTHER_KEY)
    assert after.id != before.id
    assert directory.rooms_of(tx, ACCOUNT) == [after]
    assert len(rows(tx.connection, room_address)) == 1


def test_a_disabled_room_is_known_and_can_be_enabled_again(tx: Transaction) -> None:
    room_id = enabled_room(tx)
    directory.disable_room(tx, room_id)
    assert [known.enabled for known in directory.rooms_of(tx, ACCOUNT)] == [False]
    assert directory.bind_room(tx, ACCOUNT, ROOM, KEY).id == room_id
    assert [known.enabled for known in directory.rooms_of(tx, ACCOUNT)] == [True]


def test_a_room_bears_its_new_title(tx: Transaction) -> None:
    room_id = enabled_room(tx)
    directory.rename_room(tx, room_id, "新名字")
    renamed = directory.room_by_id(tx, room_id)
    assert renamed is not None
    assert renamed.title == "新名字"


def test_rooms_are_listed_by_key(tx: Transaction) -> None:
    directory.bind_room(tx, ACCOUNT, OTHER_ROOM, OTHER_KEY)
    directory.bind_room(tx, ACCOUNT, ROOM, KEY)
    assert [known.key for known in directory.rooms_of(tx, ACCOUNT)] == [KEY, OTHER_KEY]


def test_there_is_no_room_with_an_unknown_id(tx: Transaction) -> None:
    assert directory.room_by_id(tx, 999) is None


# --- people ---


def test_who_is_new_becomes_a_member_with_a_short_number(tx: Transaction) -> None:
    met = directory.meet(tx, SOURCE, [QING, ZHOU])
    assert [(met[it.id].number, met[it.id].name) for it in (QING, ZHOU)] == [(1, "阿青"), (2, "老周")]
    assert [row["id"] for row in rows(tx.connection, member)] == [
        met[QING.id].member_id,
        met[ZHOU.id].member_id,
    ]


def test_who_is_known_stays_the_same_person(tx: Transaction) -> None:
    assert meet(tx) == meet(tx)
    assert len(rows(tx.connection, member)) == len(rows(tx.connection, identity)) == 1


def test_the_same_id_at_another_source_is_another_person(tx: Transaction) -> None:
    here, there = meet(tx), directory.meet(tx, "console:demo", [QING])[QING.id]
    assert here.identity_id != there.identity_id
    assert directory.known_people(tx, "console:demo", [QING.id]) == {QING.id: there}


def test_a_new_name_is_kept_and_a_missing_one_is_not(tx: Transaction) -> None:
    meet(tx)
    meet(tx, Person(QING.id, "青青"))
    assert meet(tx).identity_id == meet(tx, Person(QING.id, "")).identity_id
    meet(tx, Person(QING.id, "青青"))
    meet(tx, Person(QING.id, ""))
    assert [row["name"] for row in rows(tx.connection, identity)] == ["青青"]


def test_to_ask_for_people_makes_nobody_known(tx: Transaction) -> None:
    assert directory.known_people(tx, SOURCE, [QING.id]) == {}
    assert directory.known_people(tx, SOURCE, []) == {}
    assert rows(tx.connection, identity) == []


def test_people_are_called_by_their_alias_in_a_room(tx: Transaction) -> None:
    room_id, qing, zhou = enabled_room(tx), meet(tx).identity_id, meet(tx, ZHOU).identity_id
    speak(tx, room_id, qing, "青姐")
    assert directory.shown_names(tx, [qing, zhou], room_id) == {qing: "青姐", zhou: "老周"}
    assert directory.shown_names(tx, [qing], None) == {qing: "阿青"}


# --- who is where ---


def test_who_speaks_is_present(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    directory.note_present(tx, {})
    speak(tx, room_id, qing)
    speak(tx, room_id, qing, "青姐")
    speak(tx, room_id, qing)
    (row,) = rows(tx.connection, membership)
    assert (row["alias"], row["ordinal"], row["joined_at"], row["left_at"]) == ("青姐", 1, None, None)


def test_a_join_counts_once_however_often_it_is_told(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    assert directory.join(tx, room_id, qing, MONDAY_9, "") == 1
    assert directory.join(tx, room_id, qing, MONDAY_9 + MINUTE, "") is None


def test_a_join_that_is_told_after_the_first_words_still_counts(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    speak(tx, room_id, qing, "青姐")
    assert directory.join(tx, room_id, qing, MONDAY_9, "") == 1
    (row,) = rows(tx.connection, membership)
    assert (row["alias"], row["joined_at"]) == ("青姐", MONDAY_9)


def test_a_return_is_a_new_stay(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    stays = []
    for day in range(3):
        at = MONDAY_9 + timedelta(days=day)
        stays.append(directory.join(tx, room_id, qing, at, ""))
        stays.append(directory.leave(tx, room_id, qing, at + MINUTE))
    assert stays == [1, 1, 2, 2, 3, 3]


def test_a_return_that_is_told_after_the_first_words_is_one_new_stay(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    directory.join(tx, room_id, qing, MONDAY_9, "")
    directory.leave(tx, room_id, qing, MONDAY_9 + MINUTE)
    speak(tx, room_id, qing, at=MONDAY_9 + 2 * MINUTE)
    assert directory.join(tx, room_id, qing, MONDAY_9 + 2 * MINUTE, "") == 2
    assert directory.join(tx, room_id, qing, MONDAY_9 + 3 * MINUTE, "") is None


def test_who_returned_without_a_word_from_the_platform_leaves_a_second_time(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    directory.join(tx, room_id, qing, MONDAY_9, "")
    assert directory.leave(tx, room_id, qing, MONDAY_9 + MINUTE) == 1
    speak(tx, room_id, qing, at=MONDAY_9 + 2 * MINUTE)
    assert directory.leave(tx, room_id, qing, MONDAY_9 + 2 * MINUTE) == 2


def test_words_that_were_said_before_somebody_left_do_not_bring_them_back(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    directory.join(tx, room_id, qing, MONDAY_9, "")
    directory.leave(tx, room_id, qing, MONDAY_9 + MINUTE)
    speak(tx, room_id, qing)
    assert rows(tx.connection, membership)[0]["left_at"] == MONDAY_9 + MINUTE


def test_who_was_not_there_does_not_leave(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    assert directory.leave(tx, room_id, qing, MONDAY_9) is None
    directory.join(tx, room_id, qing, MONDAY_9, "")
    assert directory.leave(tx, room_id, qing, MONDAY_9) == 1
    assert directory.leave(tx, room_id, qing, MONDAY_9) is None


def test_rooms_do_not_share_their_members(tx: Transaction) -> None:
    room_id, qing = enabled_room(tx), meet(tx).identity_id
    other = directory.bind_room(tx, ACCOUNT, Chat("room-2"), OTHER_KEY).id
    directory.join(tx, room_id, qing, MONDAY_9, "")
    assert directory.join(tx, other, qing, MONDAY_9, "") == 1
    assert directory.leave(tx, room_id, qing, MONDAY_9) == 1
    assert directory.leave(tx, other, qing, MONDAY_9) == 1
