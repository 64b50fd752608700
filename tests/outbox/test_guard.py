from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.guard import decide
from bot.outbox.queue import Intent
from bot.outbox.rules import Begun, Candidate, Hold, Ledger, Refuse, Rule, Rules, Send
from bot.sop.hours import USUAL

MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = Rules(SHANGHAI, USUAL, private_a_week=2)
NOBODY = Ledger()
GIVE, REPLY = Candidate(Intent.GIVE), Candidate(Intent.REPLY)
moments = st.integers(0, 2 * 366 * 1440).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * MINUTE)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-30 08:29:59", "2026-11-30 08:30"),  # a Monday
        ("2026-11-30 21:30", "2026-12-01 08:30"),
        ("2026-12-04 21:30", "2026-12-05 09:30"),  # Friday to Saturday
        ("2026-12-05 22:00", "2026-12-06 09:30"),
        ("2026-12-06 23:59", "2026-12-07 08:30"),
        ("2026-12-07 00:00", "2026-12-07 08:30"),
    ],
)
def test_in_quiet_hours_a_message_is_held_until_they_end(now: str, opens: str) -> None:
    assert decide(GIVE, NOBODY, RULES, shanghai(now)) == Hold(Rule.QUIET_HOURS, shanghai(opens))


@pytest.mark.parametrize("now", ["2026-11-30 08:30", "2026-11-30 21:29:59", "2026-12-05 21:59:59"])
def test_in_open_hours_it_leaves(now: str) -> None:
    assert decide(GIVE, NOBODY, RULES, shanghai(now)) == Send()


@given(moments)
def test_what_is_held_may_leave_when_it_says(now: datetime) -> None:
    verdict = decide(GIVE, NOBODY, RULES, now)
    if isinstance(verdict, Hold):
        assert now < verdict.until <= now + timedelta(hours=24)
        assert decide(GIVE, NOBODY, RULES, verdict.until) == Send()


@pytest.mark.parametrize(("minutes", "leaves"), [(0, True), (5, True), (6, False), (-3, True)])
def test_a_reply_may_come_at_any_hour_but_soon(minutes: int, leaves: bool) -> None:
    night = shanghai("2026-11-30 23:00")
    reply = Candidate(Intent.REPLY, answers_at=night - timedelta(minutes=minutes))
    assert isinstance(decide(reply, NOBODY, RULES, night), Send) is leaves


@pytest.mark.parametrize("intent", [Intent.GIVE, Intent.ASK, Intent.PROMO, Intent.SERVICE])
def test_nothing_but_a_reply_is_free_of_quiet_hours(intent: Intent) -> None:
    night = shanghai("2026-11-30 23:00")
    assert isinstance(decide(Candidate(intent, answers_at=night), NOBODY, RULES, night), Hold)


def test_a_reply_to_nothing_is_not_free_of_them() -> None:
    assert isinstance(decide(REPLY, NOBODY, RULES, shanghai("2026-11-30 23:00")), Hold)


@pytest.mark.parametrize("intent", [Intent.GIVE, Intent.ASK, Intent.PROMO])
def test_who_opted_out_is_not_written_to(intent: Intent) -> None:
    noon = shanghai("2026-11-30 12:00")
    assert decide(Candidate(intent, is_private=True), Ledger(opted_out=True), RULES, noon) == Refuse(
        Rule.OPT_OUT
    )


@pytest.mark.parametrize("intent", [Intent.REPLY, Intent.SERVICE])
def test_who_opted_out_is_still_answered_and_served(intent: Intent) -> None:
    noon = shanghai("2026-11-30 12:00")
    full = Ledger(opted_out=True, begun=[Begun(noon, Intent.ASK)] * 9)
    assert decide(Candidate(intent, is_private=True), full, RULES, noon) == Send()


def test_a_week_s_worth_of_private_messages_frees_itself_one_by_one() -> None:
    noon = shanghai("2026-12-07 12:00")
    sends = [Begun(noon - timedelta(days=days), Intent.GIVE) for days in (8, 6, 3, 1)]
    private = Candidate(Intent.ASK, is_private=True)
    held = decide(private, Ledger(begun=sends), RULES, noon)
    assert held == Hold(Rule.PRIVATE_CAP, noon + timedelta(days=4))
    assert decide(private, Ledger(begun=sends[:2]), RULES, noon) == Send()
    assert decide(private, Ledger(begun=sends), RULES, noon + timedelta(days=4)) == Send()


def test_rooms_have_no_private_cap() -> None:
    noon = shanghai("2026-12-07 12:00")
    assert decide(GIVE, Ledger(begun=[Begun(noon, Intent.ASK)] * 9), RULES, noon) == Send()


COMPLAINT = Ledger(complaints=[shanghai("2026-11-30 12:00")])


@pytest.mark.parametrize("intent", [Intent.GIVE, Intent.ASK, Intent.PROMO, Intent.REPLY])
def test_while_somebody_waits_for_a_human_a_room_gets_no_posts(intent: Intent) -> None:
    until = shanghai("2026-11-30 14:00")
    held = Hold(Rule.COMPLAINT, until, may_end_sooner=True)
    assert decide(Candidate(intent), COMPLAINT, RULES, shanghai("2026-11-30 12:00:03")) == held
    assert decide(Candidate(intent), COMPLAINT, RULES, until - MINUTE) == held
    assert decide(Candidate(intent), COMPLAINT, RULES, until) == Send()


@pytest.mark.parametrize(
    "message",
    [
        Candidate(Intent.SERVICE),
        Candidate(Intent.REPLY, answers_at=shanghai("2026-11-30 12:01")),
        Candidate(Intent.GIVE, is_alarm=True),
        Candidate(Intent.GIVE, is_private=True),
    ],
)
def test_services_alarms_answers_and_what_is_private_go_on(message: Candidate) -> None:
    assert decide(message, COMPLAINT, RULES, shanghai("2026-11-30 12:02")) == Send()


def test_the_last_complaint_counts() -> None:
    both = Ledger(complaints=[shanghai("2026-11-30 13:00"), shanghai("2026-11-30 12:00")])
    verdict = decide(GIVE, both, RULES, shanghai("2026-11-30 13:30"))
    assert verdict == Hold(Rule.COMPLAINT, shanghai("2026-11-30 15:00"), may_end_sooner=True)
