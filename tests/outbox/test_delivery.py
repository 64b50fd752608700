from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.channels.base import Message
from bot.outbox import delivery
from bot.outbox.pace import Pace
from bot.outbox.queue import Priority, State
from bot.people import directory
from bot.store.tables import outgoing
from tests.builders import KEY, MONDAY_9, OTHER_ROOM, QING, ROOM, ZHOU, rows
from tests.outbox.office import ACCOUNT, SOURCE, Office, office

SECOND = timedelta(seconds=1)
SLOW = Pace(account_gap=3 * SECOND, jitter=2 * SECOND, room_gap=10 * SECOND)


# --- what leaves when ---


def test_answers_leave_before_replies_and_replies_before_posts(desk: Office) -> None:
    for priority in (Priority.POST, Priority.REPLY, Priority.ALARM, Priority.ANSWER):
        desk.post(priority.name, priority=priority)
    assert desk.send_all() == ["ANSWER", "ALARM", "REPLY", "POST"]


def test_in_a_room_the_first_that_came_leaves_first(desk: Office) -> None:
    texts = [f"第{n}" for n in range(12)]
    for text in texts:
        desk.post(text)
    assert desk.send_all() == texts


def test_the_parts_of_a_post_leave_in_their_order(desk: Office) -> None:
    desk.post("一", "二")
    desk.post("三")
    assert desk.send_all() == ["一", "二", "三"]


def test_nothing_waits_so_nothing_leaves(desk: Office) -> None:
    assert desk.claim() is None


def test_other_accounts_messages_are_not_ours_to_send(desk: Office) -> None:
    desk.post("早")
    assert delivery.claim(desk.tx, "another", desk.pace) is None


def test_a_room_rests_between_two_messages_while_another_goes_on(engine: Engine) -> None:
    with office(engine, SLOW) as desk:
        desk.post("甲一")
        desk.post("甲二")
        desk.post("乙一", room=desk.other_room)
        assert desk.claim_message().text == "甲一"
        desk.wait(5)
        assert desk.claim_message().text == "乙一"
        assert desk.claim() == MONDAY_9 + SLOW.room_gap
        desk.wait(5)
        assert desk.claim_message().text == "甲二"


def test_a_room_with_a_long_queue_does_not_hold_up_the_others(engine: Engine) -> None:
    with office(engine, SLOW) as desk:
        for number in range(101):
            desk.post(f"甲{number}")
        desk.post("乙", room=desk.other_room)
        assert desk.claim_message().text == "甲0"
        desk.wait(5)
        assert desk.claim_message().text == "乙"


def test_an_account_rests_between_two_messages_by_gap_and_jitter(engine: Engine) -> None:
    with office(engine, SLOW) as desk:
        desk.post("甲")
        other = desk.post("乙", room=desk.other_room)
        desk.claim_message()
        ready = desk.claim()
        assert other is not None
        assert isinstance(ready, datetime)
        assert ready == SLOW.ready_at(other, MONDAY_9, None)
        desk.now = ready - timedelta(milliseconds=1)
        assert desk.claim() == ready
        desk.now = ready
        assert desk.claim_message().text == "乙"


def test_a_private_message_rests_by_person(engine: Engine) -> None:
    with office(engine, SLOW) as desk:
        zhou = directory.meet(desk.tx, SOURCE, [ZHOU])[ZHOU.id].identity_id
        for person in (desk.person, desk.person, zhou):
            desk.post("您好", person=person)
        assert desk.claim_message().person_id == QING.id
        desk.wait(5)
        assert desk.claim_message().person_id == ZHOU.id
        assert desk.claim() == MONDAY_9 + SLOW.room_gap


def test_a_message_does_not_leave_before_its_time(desk: Office) -> None:
    later = MONDAY_9 + 30 * SECOND
    desk.post("晚一点", not_before=later)
    assert desk.claim() == later
    desk.now = later
    assert desk.claim_message().text == "晚一点"


def test_a_message_that_could_not_leave_in_time_is_expired(desk: Office) -> None:
    late = desk.post("中午好", expires_at=MONDAY_9 + SECOND)
    in_time = desk.post("晚上好", expires_at=MONDAY_9 + 2 * SECOND)
    desk.now = MONDAY_9 + 2 * SECOND
    assert desk.claim_message().id == in_time
    row = desk.row(late)
    assert (row["state"], row["settled_at"], row["sending_at"]) == (State.EXPIRED, desk.now, None)
    assert row["reason"]
    assert desk.recorded() == []


def test_a_claimed_message_is_sending_before_anybody_calls_the_platform(desk: Office) -> None:
    desk.post("早")
    row = desk.row(desk.claim_message())
    assert (row["state"], row["sending_at"], row["attempts"]) == (State.SENDING, MONDAY_9, 1)
    assert desk.claim() is None


