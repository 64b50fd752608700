from __future__ import annotations

from datetime import timedelta

from bot.outbox.queue import Intent, Post, Priority, State, drop_waiting, enqueue, text
from bot.store.tables import outgoing
from tests.builders import MONDAY_9, rows
from tests.outbox.office import ACCOUNT, Office


def greeting(desk: Office, key: str = "hello") -> Post:
    return Post([text("早")], Intent.GIVE, Priority.POST, key, room_id=desk.room, sop_id="monday", cause_id=7)


def test_a_post_is_a_row_that_says_all_about_it(desk: Office) -> None:
    expires = MONDAY_9 + timedelta(hours=2)
    desk.post("早", mentions=[desk.person], sop_id="monday", run_id=3, cause_id=7, expires_at=expires)
    (row,) = rows(desk.connection, outgoing)
    assert row["payload"] == {"text": "早", "mentions": [desk.person], "quotes": []}
    assert (row["sop_id"], row["run_id"], row["cause_id"]) == ("monday", 3, 7)
    assert (row["state"], row["queued_at"], row["expires_at"]) == ("queued", MONDAY_9, expires)
    assert (row["room_id"], row["identity_id"], row["attempts"]) == (desk.room, None, 0)


def test_several_texts_are_one_post_in_their_order(desk: Office) -> None:
    post_id = desk.post("一", "二", "三", mentions=[desk.person])
    found = rows(desk.connection, outgoing)
    assert [(row["post_id"], row["sequence"], row["payload"]["text"]) for row in found] == [
        (post_id, 0, "一"),
        (post_id, 1, "二"),
        (post_id, 2, "三"),
    ]
    assert [row["payload"]["mentions"] for row in found] == [[desk.person], [], []]


def test_a_post_with_a_known_key_is_not_queued_again(desk: Office) -> None:
    tx = desk.tx
    assert enqueue(tx, ACCOUNT, greeting(desk)) is not None
    assert enqueue(tx, ACCOUNT, greeting(desk)) is None
    assert enqueue(tx, ACCOUNT, greeting(desk, "another")) is not None
    assert len(rows(desk.connection, outgoing)) == 2


def test_a_post_that_was_sent_is_not_queued_again_either(desk: Office) -> None:
    enqueue(desk.tx, ACCOUNT, greeting(desk))
    assert desk.send_all() == ["早"]
    assert enqueue(desk.tx, ACCOUNT, greeting(desk)) is None
    assert desk.send_all() == []


def test_the_sender_is_to_be_woken_for_what_is_new_alone(desk: Office) -> None:
    tx = desk.tx
    enqueue(tx, ACCOUNT, greeting(desk))
    assert tx.queued
    again = desk.tx
    enqueue(again, ACCOUNT, greeting(desk))
    assert not again.queued


def test_what_waits_for_a_disabled_room_is_dropped(desk: Office) -> None:
    desk.post("发着")
    on_its_way = desk.claim_message()
    desk.post("等着")
    desk.post("别的群", room=desk.other_room)
    drop_waiting(desk.tx, desk.room, "the room was disabled")
    assert desk.states() == [State.SENDING, State.DROPPED, State.QUEUED]
    desk.settle(on_its_way)
    assert desk.send_all() == ["别的群"]
    dropped = rows(desk.connection, outgoing, state="dropped")
    assert [(row["reason"], row["settled_at"]) for row in dropped] == [("the room was disabled", MONDAY_9)]
