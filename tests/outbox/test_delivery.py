from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.base import Message
from bot.outbox import delivery
from bot.outbox.pace import Pace
from bot.outbox.queue import State
from bot.store.tables import outgoing
from tests.builders import MONDAY_9, rows
from tests.outbox.office import ACCOUNT, Office

SECOND = timedelta(seconds=1)
SLOW = Pace(account_gap=3 * SECOND, jitter=2 * SECOND, room_gap=10 * SECOND)


@pytest.mark.parametrize("state", [State.SENT, State.UNKNOWN])
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
    assert desk.row(again)["attempts"] == 1
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


def test_words_of_staff_that_end_as_ours_do_are_no_echo(desk: Office) -> None:
    desk.post("收到", mentions=[desk.person])
    message = desk.claim_message()
    assert not desk.echo("p1", "今天的快递收到", desk.room)
    assert desk.row(message)["state"] == State.SENDING
