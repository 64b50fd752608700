"""What a report is asked for, by what it goes, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.outbox.rules import Rules
from bot.reporting.lights import Light
from bot.scoring import days
from bot.scoring.goals import Goal, Goals, Month
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.period import Period, enabled_rooms
from bot.scoring.rules import Money
from bot.sop.calendar import is_holiday
from bot.sop.loader import SopSet

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days (both counted), and in which rooms; ``room`` None: all, people counted once."""

    first: date
    last: date
    room: str | None = None

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What of the SOPs a report goes by; it goes from process to process. ``rooms``: every name of a room or
    of several, with the keys that it stands for; ``kinds``: what each role is."""

    name: str
    rules: Rules
    kinds: Mapping[str, str]
    rooms: Mapping[str, tuple[str, ...]]
    operators: str | None
    goals: Goals
    money: Money

    @classmethod
    def of(cls, sops: SopSet) -> Terms:
        """Where ``scoring.yaml`` has mistakes, without goals and with what is usual of money."""
        community = sops.community
        rules = Rules(community.zone, community.guard.hours, 0, is_holiday=is_holiday)
        goals = Goals() if sops.scoring is None else sops.scoring.goals
        money = Money() if sops.scoring is None else sops.scoring.money
        roles, names = dict(community.roles), community.names()
        return cls(community.name, rules, roles, names, community.operators, goals, money)

    @property
    def zone(self) -> ZoneInfo:
        return self.rules.zone

    def is_quiet(self, moment: datetime) -> bool:
        return self.rules.opens_at(moment) > moment

    def rooms_of(self, connection: Connection, name: str | None) -> dict[str, int]:
        """The rooms of a name, or all, that were ever enabled, by key; never the operators'."""
        known = enabled_rooms(connection)
        wanted = known if name is None else self.rooms.get(name, ())
        return {key: known[key] for key in wanted if key in known and key != self.operators}

    def period(self, connection: Connection, asked: Asked) -> Period:
        first, last = ((day - days.EPOCH).days for day in (asked.first, asked.last))
        rooms = [*self.rooms_of(connection, asked.room).values()]
        whole = asked.room is None
        return Period(connection, self.zone, first, last, self.kinds, rooms, whole, self.money)


def last_week(now: datetime, zone: ZoneInfo) -> Asked:
    """The seven days that ended yesterday."""
    yesterday = now.astimezone(zone).date() - DAY
    return Asked(yesterday - WEEK + DAY, yesterday)


def week_before(now: datetime, zone: ZoneInfo) -> Asked:
    """The last week from Monday to Sunday."""
    today = now.astimezone(zone).date()
    sunday = today - DAY * (today.weekday() + 1)
    return Asked(sunday - WEEK + DAY, sunday)


def this_month(now: datetime, zone: ZoneInfo) -> Asked:
    """From its first day to yesterday; on the first, all of the month before."""
    yesterday = now.astimezone(zone).date() - DAY
    return Asked(yesterday.replace(day=1), yesterday)


def month_before(now: datetime, zone: ZoneInfo) -> Asked:
    today = now.astimezone(zone).date()
    last = today.replace(day=1) - DAY
    return Asked(last.replace(day=1), last)


def whole(month: Month, room: str | None = None) -> Asked:
    first, after = (date(it.year, it.number, 1) for it in (month, month.next))
    return Asked(first, after - DAY, room)


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, what it was in the period of the same length before, and what it is held against.

    ``baseline`` of what is counted is that of as many days.
    """

    now: Figure
    before: Figure | None = None
    baseline: float | None = None
    goal: Goal | None = None

    @property
    def is_met(self) -> bool | None:
        return None if self.goal is None else self.goal.is_met(self.now.value, self.baseline)

    @property
    def change(self) -> float | None:
        """Since the period before."""
        before = None if self.before is None else self.before.value
        return None if before is None or self.now.value is None else self.now.value - before


@dataclass(frozen=True, slots=True)
class Report:
    """``members`` are those who were there at its end. ``baseline`` is the month against which it is held,
    None where there is none or it is not over."""

    asked: Asked
    name: str
    lines: Sequence[Line]
    members: int = 0
    lights: Sequence[Light] = ()
    baseline: Month | None = None

    @property
    def events(self) -> list[int]:
        """Rows of the log at which somebody should look."""
        return [id for line in self.lines for id in line.now.events]

    def line(self, id: str) -> Line | None:
        return next((it for it in self.lines if it.now.id == id), None)
