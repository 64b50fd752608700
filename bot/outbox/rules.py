"""What the guard goes by: the community's rules, what it is told of a message and of what was before it, and
what it may say. Plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.outbox.queue import Intent

BUDGETED = frozenset({Intent.GIVE, Intent.ASK, Intent.PROMO})
"""What we begin ourselves: it counts, and may be unwanted."""
FOUR_WEEKS = timedelta(days=28)
"""For so long gives and asks are weighed against each other."""


class Rule(StrEnum):
    """What holds a message back, by the names of the record (``send_suppressed``)."""

    OPT_OUT = "dnc"
    SAY_DO = "say_do"
    PAUSED = "paused"
    HUSHED = "hushed"
    QUIET_HOURS = "quiet_hours"
    COMPLAINT = "complaint"
    PRIVATE_CAP = "freq_cap"
    AT_ALL = "at_all"
    POSTS_WEEK = "posts_week"
    PROMO_WEEK = "promo_week"
    GIVE_ASK = "give_ask"
    POSTS_DAY = "posts_day"
    DISTANCE = "distance"
    LULL = "lull"


@dataclass(frozen=True, slots=True)
class Hours:
    """The part of a day in which messages may be sent: from ``opens`` until just before ``closes``."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much we may begin: posts a room (``promo``: those that sell), @所有人 a room and calendar month.

    Days and weeks are the calendar's. ``gives_per_ask`` also holds for what is said to one member in private.
    ``lull``: how long a room has to be silent before a post. None: any.
    """

    posts_a_day: int | None = None
    posts_a_week: int | None = None
    promo_a_week: int | None = None
    gives_per_ask: int = 0
    at_all_a_month: int | None = None
    apart: timedelta = timedelta(0)
    lull: timedelta = timedelta(0)


def _no_holiday(day: date) -> bool:
    return False


def _sells_nothing(text: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Rules:
    """The community's rules: ``hours`` from Monday to Sunday, and an eighth where holidays have their own;
    private messages a member and week; for how long a complaint silences its room; what counts as a holiday,
    and as selling."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    private_a_week: int
    complaint_hold: timedelta = timedelta(hours=2)
    budget: Budget = Budget()
    is_holiday: Callable[[date], bool] = _no_holiday
    sells: Callable[[str], bool] = _sells_nothing

    def opens_at(self, now: datetime) -> datetime:
        """The first moment from ``now`` on that is not in quiet hours."""
        today = self.day(now)
        opens, closes = self._span(today)
        return max(now, opens) if now < closes else self.opening(today + timedelta(days=1))

    def opening(self, day: date) -> datetime:
        """When the quiet hours of ``day``'s night end."""
        return self._span(day)[0]

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def hours_of(self, day: date) -> Hours:
        has_festive = len(self.hours) > 7  # to ask what day it is takes a while, for the first time
        return self.hours[7 if has_festive and self.is_holiday(day) else day.weekday()]

    def _span(self, day: date) -> tuple[datetime, datetime]:
        hours = self.hours_of(day)
        return datetime.combine(day, hours.opens, self.zone), datetime.combine(day, hours.closes, self.zone)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the guard is told of a message: ``answers_at`` is when the words were said that it answers.

    An alarm, to those who have to act, keeps no quiet hours. A later part of a post (``continues``) belongs
    to what has begun. ``asked_as`` names the run (or else the post) of an ask: all its asks are one.
    """

    intent: Intent
    is_private: bool = False
    answers_at: datetime | None = None
    is_alarm: bool = False
    sells: bool = False
    at_all: bool = False
    continues: bool = False
    asked_as: int | None = None

    @property
    def counts(self) -> bool:
        return self.intent in BUDGETED

    @property
    def begins(self) -> bool:
        """Posts, and what was gathered for later; not what answers somebody, nor what has to be known."""
        return not self.is_alarm and (
            self.counts or (self.intent is Intent.REPLY and self.answers_at is None)
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """Something that was begun in the room, or with the member: by us, or by hand (then it has no intent,
    unless it sells)."""

    at: datetime
    intent: Intent | None = None
    asked_as: int | None = None
    at_all: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was before, as far as it concerns the message: what was ``begun`` in its place; whether the person
    opted out; the complaints in the room that are not dealt with; the restraints in force, and until when.

    ``new_at``: when the place was new, and had a credit of gives. ``heard_at``, ``gift_at``: when somebody
    last said something in the room, gave a red packet. ``lull_since``: since when the message waits for
    silence.
    """

    opted_out: bool = False
    begun: Sequence[Begun] = ()
    complaints: Sequence[datetime] = ()
    restraints: Mapping[Rule, datetime | None] = field(default_factory=dict)
    new_at: datetime | None = None
    heard_at: datetime | None = None
    gift_at: datetime | None = None
    lull_since: datetime | None = None


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