# --- where it goes ---


def test_a_message_goes_to_its_room_alone(desk: Office) -> None:
    desk.post("早")
    desk.post("晚")
    assert desk.claim_message().chat_id == ROOM.id
    directory.bind_room(desk.tx, ACCOUNT, OTHER_ROOM, KEY)  # the key names another room now
    assert desk.claim() is None
    assert desk.states() == [State.SENDING, State.DROPPED]


def test_mentions_are_the_names_that_the_room_sees_in_their_order(desk: Office) -> None:
    zhou = directory.meet(desk.tx, SOURCE, [ZHOU])[ZHOU.id].identity_id
    directory.note_present(desk.tx, {(desk.room, zhou): ("周师傅", MONDAY_9)})
    desk.post("请看", mentions=[zhou, desk.person])
    assert desk.claim_message().mentions == ((ZHOU.id, "周师傅"), (QING.id, "阿青"))


def test_a_private_message_goes_to_the_person(desk: Office) -> None:
    row_id = desk.post("您好", person=desk.person)
    assert desk.claim() == Message(row_id or 0, "您好", person_id=QING.id)


def test_what_has_nowhere_to_go_is_dropped_and_holds_up_nobody(desk: Office) -> None:
    lost = desk.post("早", room=999)
    desk.post("晚", room=999)
    desk.post("别的群")
    assert desk.send_all() == ["别的群"]
    assert desk.states() == [State.DROPPED, State.DROPPED, State.SENT]
    assert desk.row(lost)["reason"] == "nowhere to send it to"


# --- what became of it ---


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN, State.FAILED])
def test_a_send_is_settled_as_it_ended(desk: Office, state: State) -> None:
    desk.post("早")
    message = desk.claim_message()
    desk.wait(1)
    desk.settle(message, state, "p1" if state is State.SENT else None)
    row = desk.row(message)
    assert (row["state"], row["settled_at"]) == (state, MONDAY_9 + SECOND)
    assert desk.claim() is None


def test_what_was_sent_is_recorded_with_its_cause(desk: Office) -> None:
    desk.post("早上好", cause_id=7, sop_id="monday-origin")
    desk.settle(desk.claim_message(), State.SENT, "p1")
    (said,) = desk.recorded()
    assert (said["actor_role"], said["room_id"], said["channel"]) == ("bot", desk.room, "group")
    assert (said["parent_event_id"], said["programme_id"], said["text_len"]) == (7, "monday-origin", 3)
    assert (said["initiated_by"], said["props"]["intent"]) == ("prompted", "reply")


def test_what_the_bot_says_by_itself_is_recorded_as_initiated_by_the_system(desk: Office) -> None:
    desk.post("您好", person=desk.person)
    desk.settle(desk.claim_message())
    (said,) = desk.recorded()
    assert (said["channel"], said["target_identity_id"]) == ("dm", desk.person)
    assert said["initiated_by"] == "system"


@pytest.mark.parametrize("state", [State.UNKNOWN, State.FAILED])
def test_what_did_not_certainly_go_out_is_not_recorded_as_said(desk: Office, state: State) -> None:
    desk.post("早")
    desk.settle(desk.claim_message(), state)
    assert desk.recorded() == []


def test_an_echo_that_comes_before_the_send_returns_settles_it(desk: Office) -> None:
    desk.post("早")
    message = desk.claim_message()
    assert desk.echo("p1", "早", desk.room)
    assert (desk.row(message)["state"], desk.row(message)["platform_id"]) == (State.SENT, "p1")
    desk.settle(message, State.SENT, "p1")
    assert len(desk.recorded()) == 1


def test_an_echo_after_the_send_returned_is_known_by_its_id(desk: Office) -> None:
    desk.post("早")
    desk.settle(desk.claim_message(), State.SENT, "p1")
    assert desk.echo("p1", "早", desk.room)
    assert len(desk.recorded()) == 1


def test_an_echo_after_a_send_that_gave_no_id_is_ours_too(desk: Office) -> None:
    desk.post("早")
    message = desk.claim_message()
    desk.settle(message, State.SENT, None)
    assert desk.echo("p1", "早", desk.room)
    assert desk.row(message)["platform_id"] == "p1"
    assert len(desk.recorded()) == 1


@pytest.mark.parametrize("late", [State.UNKNOWN, State.FAILED])
def test_what_an_echo_showed_stays_sent_whatever_the_call_says_later(desk: Office, late: State) -> None:
    desk.post("早")
    message = desk.claim_message()
    desk.echo("p1", "早", desk.room)
    desk.settle(message, late)
    assert (desk.row(message)["state"], desk.row(message)["platform_id"]) == (State.SENT, "p1")


