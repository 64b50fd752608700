from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.channels.base import Message
from bot.outbox import brakes, delivery
from bot.outbox.claim import MOST_AT_ONCE, Manners, claim
from bot.outbox.pace import DAY, OFF, Pace
from bot.outbox.queue import Intent, Priority, Repeat, State, unquote
from bot.outbox.rules import Rule, Rules
from bot.people import cases, directory
from bot.sop.hours import USUAL
from bot.store.tables import interaction
from tests.builders import KEY, MONDAY_9, OTHER_ROOM, QING, ROOM, ZHOU, rows
from tests.outbox.office import ACCOUNT, ALL_DAY, SHANGHAI, SOURCE, Office, office

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
    assert claim(desk.tx, "another", Manners(desk.pace, desk.rules)) is None


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
        desk.post("乙", room=desk.other_room)
        desk.claim_message()
        ready = desk.claim()
        assert isinstance(ready, datetime)
        assert timedelta(seconds=1) <= ready - MONDAY_9 <= timedelta(seconds=5)
        desk.post("丙", person=desk.person)
        assert desk.claim() == ready, "whichever message it is"
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


# --- parts of a post ---


def test_a_later_part_waits_for_the_one_before_it(desk: Office) -> None:
    desk.post("一", "二")
    first = desk.claim_message()
    assert desk.claim() is None
    desk.settle(first)
    assert desk.claim_message().text == "二"


def test_a_later_part_is_not_said_if_the_one_before_it_failed(desk: Office) -> None:
    desk.post("一", "二")
    desk.post("别的", room=desk.other_room)
    desk.refuse_until_failed("一")
    assert desk.states() == [State.FAILED, State.DROPPED, State.SENT]
    assert desk.row_of("二")["reason"] == "what comes before it was not sent"


# --- tried again ---


def test_what_was_refused_is_tried_again_at_growing_distance_and_then_given_up(desk: Office) -> None:
    desk.post("早")
    waited = []
    while isinstance(message := desk.claim(), Message):
        desk.settle(message, State.FAILED)
        again = desk.claim()
        if isinstance(again, datetime):
            waited.append((again - desk.now).total_seconds())
            desk.now = again
    assert waited == [30, 120, 600]
    assert desk.states() == [State.FAILED]
    assert desk.recorded() == []


def test_what_is_tried_again_keeps_its_place_in_the_line(desk: Office) -> None:
    desk.post("一")
    desk.post("二")
    desk.settle(desk.claim_message(), State.FAILED)
    assert desk.claim() == desk.now + 30 * SECOND
    desk.wait(30)
    assert desk.send_all() == ["一", "二"]


def test_elsewhere_nobody_waits_for_what_is_tried_again(desk: Office) -> None:
    desk.post("一")
    desk.post("别的群", room=desk.other_room)
    desk.settle(desk.claim_message(), State.FAILED)
    assert desk.send_all() == ["别的群"]


def test_a_lost_call_is_repeated_only_if_the_author_says_that_it_may_come_twice(desk: Office) -> None:
    desk.post("不能重")
    desk.post("可以重", repeat=Repeat.SAFE)
    for _ in range(2):
        desk.settle(desk.claim_message(), State.UNKNOWN)
    assert desk.row_of("不能重")["settled_at"] == desk.now
    assert desk.claim() == desk.now + 120 * SECOND
    desk.wait(120)
    assert desk.send_all() == ["可以重"]
    assert desk.states() == [State.UNKNOWN, State.SENT]


def test_an_echo_keeps_a_message_from_being_repeated(desk: Office) -> None:
    desk.post("可以重", repeat=Repeat.SAFE)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    desk.wait(60)
    assert desk.echo("p1", "可以重", desk.room)
    desk.wait(3600)
    assert desk.claim() is None
    assert desk.states() == [State.SENT]


def test_what_may_have_been_sent_stays_unknown_when_its_time_is_over(desk: Office) -> None:
    desk.post("可以重", repeat=Repeat.SAFE, expires_at=MONDAY_9 + 60 * SECOND)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    desk.wait(3600)
    assert desk.claim() is None
    assert desk.states() == [State.UNKNOWN]


# --- what the account may not ---


def test_a_day_has_so_many_messages_and_no_more(desk: Office) -> None:
    desk.pace = replace(OFF, day_cap=3)
    for number in range(5):
        desk.post(str(number))
        desk.wait(60)
    assert desk.send_all() == ["0", "1", "2"]
    assert desk.claim() == desk.now + DAY
    desk.now += DAY
    assert desk.send_all() == ["3", "4"]


