"""The guard: whether a message may leave at this moment, by the community's rules. Pure, so that the sender,
the calendar and the simulation judge alike.

Replies and services count in no budget; a reply soon after the words that it answers is free of quiet hours,
too. Members who opted out get replies and services alone. A room where somebody complained gets services and
answers alone, for a while or until the complaint is dealt with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.outbox.queue import Intent

WEEK = timedelta(days=7)
SOON = timedelta(minutes=5)
"""A reply within this of the words that it answers may come at any hour."""
BUDGETED = frozenset({Intent.GIVE, Intent.ASK, Intent.PROMO})
"""What we begin ourselves: it counts, and may be unwanted."""


class Rule(StrEnum):
    """What holds a message back, by the names of the record (``send_suppressed``)."""

    QUIET_HOURS = "quiet_hours"
    PRIVATE_CAP = "freq_cap"
    OPT_OUT = "dnc"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Hours:
    """The part of a day in which messages may be sent: from ``opens`` until just before ``closes``."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, slots=True)
class Rules:
    """The community's rules: ``hours`` from Monday to Sunday, private messages a member and week, and for how
    long a complaint silences its room."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    private_a_week: int
    complaint_hold: timedelta = timedelta(hours=2)

    def opens_at(self, now: datetime) -> datetime:
        """The first moment from ``now`` on that is not in quiet hours."""
        today = now.astimezone(self.zone).date()
        opens, closes = self._span(today)
        return max(now, opens) if now < closes else self._span(today + timedelta(days=1))[0]

    def _span(self, day: date) -> tuple[datetime, datetime]:
        hours = self.hours[day.weekday()]
        return datetime.combine(day, hours.opens, self.zone), datetime.combine(day, hours.closes, self.zone)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the guard is told of a message: ``answers_at`` is when the words were said that it answers.

    An alarm, to those who have to act, keeps no quiet hours.
    """

    intent: Intent
    is_private: bool = False
    answers_at: datetime | None = None
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was before: whether the person opted out, and when we wrote to them of our own accord; when the
    complaints were made in the room that are not dealt with."""

    opted_out: bool = False
    private_sends: Sequence[datetime] = ()
    complaints: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """It may leave at ``until``, if no other rule is against it then; perhaps before (``may_end_sooner``)."""

    rule: Rule
    until: datetime
    may_end_sooner: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """It may never leave."""

    rule: Rule


Verdict = Send | Hold | Refuse


def decide(message: Candidate, ledger: Ledger, rules: Rules, now: datetime) -> Verdict:
    """What becomes of ``message`` at ``now``."""
    counts = message.intent in BUDGETED
    if message.is_private and counts and ledger.opted_out:
        return Refuse(Rule.OPT_OUT)
    opens_at = rules.opens_at(now)
    if opens_at > now and not message.is_alarm and not _is_prompt_reply(message, now):
        return Hold(Rule.QUIET_HOURS, opens_at)
    if is_silenced_by_complaints(message) and (until := _silent_until(ledger, rules, now)) is not None:
        return Hold(Rule.COMPLAINT, until, may_end_sooner=True)
    if message.is_private and counts:
        return _private(ledger, rules, now)
    return Send()


def is_silenced_by_complaints(message: Candidate) -> bool:
    """Posts and what was gathered for later are; what answers somebody is not, nor what has to be known."""
    if message.is_private or message.is_alarm:
        return False
    return message.intent in BUDGETED or (message.intent is Intent.REPLY and message.answers_at is None)


def _silent_until(ledger: Ledger, rules: Rules, now: datetime) -> datetime | None:
    near = [at for at in ledger.complaints if abs(now - at) < rules.complaint_hold]
    return max(near) + rules.complaint_hold if near else None


def _is_prompt_reply(message: Candidate, now: datetime) -> bool:
    if message.intent is not Intent.REPLY or message.answers_at is None:
        return False
    return abs(now - message.answers_at) <= SOON


def _private(ledger: Ledger, rules: Rules, now: datetime) -> Verdict:
    """A week's worth, counted by moments: what a clock that was ahead wrote down counts as well."""
    recent = sorted(at for at in ledger.private_sends if abs(now - at) < WEEK)
    if len(recent) < rules.private_a_week:
        return Send()
    return Hold(Rule.PRIVATE_CAP, recent[-rules.private_a_week] + WEEK)
