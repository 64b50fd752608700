"""The facts of a few members, each found by its index; no more of them than a condition asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.audience.conditions import Active, Condition, Facts, Leveled, Silent, Spends, Tagged, leaves, longest
from bot.audience.scope import CAME, PLACES, Scope
from bot.people import consent
from bot.scoring import book, days, spending
from bot.scoring.kpi.period import ours
from bot.store.figures import activity
from bot.store.session import one_of
from bot.store.tables import identity, member, room, tag


def of(
    connection: Connection, members: Collection[int], scope: Scope, condition: Condition
) -> dict[int, Facts]:
    """By member; who is in no room of members, or one of our own people, is not in it."""
    asked = {type(leaf) for leaf in leaves(condition)}
    places = _places(connection, members, scope)
    here = places.keys() - ours(connection, scope.kinds)
    alone = consent.decliners(connection, here, consent.PERSONAL)
    tagged = _tags(connection, here, scope.now) if Tagged in asked else {}
    stood = book.standings(connection, here) if Leveled in asked else {}
    spent = spending.stored(connection, here) if Spends in asked else {}
    active = _days(connection, here, scope.today - longest(condition)) if asked & {Active, Silent} else {}
    return {
        it: Facts(
            scope.today,
            frozenset(key for key, _ in places[it]),
            max(days.number(came, scope.zone) for _, came in places[it]),
            it not in alone,
            tagged.get(it, {}),
            stood[it].level if it in stood else 0,
            spent[it].grade if it in spent else 0,
            active.get(it, ()),
        )
        for it in here
    }


def _places(
    connection: Connection, members: Collection[int], scope: Scope
) -> Mapping[int, list[tuple[str, datetime]]]:
    """In which rooms they are, and when they came there."""
    query = select(identity.c.member_id, room.c.key, CAME).select_from(PLACES)
    theirs = query.where(scope.is_here, one_of(identity.c.member_id, "members"))
    found: defaultdict[int, list[tuple[str, datetime]]] = defaultdict(list)
    for member_id, key, came in connection.execute(theirs, {"members": members}):
        found[member_id].append((key, came))
    return found


def _tags(connection: Connection, members: Collection[int], now: datetime) -> Mapping[int, dict[str, float]]:
    """The tags in force, each with its highest score; also of those who were merged into them."""
    who = func.coalesce(member.c.merged_into, member.c.id)
    theirs = one_of(member.c.id, "members") | one_of(member.c.merged_into, "members")
    query = (
        select(who, tag.c.key, tag.c.score, tag.c.expires_at, tag.c.refused_at)
        .select_from(member.join(tag, tag.c.member_id == member.c.id))
        .where(theirs)
    )
    rows = connection.execute(query, {"members": members}).all()
    refused = {(row[0], row.key) for row in rows if row.refused_at is not None}
    found: defaultdict[int, dict[str, float]] = defaultdict(dict)
    for row in rows:
        in_force = row.expires_at is None or row.expires_at > now
        if in_force and (row[0], row.key) not in refused:
            found[row[0]][row.key] = max(row.score, found[row[0]].get(row.key, row.score))
    return found


def _days(connection: Connection, members: Iterable[int], since: int) -> Mapping[int, list[int]]:
    """The days after ``since`` on which they did something in a room."""
    a = activity.c
    query = (
        select(identity.c.member_id, a.day)
        .select_from(identity.join(activity, a.identity_id == identity.c.id))
        .where(one_of(identity.c.member_id, "members"), a.day > since, a.room_id != 0)
        .distinct()
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for member_id, day in connection.execute(query, {"members": list(members)}):
        found[member_id].append(day)
    return {member_id: sorted(theirs) for member_id, theirs in found.items()}