def test_the_day_s_worth_counts_whatever_the_clock_says(desk: Office) -> None:
    desk.pace = replace(OFF, day_cap=1)
    desk.post("一")
    desk.post("二")
    assert desk.send_all() == ["一"]
    desk.wait(-3600)
    assert desk.claim() == MONDAY_9 + DAY


def test_after_too_often_nothing_leaves_for_a_while_and_each_time_for_twice_as_long(desk: Office) -> None:
    desk.post("一")
    desk.post("答", priority=Priority.ANSWER, room=desk.other_room)
    rests = []
    for _ in range(3):
        message = desk.claim_message()
        desk.settle(message, State.FAILED, too_often=True)
        resting = desk.claim()
        assert isinstance(resting, datetime)
        rests.append((resting - desk.now).total_seconds() / 60)
        desk.now = resting
    assert rests == [30, 60, 120]
    assert sorted(desk.send_all()) == ["一", "答"]


def test_a_day_later_the_rest_is_short_again(desk: Office) -> None:
    desk.post("一")
    desk.settle(desk.claim_message(), State.FAILED, too_often=True)
    desk.wait(2 * 86400)
    desk.settle(desk.claim_message(), State.FAILED, too_often=True)
    assert desk.claim() == desk.now + timedelta(minutes=30)


def test_a_rest_that_a_clock_set_ahead_began_is_not_for_ever(desk: Office) -> None:
    desk.post("一")
    desk.now += 300 * DAY
    desk.settle(desk.claim_message(), State.FAILED, too_often=True)
    desk.now -= 300 * DAY
    assert desk.claim() == desk.now + timedelta(minutes=30)


def test_after_stop_nothing_leaves_but_what_is_answered_despite_it(desk: Office) -> None:
    desk.post("先来的", priority=Priority.ANSWER)
    desk.post("状态", priority=Priority.ANSWER, despite_stop=True)
    assert brakes.stop(desk.tx, ACCOUNT, by=1)
    assert not brakes.stop(desk.tx, ACCOUNT, by=1)
    assert desk.send_all() == ["状态"]
    assert brakes.resume(desk.tx, ACCOUNT)
    assert brakes.resume(desk.tx, ACCOUNT) is None
    assert desk.send_all() == ["先来的"]


def test_an_account_that_is_stopped_stops_no_other(desk: Office) -> None:
    brakes.stop(desk.tx, "another", by=1)
    desk.post("早")
    assert desk.send_all() == ["早"]


# --- what the guard says ---

NIGHT = MONDAY_9.replace(hour=14)  # 22:00 in Shanghai
MORNING = NIGHT + timedelta(hours=10, minutes=30)


@pytest.fixture
def strict(desk: Office) -> Office:
    """The usual rules of a community, on a Monday night."""
    desk.rules = Rules(SHANGHAI, USUAL, private_a_week=2)
    desk.now = NIGHT
    return desk


def test_a_post_is_held_through_the_night_and_lets_a_fresh_reply_pass(strict: Office) -> None:
    strict.post("故事", intent=Intent.GIVE, priority=Priority.REPLY)
    strict.post("答您", answers_at=NIGHT - timedelta(minutes=5))
    assert strict.send_all() == ["答您"]
    assert strict.claim() == MORNING
    assert (strict.row_of("故事")["held_by"], strict.row_of("故事")["state"]) == ("quiet_hours", "queued")
    strict.now = MORNING
    assert strict.send_all() == ["故事"]


def test_what_was_held_is_not_held_any_more_once_it_is_tried(strict: Office) -> None:
    strict.post("故事", intent=Intent.GIVE)
    strict.post("后来的", intent=Intent.GIVE)
    assert strict.claim() == MORNING
    strict.now = MORNING
    strict.settle(strict.claim_message(), State.FAILED)
    assert strict.row_of("故事")["held_by"] is None
    assert strict.claim() == MORNING + 30 * SECOND, "it keeps its place in the line"


def test_what_is_held_past_its_time_expires_at_once(strict: Office) -> None:
    strict.post("晚安", intent=Intent.GIVE, expires_at=MORNING - SECOND)
    assert strict.claim() is None
    row = strict.row_of("晚安")
    assert (row["state"], row["reason"]) == (State.EXPIRED, "quiet_hours")


def test_what_was_held_leaves_in_the_order_in_which_it_came(strict: Office) -> None:
    for text in ("一", "二", "三"):
        strict.post(text, intent=Intent.GIVE)
        assert isinstance(strict.claim(), datetime)
        strict.wait(60)
    strict.now = MORNING
    assert strict.send_all() == ["一", "二", "三"]


