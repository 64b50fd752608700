"""Who takes part in challenges (15), from their first day up to the period's end."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from bot.scoring import days
from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.store.tables import interaction
from bot.store.types import UtcTime

WORK = "ugc_submitted"
_JOINED, _COMPLETED, _CLOSED = "challenge_joined", "challenge_completed", "challenge_closed"
_SAID = "content_sent"


@dataclass(slots=True)
class Challenge:
    """``first`` is when it was first heard of, ``rooms`` are those in which we spoke of it. Members:
    ``entrants`` have a work that stands, ``joined`` had one once."""

    first: datetime
    rooms: set[int] = field(default_factory=set)
    entrants: set[int] = field(default_factory=set)
    joined: set[int] = field(default_factory=set)
    completed: set[int] = field(default_factory=set)
    is_over: bool = False

    def begins(self, period: Period) -> datetime:
        """The first moment of its first day."""
        return days.begin(days.number(self.first, period.zone), period.zone)


def participation(period: Period, programmes: Collection[str], out: Collection[int]) -> Figure:
    """Of who was there when each of these began: those with a work that is not ``out``."""
    found = _challenges(period, programmes, out)
    if not found:
        return Figure("challenge_participation", "挑战参与", None, unit="%", why="这段时间没有人打卡")
    began = [(it, it.begins(period)) for it in found]
    entered, there = _entered((it, period.there(at, at)) for it, at in began)
    entered_of_these, could_see = _entered((it, period.there(at, at, it.rooms)) for it, at in began)
    over = [it for it in found if it.is_over]
    return share(
        "challenge_participation",
        "挑战参与",
        entered,
        there,
        看得到的人里=percent(entered_of_these, could_see),
        走完的=percent(sum(len(it.completed) for it in over), sum(len(it.joined) for it in over)),
    )


def _entered(among: Iterable[tuple[Challenge, set[int]]]) -> tuple[int, int]:
    """How many of those entered, and how many they are."""
    each = [(len(challenge.entrants & members), len(members)) for challenge, members in among]
    return sum(entered for entered, _ in each), sum(there for _, there in each)


def _challenges(period: Period, programmes: Collection[str], out: Collection[int]) -> list[Challenge]:
    i = interaction.c
    query = select(i.id, i.programme_id, i.name, i.identity_id, i.occurred_at).where(
        i.programme_id.in_(programmes),
        i.name.in_((WORK, _JOINED, _COMPLETED, _CLOSED)),
        i.occurred_at < period.ends,
    )
    found = _spoken_of(period, programmes)
    for id, programme, name, identity_id, at in period.connection.execute(query):
        one = found.setdefault(programme, Challenge(at))
        one.first, one.is_over = min(one.first, at), one.is_over or name == _CLOSED
        member = period.member_of.get(identity_id)
        if member is not None and period.is_about(member) and id not in out:
            did = {WORK: one.entrants, _JOINED: one.joined, _COMPLETED: one.completed}
            did[name].add(member)
    return list(found.values())


def _spoken_of(period: Period, programmes: Collection[str]) -> dict[str, Challenge]:
    """Each by where we spoke of it, and since when."""
    i = interaction.c
    first = func.min(i.occurred_at, type_=UtcTime)
    query = select(i.programme_id, i.room_id, first).where(
        i.programme_id.in_(programmes), i.name == _SAID, i.occurred_at < period.ends
    )
    found: dict[str, Challenge] = {}
    for programme, room_id, at in period.connection.execute(query.group_by(i.programme_id, i.room_id)):
        one = found.setdefault(programme, Challenge(at))
        one.first = min(one.first, at)
        one.rooms.add(room_id)
    return found
