"""Whom to thank, and for what: a rule that anybody can follow, from what counts as contribution.

Of everybody who is in a room the points of the last months are summed by dimension, without fading; the roots
of the five sums make the merit, so that a little of everything goes before much of one thing. A share of the
places is for those who came lately. Who said little and then fell silent is thanked like the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from bot.people import consent
from bot.scoring import days, explain
from bot.scoring.explain import Reason
from bot.scoring.kpi.period import ours
from bot.scoring.rules import Scoring
from bot.store.figures import contribution
from bot.store.reading import stream
from bot.store.rights import erasure
from bot.store.tables import identity, member, membership

LEAST = 5.0
"""Points, all dimensions together, without which nobody is on a list."""
NEW_FOR = timedelta(days=90)
NEW_SHARE = 0.3
"""Of the places so many are for who came lately, if there are enough of them."""
MOST_REASONS = 3
Fact = Mapping[str, Any]


class Candidate(NamedTuple):
    member_id: int
    merit: float
    is_new: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list as it is asked for: contributions of the last ``since`` days, of members in these ``rooms``
    (None: any); ``kinds`` says what each role is, and nobody who is ``bound`` is on it."""

    scoring: Scoring
    zone: ZoneInfo
    kinds: Mapping[str, str]
    now: datetime
    since: int
    rooms: Collection[int] | None

    @property
    def first(self) -> int:
        return days.number(self.now, self.zone) - self.since + 1

    def find(self, connection: Connection, places: int, bound: Collection[int]) -> dict[int, list[Fact]]:
        """Whom to thank, the first before the others, each with the reasons."""
        chosen = choose(self._candidates(connection, bound), places)
        return {it.member_id: self._reasons(connection, it.member_id) for it in chosen}

    def _candidates(self, connection: Connection, bound: Collection[int]) -> Iterator[Candidate]:
        """Our own people, who is to be forgotten and who wants not to be chosen by what they do, are none."""
        out = {*bound, *ours(connection, self.kinds), *consent.all_impersonal(connection)}
        out.update(connection.scalars(select(erasure.c.member_id)))
        there, new = self._present(connection) - out, self._new(connection)
        for who, by_dimension in self._points(connection).items():
            if who in there and sum(by_dimension) >= LEAST:
                yield Candidate(who, sum(sqrt(max(it, 0.0)) for it in by_dimension), who in new)

    def _present(self, connection: Connection) -> set[int]:
        m = membership.c
        query = (
            select(identity.c.member_id)
            .select_from(membership.join(identity, identity.c.id == m.identity_id))
            .where(m.left_at.is_(None), identity.c.member_id.is_not(None))
        )
        here = query if self.rooms is None else query.where(m.room_id.in_(self.rooms))
        return set(connection.scalars(here))

    def _new(self, connection: Connection) -> set[int]:
        query = select(member.c.id).where(member.c.created_at >= self.now - NEW_FOR)
        return set(connection.scalars(query))

    def _points(self, connection: Connection) -> Mapping[int, Sequence[float]]:
        c = contribution.c
        query = (
            select(identity.c.member_id, c.dimension, func.sum(c.points))
            .select_from(contribution.join(identity, identity.c.id == c.identity_id))
            .where(c.day >= self.first)
            .group_by(identity.c.member_id, c.dimension)
        )
        found: defaultdict[int, list[float]] = defaultdict(list)
        for who, _, points in stream(connection, query):
            found[who].append(points)
        return found

    def _reasons(self, connection: Connection, member_id: int) -> list[Fact]:
        mine = list(connection.scalars(select(identity.c.id).where(identity.c.member_id == member_id)))
        found = explain.reasons(connection, mine, self.scoring, self.zone, self.now)
        return facts(it for it in found if it.day >= self.first)


def choose(candidates: Iterable[Candidate], places: int) -> list[Candidate]:
    """The most deserving, the share of new faces among them; of equal ones who was there first."""
    ranked = sorted(candidates, key=lambda it: (-it.merit, it.member_id))
    kept = [it for it in ranked if it.is_new][: round(places * NEW_SHARE)]
    others = [it for it in ranked if it not in kept][: places - len(kept)]
    return sorted([*kept, *others], key=lambda it: (-it.merit, it.member_id))


def facts(reasons: Iterable[Reason]) -> list[Fact]:
    """What somebody did, how often, from when to when: what earned most first."""
    by_name: defaultdict[str, list[Reason]] = defaultdict(list)
    for it in reasons:
        by_name[it.name].append(it)
    earned = {name: sum(it.points for it in found) for name, found in by_name.items()}
    first = sorted(by_name, key=lambda name: (-earned[name], name))[:MOST_REASONS]
    return [_fact(name, by_name[name]) for name in first if earned[name] > 0]


def _fact(name: str, found: Sequence[Reason]) -> Fact:
    on = [days.day_of(it.day).isoformat() for it in found]
    return {"what": name, "times": len(found), "first": min(on), "last": max(on)}