def test_many_held_messages_do_not_block_the_core_for_long(strict: Office) -> None:
    for number in range(MOST_AT_ONCE + 1):
        strict.post(str(number), intent=Intent.GIVE)
    assert strict.claim() == NIGHT
    assert strict.claim() == MORNING


def test_a_person_gets_so_many_private_messages_a_week_under_whichever_name(strict: Office) -> None:
    strict.now = MONDAY_9
    other = strict.another_identity_of(strict.person)
    for person in (strict.person, other, strict.person):
        strict.post("想起您", person=person, intent=Intent.ASK)
        strict.wait(60)
    strict.post("答您", person=strict.person)
    assert strict.send_all() == ["想起您", "想起您", "答您"]
    week_later = MONDAY_9 + timedelta(days=7)
    assert strict.claim() == week_later + timedelta(seconds=180)
    strict.now = week_later + timedelta(seconds=180)
    assert strict.send_all() == ["想起您"]


def test_who_opted_out_is_neither_written_to_nor_mentioned(strict: Office) -> None:
    strict.now = MONDAY_9
    strict.opt_out(strict.person)
    strict.post("想起您", person=strict.person, intent=Intent.GIVE)
    strict.post("大家好", mentions=[strict.person], intent=Intent.GIVE)
    strict.post("您的单子", person=strict.person, intent=Intent.SERVICE)
    said = strict.claim_message()
    assert (said.text, said.mentions) == ("大家好", ())
    strict.settle(said)
    assert strict.send_all() == ["您的单子"]
    assert (strict.row_of("想起您")["state"], strict.row_of("想起您")["reason"]) == (State.DROPPED, "dnc")


def test_each_time_the_guard_holds_something_back_is_on_record_once_a_rule(strict: Office) -> None:
    strict.post("故事", intent=Intent.GIVE)
    strict.claim()
    delivery.reconsider(strict.tx, ACCOUNT)
    strict.claim()
    (suppressed,) = rows(strict.connection, interaction, name="send_suppressed")
    assert suppressed["props"] == {"rule": "quiet_hours", "state": "queued", "intent": "give"}


def test_after_a_restart_the_guard_judges_anew(strict: Office) -> None:
    strict.post("故事", intent=Intent.GIVE)
    assert strict.claim() == MORNING
    strict.rules = ALL_DAY
    delivery.recover(strict.tx, ACCOUNT)
    assert strict.send_all() == ["故事"]


@pytest.mark.parametrize("name", ["所有人", " ALL ", "所\u200b有人", "阿青\n/停发", "\u202e青阿", ""])
def test_a_name_that_would_mention_everybody_or_break_the_line_is_not_mentioned(
    desk: Office, name: str
) -> None:
    zhou = directory.meet(desk.tx, SOURCE, [ZHOU])[ZHOU.id].identity_id
    directory.note_present(desk.tx, {(desk.room, zhou): (name or " ", MONDAY_9)})
    desk.post("请看", mentions=[zhou, desk.person])
    assert desk.claim_message().mentions == ((QING.id, "阿青"),)


# --- what happens while a message is being sent ---


@pytest.mark.parametrize("told", [State.FAILED, State.QUEUED])
def test_a_room_that_was_disabled_meanwhile_is_not_told_after_all(desk: Office, told: State) -> None:
    desk.post("早")
    message = desk.claim_message()
    desk.wait(1)
    directory.disable_room(desk.tx, desk.room)
    desk.settle(message, told)
    desk.wait(3600)
    assert desk.claim() is None
    assert desk.states() == [State.DROPPED]


def test_what_quotes_a_recalled_message_is_not_sent_again_empty(desk: Office) -> None:
    desk.post("甲的番茄", quotes=[7])
    message = desk.claim_message()
    unquote(desk.tx, 7, MONDAY_9)
    desk.settle(message, State.FAILED, too_often=True)
    desk.wait(7200)
    assert desk.claim() is None
    assert desk.states() == [State.DROPPED]


def test_what_may_have_gone_out_once_stays_unknown_whatever_a_later_try_says(desk: Office) -> None:
    desk.post("可以重", repeat=Repeat.SAFE)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    desk.wait(120)
    desk.settle(desk.claim_message(), State.FAILED)
    assert desk.states() == [State.UNKNOWN]
    while isinstance(again := desk.claim(), datetime) or isinstance(again, Message):
        if isinstance(again, datetime):
            desk.now = again
        else:
            desk.settle(again, State.FAILED)
    assert desk.states() == [State.UNKNOWN]
    assert desk.row_of("可以重")["settled_at"] is not None


