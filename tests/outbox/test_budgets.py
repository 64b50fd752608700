"""What the guard says of what we begin in a room: each rule at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.outbox.guard import decide
from bot.outbox.queue import Intent
from bot.outbox.rules import Begun, Budget, Candidate, Hold, Hours, Ledger, Refuse, Rule, Rules, Send
from bot.sop.hours import USUAL

SHANGHAI = ZoneInfo("Asia/Shanghai")
FREE = Rules(SHANGHAI, USUAL, private_a_week=2)
GIVE, ASK, PROMO = (Candidate(intent, asked_as=1) for intent in (Intent.GIVE, Intent.ASK, Intent.PROMO))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def with_budget(**budget: object) -> Rules:
    return replace(FREE, budget=Budget(**budget))  # type: ignore[arg-type]


def given(*moments: str, intent: Intent | None = Intent.GIVE, asked_as: int | None = None) -> list[Begun]:
    return [Begun(at(moment), intent, asked_as) for moment in moments]


WEDNESDAY = at("2026-12-02 12:10")


def test_the_day_s_posts_are_over_until_the_next_morning() -> None:
    rules = with_budget(posts_a_day=2)
    two = given("2026-12-02 09:00", "2026-12-02 10:00")
    assert decide(GIVE, Ledger(begun=two[:1]), rules, WEDNESDAY) == Send()
    assert decide(GIVE, Ledger(begun=two), rules, WEDNESDAY) == Hold(Rule.POSTS_DAY, at("2026-12-03 08:30"))
    assert decide(GIVE, Ledger(begun=two), rules, at("2026-12-03 08:30")) == Send()


def test_a_post_by_hand_takes_its_share_of_the_day() -> None:
    rules = with_budget(posts_a_day=1)
    by_hand = given("2026-12-02 09:00", intent=None)
    assert decide(GIVE, Ledger(begun=by_hand), rules, WEDNESDAY) == Hold(
        Rule.POSTS_DAY, at("2026-12-03 08:30")
    )


def test_the_week_s_posts_are_over_until_monday() -> None:
    rules = with_budget(posts_a_week=2)
    week = given("2026-11-30 12:00", "2026-12-01 12:00")
    held = Hold(Rule.POSTS_WEEK, at("2026-12-07 08:30"))
    assert decide(GIVE, Ledger(begun=week), rules, WEDNESDAY) == held
    assert (
        decide(GIVE, Ledger(begun=given("2026-11-29 12:00", "2026-12-01 12:00")), rules, WEDNESDAY) == Send()
    )


def test_one_promotion_a_week_and_the_next_on_monday() -> None:
    rules = with_budget(promo_a_week=1)
    sold = given("2026-11-30 12:00", intent=Intent.PROMO)
    assert decide(PROMO, Ledger(begun=sold), rules, WEDNESDAY) == Hold(
        Rule.PROMO_WEEK, at("2026-12-07 08:30")
    )
    assert decide(GIVE, Ledger(begun=sold), rules, WEDNESDAY) == Send()
    assert decide(PROMO, Ledger(begun=given("2026-11-30 12:00")), rules, WEDNESDAY) == Send()


def test_a_community_may_sell_nothing_at_all() -> None:
    rules = with_budget(promo_a_week=0)
    assert decide(PROMO, Ledger(), rules, WEDNESDAY) == Hold(Rule.PROMO_WEEK, at("2026-12-07 08:30"))


def test_posts_keep_their_distance() -> None:
    rules = with_budget(apart=timedelta(hours=2))
    before = Ledger(begun=given("2026-12-02 11:00"))
    assert decide(GIVE, before, rules, WEDNESDAY) == Hold(Rule.DISTANCE, at("2026-12-02 13:00"))
    assert decide(GIVE, before, rules, at("2026-12-02 13:00")) == Send()


def test_a_later_part_of_a_post_is_no_other_post() -> None:
    rules = with_budget(posts_a_day=1, apart=timedelta(hours=2), lull=timedelta(minutes=3))
    full = Ledger(begun=given("2026-12-02 11:00"), heard_at=WEDNESDAY)
    assert decide(replace(GIVE, continues=True), full, rules, WEDNESDAY) == Send()


@pytest.mark.parametrize(
    "message",
    [
        Candidate(Intent.SERVICE),
        Candidate(Intent.REPLY),
        Candidate(Intent.REPLY, answers_at=WEDNESDAY),
        Candidate(Intent.GIVE, is_alarm=True),
    ],
)
def test_replies_services_and_alarms_count_in_no_budget(message: Candidate) -> None:
    rules = with_budget(posts_a_day=0, posts_a_week=0, apart=timedelta(hours=2), lull=timedelta(minutes=3))
    full = Ledger(begun=given("2026-12-02 12:00"), heard_at=WEDNESDAY)
    assert decide(message, full, rules, WEDNESDAY) == Send()


# --- give before ask ---

TWO = with_budget(gives_per_ask=2)


def test_an_ask_needs_two_gives_of_the_last_four_weeks() -> None:
    gives = given("2026-11-20 12:00", "2026-11-25 12:00")
    assert decide(ASK, Ledger(begun=gives), TWO, WEDNESDAY) == Send()
    verdict = decide(ASK, Ledger(begun=gives[:1]), TWO, WEDNESDAY)
    assert verdict == Hold(Rule.GIVE_ASK, WEDNESDAY + timedelta(days=28), may_end_sooner=True)
    assert isinstance(decide(ASK, Ledger(begun=gives), TWO, at("2026-12-19 12:10")), Hold)


def test_another_ask_needs_two_more_or_that_the_first_is_long_ago() -> None:
    gives = given("2026-11-29 12:00", "2026-11-30 12:00")
    asked = given("2026-11-10 12:00", intent=Intent.ASK, asked_as=7)
    held = Hold(Rule.GIVE_ASK, at("2026-12-08 12:00"), may_end_sooner=True)
    assert decide(ASK, Ledger(begun=[*gives, *asked]), TWO, WEDNESDAY) == held
    more = given("2026-12-01 12:00", "2026-12-01 15:00")
    assert decide(ASK, Ledger(begun=[*gives, *asked, *more]), TWO, WEDNESDAY) == Send()


def test_all_asks_of_a_run_are_one() -> None:
    begun = [
        *given("2026-11-29 12:00", "2026-11-30 12:00"),
        *given("2026-12-01 12:00", intent=Intent.ASK, asked_as=1),
    ]
    assert decide(ASK, Ledger(begun=begun), TWO, WEDNESDAY) == Send()
    assert isinstance(decide(replace(ASK, asked_as=2), Ledger(begun=begun), TWO, WEDNESDAY), Hold)


def test_a_new_room_has_a_credit_of_one_ask() -> None:
    new = Ledger(new_at=at("2026-12-01 12:00"))
    assert decide(ASK, new, TWO, WEDNESDAY) == Send()
    asked = Ledger(new_at=new.new_at, begun=given("2026-12-01 13:00", intent=Intent.ASK, asked_as=7))
    assert isinstance(decide(ASK, asked, TWO, WEDNESDAY), Hold)
    assert isinstance(decide(ASK, Ledger(new_at=at("2026-10-01 12:00")), TWO, WEDNESDAY), Hold)


def test_to_one_person_in_private_it_is_the_same() -> None:
    private = replace(ASK, is_private=True)
    asked = given("2026-11-20 12:00", intent=Intent.ASK, asked_as=7)
    assert isinstance(decide(private, Ledger(begun=asked), TWO, WEDNESDAY), Hold)


# --- silence ---

QUIET = with_budget(lull=timedelta(minutes=3))
MINUTE = timedelta(minutes=1)


def test_a_post_waits_until_nobody_spoke_for_three_minutes() -> None:
    talk = Ledger(heard_at=WEDNESDAY - MINUTE)
    assert decide(GIVE, talk, QUIET, WEDNESDAY) == Hold(Rule.LULL, WEDNESDAY + 2 * MINUTE)
    assert decide(GIVE, talk, QUIET, WEDNESDAY + 2 * MINUTE) == Send()


def test_after_a_red_packet_it_waits_five() -> None:
    packet = Ledger(heard_at=WEDNESDAY, gift_at=WEDNESDAY)
    assert decide(GIVE, packet, QUIET, WEDNESDAY + 4 * MINUTE) == Hold(Rule.LULL, WEDNESDAY + 5 * MINUTE)


def test_it_waits_twenty_minutes_at_most() -> None:
    talk = Ledger(heard_at=WEDNESDAY + 19 * MINUTE, lull_since=WEDNESDAY)
    assert decide(GIVE, talk, QUIET, WEDNESDAY + 19 * MINUTE) == Hold(Rule.LULL, WEDNESDAY + 20 * MINUTE)
    assert decide(GIVE, talk, QUIET, WEDNESDAY + 20 * MINUTE) == Send()


def test_a_room_that_was_heard_in_the_future_is_waited_for_no_longer() -> None:
    ahead = Ledger(heard_at=WEDNESDAY + timedelta(days=900))
    assert decide(GIVE, ahead, QUIET, WEDNESDAY) == Hold(Rule.LULL, WEDNESDAY + 20 * MINUTE)


# --- say = do, @all, restraints, holidays ---


@pytest.mark.parametrize("intent", [Intent.GIVE, Intent.ASK, Intent.REPLY])
def test_what_sells_under_another_name_is_refused(intent: Intent) -> None:
    assert decide(Candidate(intent, sells=True), Ledger(), FREE, WEDNESDAY) == Refuse(Rule.SAY_DO)


@pytest.mark.parametrize(
    "message",
    [
        Candidate(Intent.PROMO, sells=True),
        Candidate(Intent.SERVICE, sells=True),
        Candidate(Intent.REPLY, sells=True, answers_at=WEDNESDAY),
    ],
)
def test_who_asks_may_be_told_the_price(message: Candidate) -> None:
    assert decide(message, Ledger(), FREE, WEDNESDAY) == Send()


def test_everybody_is_called_once_a_month() -> None:
    rules = with_budget(at_all_a_month=1)
    called = Ledger(begun=[Begun(at("2026-12-01 12:00"), Intent.SERVICE, at_all=True)])
    loud = replace(GIVE, at_all=True)
    assert decide(loud, called, rules, WEDNESDAY) == Hold(Rule.AT_ALL, at("2027-01-01 08:30"))
    assert decide(GIVE, called, rules, WEDNESDAY) == Send()
    assert decide(loud, Ledger(), rules, WEDNESDAY) == Send()


@pytest.mark.parametrize("rule", [Rule.PAUSED, Rule.HUSHED])
def test_what_a_human_restrained_is_not_begun(rule: Rule) -> None:
    until = at("2026-12-04 08:00")
    held = Hold(rule, until, may_end_sooner=True)
    assert decide(GIVE, Ledger(restraints={rule: until}), FREE, WEDNESDAY) == held
    gathered = Candidate(Intent.REPLY)
    assert decide(gathered, Ledger(restraints={rule: until}), FREE, WEDNESDAY) == held
    answer = Candidate(Intent.REPLY, answers_at=WEDNESDAY)
    assert decide(answer, Ledger(restraints={rule: None}), FREE, WEDNESDAY) == Send()
    assert isinstance(decide(GIVE, Ledger(restraints={rule: None}), FREE, WEDNESDAY), Hold)


def test_a_hushed_room_silences_no_private_chat() -> None:
    private = replace(GIVE, is_private=True)
    assert decide(private, Ledger(restraints={Rule.HUSHED: None}), FREE, WEDNESDAY) == Send()


def test_holidays_have_hours_of_their_own() -> None:
    festive = replace(FREE, is_holiday=lambda day: day == date(2026, 12, 2))
    early = at("2026-12-02 09:00")
    assert decide(GIVE, Ledger(), festive, early) == Send()
    late_riser = replace(festive, hours=(*USUAL, Hours(at("2026-12-02 11:00").time(), USUAL[0].closes)))
    assert decide(GIVE, Ledger(), replace(late_riser, is_holiday=FREE.is_holiday), early) == Send()
    assert decide(GIVE, Ledger(), late_riser, early) == Hold(Rule.QUIET_HOURS, at("2026-12-02 11:00"))