def test_an_echo_finds_what_a_lost_call_left_unknown(desk: Office) -> None:
    desk.post("早")
    message = desk.claim_message()
    desk.settle(message, State.UNKNOWN)
    desk.wait(60)
    assert desk.echo("p1", "早", desk.room)
    assert desk.row(message)["state"] == State.SENT
    assert [row["occurred_at"] for row in desk.recorded()] == [desk.now]


def test_an_echo_after_two_minutes_belongs_to_nothing(desk: Office) -> None:
    desk.post("早")
    message = desk.claim_message()
    desk.settle(message, State.UNKNOWN)
    desk.wait(120)
    assert desk.echo("p1", "早", desk.room)
    desk.post("晚")
    message = desk.claim_message()
    desk.settle(message, State.UNKNOWN)
    desk.wait(120.001)
    assert not desk.echo("p2", "晚", desk.room)
    assert desk.row(message)["state"] == State.UNKNOWN


def test_of_two_alike_an_echo_settles_the_older_one(desk: Office) -> None:
    first, second = desk.post("早"), desk.post("早")
    desk.settle(desk.claim_message(), State.UNKNOWN)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    assert desk.echo("p1", "早", desk.room)
    assert (desk.row(first)["state"], desk.row(second)["state"]) == (State.SENT, State.UNKNOWN)
    assert desk.echo("p2", "早", desk.room)
    assert (desk.row(first)["platform_id"], desk.row(second)["platform_id"]) == ("p1", "p2")
    assert not desk.echo("p3", "早", desk.room)


def test_an_echo_bears_the_mentions_that_the_channel_put_before(desk: Office) -> None:
    desk.post("请看", mentions=[desk.person])
    desk.claim_message()
    assert desk.echo("p1", "@阿青\u2005请看", desk.room)


def test_an_echo_of_a_private_message_is_known_by_the_person(desk: Office) -> None:
    desk.post("您好", person=desk.person)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    assert desk.echo("p1", "您好", desk.person)


@pytest.mark.parametrize(("text", "elsewhere"), [("晚", False), ("早", True)])
def test_our_account_s_other_words_are_no_echo(desk: Office, text: str, elsewhere: bool) -> None:
    desk.post("早")
    message = desk.claim_message()
    assert not desk.echo("p1", text, desk.other_room if elsewhere else desk.room)
    assert desk.row(message)["state"] == State.SENDING


def test_the_same_words_in_a_place_unknown_to_us_are_no_echo(desk: Office) -> None:
    desk.post("早")
    message = desk.claim_message()
    assert not desk.echo("p1", "早", None)
    assert desk.row(message)["state"] == State.SENDING


def test_what_still_waits_is_not_taken_for_sent(desk: Office) -> None:
    row_id = desk.post("早")
    assert not desk.echo("p1", "早", desk.room)
    assert desk.row(row_id)["state"] == State.QUEUED


def test_a_message_that_was_not_even_tried_waits_again(desk: Office) -> None:
    desk.post("早")
    desk.settle(desk.claim_message(), State.QUEUED)
    again = desk.claim_message()
    assert desk.row(again)["attempts"] == 2
    desk.settle(again)
    assert len(desk.recorded()) == 1


def test_after_a_crash_what_was_being_sent_is_unknown_and_not_sent_again(desk: Office) -> None:
    desk.post("早")
    desk.post("晚")
    message = desk.claim_message()
    assert delivery.recover(desk.tx, ACCOUNT) == 1
    assert (desk.row(message)["state"], desk.row(message)["settled_at"]) == (State.UNKNOWN, MONDAY_9)
    assert desk.row(message)["reason"]
    assert desk.send_all() == ["晚"]
    assert delivery.recover(desk.tx, ACCOUNT) == 0


def test_an_outcome_of_what_is_not_in_the_outbox_is_passed_over(desk: Office) -> None:
    desk.settle(Message(999, "早"), State.SENT, "p1")
    assert desk.recorded() == []


def test_a_row_does_not_take_an_id_that_an_older_one_with_the_same_words_has(desk: Office) -> None:
    desk.post("在吗")
    desk.post("在吗")
    first, second = desk.claim_message(), desk.claim_message()
    assert desk.echo("p1", "在吗", desk.room)
    desk.settle(second, platform_id="p1")
    desk.settle(first, platform_id="p2")
    found = [(row["id"], row["state"], row["platform_id"]) for row in rows(desk.connection, outgoing)]
    assert found == [(first.id, State.SENT, "p1"), (second.id, State.SENT, None)]
    assert desk.echo("p2", "在吗", desk.room), "the other message is known, too"
