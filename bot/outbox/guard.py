"""The guard: whether a message may leave at this moment, by the community's rules. Pure, so that the sender,
the calendar and the simulation judge alike.

Replies and services count in no budget; a reply soon after the words that it answers is free of quiet hours,
too. Members who opted out get replies and services alone. A room where somebody complained gets services and
answers alone, for a while or until the complaint is dealt with. A give that sells is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.outbox.queue import Intent
from bot.outbox.rules import FOUR_WEEKS, Begun, Candidate, Hold, Ledger, Refuse, Rule, Rules, Send, Verdict

DAY, WEEK = timedelta(days=1), timedelta(days=7)
SOON = timedelta(minutes=5)
"""A reply within this of the words that it answers may come at any hour."""
GIFT_LULL = timedelta(minutes=5)
"""For so long after a red packet the room is the giver's."""
PATIENCE = timedelta(minutes=20)
"""How long a post waits for silence at most."""
CREDIT = 2
"""Gives with which a room, and each member, begins."""

Check = Callable[[Candidate, Ledger, Rules, datetime], Hold | Refuse | None]


def decide(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Verdict:
    """What becomes of ``message`` at ``now``: the first rule that is against it says so."""
    for check in CHECKS.values():
        if (verdict := check(message, ledger, rules, now)) is not None:
            return verdict
    return Send()


# --- what may never leave ---


def _opt_out(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Refuse | None:
    unwanted = message.is_private and message.counts and ledger.opted_out
    return Refuse(Rule.OPT_OUT) if unwanted else None


def _say_do(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Refuse | None:
    """What sells says so (promo); an answer may, for somebody asked."""
    is_promo = message.intent is Intent.PROMO
    return Refuse(Rule.SAY_DO) if message.sells and message.begins and not is_promo else None


# --- what has to wait, whatever was sent before ---


def _paused(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    return _restrained(Rule.PAUSED, message, ledger, now)


def _hushed(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    return None if message.is_private else _restrained(Rule.HUSHED, message, ledger, now)


def _restrained(rule: Rule, message: Candidate, ledger: Ledger, now: datetime) -> Hold | None:
    if rule not in ledger.restraints or not message.begins:
        return None
    return Hold(rule, ledger.restraints[rule] or now + WEEK, may_end_sooner=True)


def _quiet_hours(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    if message.is_alarm or _is_prompt_reply(message, now):
        return None
    opens_at = rules.opens_at(now)
    return Hold(Rule.QUIET_HOURS, opens_at) if opens_at > now else None


def _is_prompt_reply(message: Candidate, now: datetime) -> bool:
    if message.intent is not Intent.REPLY or message.answers_at is None:
        return False
    return abs(now - message.answers_at) <= SOON


def _complaint(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    near = [at for at in ledger.complaints if abs(now - at) < rules.complaint_hold]
    if not near or message.is_private or not message.begins:
        return None
    return Hold(Rule.COMPLAINT, max(near) + rules.complaint_hold, may_end_sooner=True)


# --- budgets: of what we begin ---


def _private_cap(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    """A week's worth, counted by moments: what a clock that was ahead wrote down counts as well."""
    if not message.is_private:
        return None
    recent = sorted(it.at for it in ledger.begun if abs(now - it.at) < WEEK)
    if len(recent) < rules.private_a_week:
        return None
    return Hold(Rule.PRIVATE_CAP, recent[-rules.private_a_week] + WEEK)


def _at_all(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    first = rules.day(now).replace(day=1)
    next_month = (first + timedelta(days=32)).replace(day=1)
    is_over = message.at_all and _reaches(rules.budget.at_all_a_month, _calls(ledger.begun, rules, now))
    return Hold(Rule.AT_ALL, rules.opening(next_month)) if is_over else None


def _posts_week(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    is_over = _reaches(rules.budget.posts_a_week, len(_of_week(ledger.begun, rules, now)))
    return Hold(Rule.POSTS_WEEK, _next_week(rules, now)) if is_over else None


def _promo_week(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    promo = [it for it in ledger.begun if it.intent is Intent.PROMO]
    used = len(_of_week(promo, rules, now))
    is_over = message.intent is Intent.PROMO and _reaches(rules.budget.promo_a_week, used)
    return Hold(Rule.PROMO_WEEK, _next_week(rules, now)) if is_over else None


def _give_ask(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    """An ask waits until there are gives enough for it; a give that is sent lets it be looked at again."""
    if message.intent is not Intent.ASK:
        return None
    asks = [it for it in ledger.begun if it.intent is Intent.ASK]
    if any(it.asked_as == message.asked_as and abs(now - it.at) < FOUR_WEEKS for it in asks):
        return None
    moments = [now, *sorted(it.at + FOUR_WEEKS for it in asks if it.at + FOUR_WEEKS > now)]
    balanced = (moment for moment in moments if _may_ask(ledger, rules, moment))
    until = next(balanced, now + FOUR_WEEKS)
    return Hold(Rule.GIVE_ASK, until, may_end_sooner=True) if until > now else None


def _may_ask(ledger: Ledger, rules: Rules, now: datetime) -> bool:
    """Whether the gives of the four weeks before ``now`` are enough for one ask more."""
    gives, asks = _gives_and_asks(ledger.begun, now)
    is_new = ledger.new_at is not None and abs(now - ledger.new_at) < FOUR_WEEKS
    return gives + (CREDIT if is_new else 0) >= rules.budget.gives_per_ask * (asks + 1)


def _posts_day(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    today = rules.day(now)
    is_over = _reaches(rules.budget.posts_a_day, _of_day(ledger.begun, rules, now))
    return Hold(Rule.POSTS_DAY, rules.opening(today + DAY)) if is_over else None


def _distance(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    near = [it.at for it in ledger.begun if abs(now - it.at) < rules.budget.apart]
    return Hold(Rule.DISTANCE, max(near) + rules.budget.apart) if near else None


def _lull(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Hold | None:
    """A post does not burst into a conversation, nor between a red packet and its thanks."""
    lull = rules.budget.lull
    noises = ((ledger.heard_at, lull), (ledger.gift_at, max(lull, GIFT_LULL) if lull else lull))
    silent_at = max((at + rest for at, rest in noises if at is not None), default=now)
    until = min(silent_at, (ledger.lull_since or now) + PATIENCE)
    return Hold(Rule.LULL, until) if until > now else None


@dataclass(frozen=True, slots=True)
class Used:
    """What a room's budgets have been used for, as the rules count it."""

    today: int
    week: int
    promo_week: int
    at_all_month: int
    gives: int
    asks: int


def used(begun: Sequence[Begun], rules: Rules, now: datetime) -> Used:
    """Of the calendar's day, week and month, and the four weeks of gives and asks."""
    week = _of_week(begun, rules, now)
    promo = sum(it.intent is Intent.PROMO for it in week)
    gives_and_asks = _gives_and_asks(begun, now)
    return Used(_of_day(begun, rules, now), len(week), promo, _calls(begun, rules, now), *gives_and_asks)


def _of_day(begun: Sequence[Begun], rules: Rules, now: datetime) -> int:
    today = rules.day(now)
    return sum(1 for it in begun if rules.day(it.at) == today)


def _of_week(begun: Sequence[Begun], rules: Rules, now: datetime) -> list[Begun]:
    week = _week(rules.day(now))
    return [it for it in begun if _week(rules.day(it.at)) == week]


def _calls(begun: Sequence[Begun], rules: Rules, now: datetime) -> int:
    """How often everybody was called this month."""
    month = rules.day(now).replace(day=1)
    return sum(1 for it in begun if it.at_all and rules.day(it.at).replace(day=1) == month)


def _gives_and_asks(begun: Sequence[Begun], now: datetime) -> tuple[int, int]:
    """Of the four weeks around ``now``; all asks of a run are one."""
    recent = [it for it in begun if abs(now - it.at) < FOUR_WEEKS]
    gives = sum(1 for it in recent if it.intent is Intent.GIVE)
    return gives, len({it.asked_as for it in recent if it.intent is Intent.ASK})


def _budget(check: Check, *, of_rooms: bool = False) -> Check:
    """Later parts of a post are no further post. ``of_rooms``: what is said in private is none of it."""

    def of_what_we_begin(
        message: Candidate, ledger: Ledger, rules: Rules, now: datetime
    ) -> Hold | Refuse | None:
        counts = message.counts and not message.continues and not message.is_alarm
        counts = counts and not (of_rooms and message.is_private)
        return check(message, ledger, rules, now) if counts else None

    return of_what_we_begin


def _reaches(budget: int | None, used: int) -> bool:
    return budget is not None and used >= budget


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _next_week(rules: Rules, now: datetime) -> datetime:
    today = rules.day(now)
    return rules.opening(today + timedelta(days=7 - today.weekday()))


CHECKS: Mapping[Rule, Check] = {
    Rule.OPT_OUT: _opt_out,
    Rule.SAY_DO: _say_do,
    Rule.PAUSED: _paused,
    Rule.HUSHED: _hushed,
    Rule.QUIET_HOURS: _quiet_hours,
    Rule.COMPLAINT: _complaint,
    Rule.PRIVATE_CAP: _budget(_private_cap),
    Rule.AT_ALL: _budget(_at_all),
    Rule.POSTS_WEEK: _budget(_posts_week, of_rooms=True),
    Rule.PROMO_WEEK: _budget(_promo_week, of_rooms=True),
    Rule.GIVE_ASK: _budget(_give_ask),
    Rule.POSTS_DAY: _budget(_posts_day, of_rooms=True),
    Rule.DISTANCE: _budget(_distance, of_rooms=True),
    Rule.LULL: _budget(_lull, of_rooms=True),
}
"""The rules in the order in which they are asked: for good first, what passes soonest last."""
