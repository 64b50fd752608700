"""Whom and when figures are about: the members who were there through a period, in a room or in all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from bot.people import referrals
from bot.people.referrals import Word
from bot.people.roles import ADMIN, IN_FORCE, OURS
from bot.scoring import days
from bot.scoring.kpi import posts
from bot.scoring.kpi.crowds import Crowd, Stay
from bot.scoring.kpi.ledger import Ledger
from bot.scoring.kpi.people import People
from bot.scoring.kpi.posts import Said
from bot.scoring.orders import PAID, REFUNDED, Buyer, Order, standing
from bot.scoring.rules import Money
from bot.store.figures import activity
from bot.store.reading import plain
from bot.store.tables import interaction, room

MONTH = 30


@dataclass(frozen=True)
class Period:
    """The local days from ``first`` to ``last``, both counted, in ``rooms``; ``kinds``: what each role is.

    ``whole``: the rooms are all there are, so who is in none of them counts among the buyers.
    """

    connection: Connection
    zone: ZoneInfo
    first: int
    last: int
    kinds: Mapping[str, str]
    rooms: Collection[int]
    whole: bool = True
    money: Money = field(default_factory=Money)
    ledger: Ledger = field(default_factory=Ledger, repr=False, compare=False)
    people: People = field(default_factory=People, repr=False, compare=False)

    @cached_property
    def begins(self) -> datetime:
        return days.begin(self.first, self.zone)

    @cached_property
    def ends(self) -> datetime:
        """The moment after the period."""
        return days.begin(self.last + 1, self.zone)

    @cached_property
    def member_of(self) -> dict[int, int]:
        """The member of each identity; our own people are in no figure."""
        return self.people.member_of(self.connection, self._ours)

    @cached_property
    def _ours(self) -> set[int]:
        return ours(self.connection, self.kinds)

    @cached_property
    def crowds(self) -> dict[int, Crowd]:
        """Who was in each of the rooms, from when to when."""
        known = self.people.crowds(self.connection, self._ours)
        return {id: known.get(id, Crowd()) for id in self.rooms}

    @property
    def stays(self) -> Iterator[Stay]:
        return (stay for crowd in self.crowds.values() for stay in crowd.stays())

    def there(self, since: datetime, until: datetime, rooms: Collection[int] | None = None) -> set[int]:
        """Members who were in one of the rooms, or of some of them, from before ``since`` until then."""
        first, last = days.milliseconds(since), days.milliseconds(until)
        some = (crowd for id, crowd in self.crowds.items() if rooms is None or id in rooms)
        return {member for crowd in some for member in crowd.through(first, last)}

    @cached_property
    def present(self) -> set[int]:
        """Members who are there at the period's end."""
        return self.there(self.ends, self.ends)

    @cached_property
    def eligible(self) -> set[int]:
        """Members who were there from before the period to its end."""
        return self.there(self.begins, self.ends)

    @cached_property
    def said(self) -> list[Said]:
        """What the brand began here, in the period and in the four weeks before its end."""
        return posts.begun(self)

    def acts(self, since: int, until: int) -> Iterator[tuple[int, int, int, int]]:
        """(member, day, acts, of their own accord) on the days from ``since`` to ``until``."""
        a = activity.c
        query = select(a.identity_id, a.day, a.acts, a.own).where(
            a.day.between(since, until), a.room_id.in_(self.rooms)
        )
        for identity_id, day, acts, own in plain(self.connection, query):
            if (member := self.member_of.get(identity_id)) is not None:
                yield member, day, acts, own

    def rows(self, *names: str, anywhere: bool = False) -> list[Any]:
        """Rows of the log by these names, in the rooms or ``anywhere``."""
        i = interaction.c
        columns = (i.id, i.name, i.identity_id, i.room_id, i.occurred_at, i.object_id, i.programme_id)
        query = select(*columns, i.corrects_event_id).where(
            i.name.in_(names),
            i.occurred_at >= self.begins,
            i.occurred_at < self.ends,
            i.is_test.is_(False),
        )
        if not anywhere:
            query = query.where(i.room_id.in_(self.rooms))
        return list(self.connection.execute(query.order_by(i.occurred_at, i.id)))

    def recorded(self, *names: str) -> Iterator[Any]:
        """Rows of the ledger by these names up to the period's end, but for our own people's."""
        for row in self.ledger.rows(self.connection, *names):
            if row.occurred_at < self.ends and row.member_id not in self._ours:
                yield row

    @cached_property
    def purchases(self) -> dict[Buyer, list[Order]]:
        """The orders of each buyer by their time, but for those that were given back whole."""
        found: defaultdict[Buyer, list[Order]] = defaultdict(list)
        for order in sorted(standing(self.recorded(PAID, REFUNDED)), key=lambda it: it.at):
            if order.kept > 0 and self.is_about(order.buyer.id if order.buyer.is_member else None):
                found[order.buyer].append(order)
        return dict(found)

    def is_about(self, member_id: int | None) -> bool:
        """Whether somebody, or an account of nobody, counts in these rooms though it has to do with none."""
        return self.whole or member_id in self._came

    @cached_property
    def brought(self) -> dict[int, Word]:
        """Who was brought by whom, by who came."""
        words = self.people.words(self.connection)
        return referrals.standing((word for word in words if word.at < self.ends), self._ours)

    @cached_property
    def _came(self) -> set[int]:
        """Members who are or were in the rooms."""
        return {member for member, *_ in self.stays}

    @cached_property
    def month(self) -> dict[int, tuple[int, int]]:
        """By member (acts, of their own accord) of the last 30 days."""
        found: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for member, _, acts, own in self.acts(self.last - MONTH + 1, self.last):
            before = found[member]
            found[member] = (before[0] + acts, before[1] + own)
        return dict(found)


def ours(connection: Connection, kinds: Mapping[str, str]) -> set[int]:
    """Members who are staff or experts; ``kinds`` says what each role is."""
    return {id for id, name in connection.execute(IN_FORCE) if name == ADMIN or kinds.get(name) in OURS}


def enabled_rooms(connection: Connection) -> dict[str, int]:
    """The rooms that were ever enabled, by key."""
    rows = connection.execute(select(room.c.key, room.c.id).where(room.c.key.is_not(None)))
    return {row[0]: row[1] for row in rows}