def test_what_waits_for_its_echo_by_a_clock_that_was_ahead_blocks_nobody_for_long(desk: Office) -> None:
    desk.now += 300 * DAY
    desk.post("可以重", repeat=Repeat.SAFE)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    desk.now -= 300 * DAY
    delivery.reconsider(desk.tx, ACCOUNT)
    desk.post("别的")
    assert desk.claim() == desk.now + 120 * SECOND
    desk.wait(120)
    assert desk.send_all() == ["可以重", "别的"]


def test_too_often_takes_none_of_the_tries_away(desk: Office) -> None:
    desk.post("早")
    for _ in range(5):
        desk.settle(desk.claim_message(), State.FAILED, too_often=True)
        resting = desk.claim()
        assert isinstance(resting, datetime)
        desk.now = resting
    desk.settle(desk.claim_message(), State.FAILED)
    assert desk.claim() == desk.now + 30 * SECOND


def test_when_several_may_leave_it_is_the_one_that_goes_first(desk: Office) -> None:
    desk.pace = SLOW
    for number in range(20):
        desk.post(f"文{number}", priority=Priority.POST)
        desk.post(f"答{number}", priority=Priority.ANSWER, room=desk.other_room)
    said = []
    while (claimed := desk.claim()) is not None:
        if isinstance(claimed, datetime):
            desk.now = claimed
        elif isinstance(claimed, Message):
            said.append(claimed.text)
            desk.settle(claimed)
    alike = [text[0] for text in said]
    assert alike[:2] == ["答", "文"], "the rooms take turns, for each has its own rest"
    assert said[0] == "答0"


def test_a_private_post_of_several_parts_counts_once(strict: Office) -> None:
    strict.now = MONDAY_9
    strict.post("一", "二", "三", person=strict.person, intent=Intent.GIVE)
    strict.post("再一个", person=strict.person, intent=Intent.GIVE)
    strict.post("太多了", person=strict.person, intent=Intent.GIVE)
    assert strict.send_all() == ["一", "二", "三", "再一个"]


def test_what_a_complaint_holds_lets_the_others_pass_and_leaves_once_it_is_dealt_with(desk: Office) -> None:
    desk.complain()
    desk.post("今天讲番茄", intent=Intent.GIVE, expires_at=MONDAY_9 + timedelta(hours=1))
    desk.post("昨晚3桌")
    desk.post("收到您的问题了", answers_at=MONDAY_9)
    desk.post("挑战改到周五", intent=Intent.SERVICE)
    desk.post("二群的番茄", intent=Intent.GIVE, room=desk.other_room)
    assert sorted(desk.send_all()) == ["二群的番茄", "挑战改到周五", "收到您的问题了"]
    desk.wait(1800)
    assert desk.claim() == MONDAY_9 + timedelta(hours=2)
    desk.deal_with_complaints()
    assert desk.send_all() == ["今天讲番茄", "昨晚3桌"]
    held = rows(desk.connection, interaction, name="send_suppressed")
    assert [(row["props"]["rule"], row["props"]["state"]) for row in held] == [("complaint", "queued")] * 2


def test_what_is_too_late_when_a_complaint_is_over_is_not_sent(desk: Office) -> None:
    desk.complain()
    desk.post("今天讲番茄", intent=Intent.GIVE, expires_at=MONDAY_9 + timedelta(hours=1))
    desk.send_all()
    desk.wait(2 * 3600)
    assert desk.claim() is None
    assert desk.states() == [State.EXPIRED]


def test_a_complaint_of_another_room_that_is_dealt_with_lets_nothing_go_here(desk: Office) -> None:
    desk.complain()
    there = desk.complain(desk.other_room)
    desk.post("今天讲番茄", intent=Intent.GIVE)
    assert desk.send_all() == []
    cases.close(desk.tx, there, member_id=1)
    delivery.let_go(desk.tx, Rule.COMPLAINT, room_id=desk.other_room)
    assert desk.claim() == MONDAY_9 + timedelta(hours=2)


def test_what_sells_and_does_not_say_so_never_leaves(strict: Office) -> None:
    strict.now = MORNING
    strict.rules = replace(strict.rules, sells=lambda text: "元" in text)
    strict.post("三斤 39 元", intent=Intent.GIVE)
    strict.post("三斤 39 元，要的说一声", intent=Intent.PROMO)
    strict.post("阿青说：39 元买的，值", intent=Intent.GIVE, quotes=[1])
    assert strict.send_all() == ["三斤 39 元，要的说一声", "阿青说：39 元买的，值"]
    refused = strict.row_of("三斤 39 元")
    assert (refused["state"], refused["reason"]) == ("dropped", "say_do")
