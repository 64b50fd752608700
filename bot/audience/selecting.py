"""Everybody who meets a condition, in one query: each part is what it asks of a member's id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    distinct,
    func,
    or_,
    select,
    true,
)

from bot.audience.conditions import (
    GRADES,
    Active,
    AllOf,
    AnyOf,
    Condition,
    InRoom,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
    Trait,
    takes_all,
)
from bot.audience.scope import PLACES, Scope
from bot.people import consent
from bot.scoring.kpi.period import ours
from bot.store.benefits import spending
from bot.store.figures import activity, standing
from bot.store.reading import stream
from bot.store.session import one_of
from bot.store.tables import identity, member, room, tag


class Found(NamedTuple):
    """A member, and the rooms in which they are."""

    member_id: int
    number: int
    rooms: frozenset[str]


def everybody(connection: Connection, scope: Scope, condition: Condition | None = None) -> list[Found]:
    """Who meets the condition, each once, by number; without one all who might."""
    query = (
        select(member.c.id, member.c.number, room.c.key)
        .select_from(PLACES.join(member, member.c.id == identity.c.member_id))
        .where(scope.is_here, ~one_of(member.c.id, "ours"))
        .order_by(member.c.number)
    )
    asked = {"ours": ours(connection, scope.kinds)}
    if condition is not None:
        query = query.where(_meets(condition, scope, True))
        asked["alone"] = consent.all_impersonal(connection)
    rooms: dict[tuple[int, int], set[str]] = {}
    for member_id, number, key in stream(connection, query, asked):
        rooms.setdefault((member_id, number), set()).add(key)
    return [Found(*who, frozenset(keys)) for who, keys in rooms.items()]


def _meets(condition: Condition, scope: Scope, wanted: bool) -> ColumnElement[bool]:
    """The same as ``conditions.holds``, of each member."""
    match condition:
        case Not(part):
            return _meets(part, scope, not wanted)
        case AllOf(parts) | AnyOf(parts):
            each = [_meets(part, scope, wanted) for part in parts]
            return and_(*each) if takes_all(condition, wanted) else or_(*each)
        case InRoom(keys):
            return _as(_among(_in_rooms(scope, keys)), wanted)
        case _:
            return ~one_of(member.c.id, "alone") & _as(_has(condition, scope), wanted)


def _as(it: ColumnElement[bool], wanted: bool) -> ColumnElement[bool]:
    return it if wanted else ~it


def _among(members: Select[tuple[int]]) -> ColumnElement[bool]:
    return member.c.id.in_(members.correlate(None))


def _has(trait: Trait, scope: Scope) -> ColumnElement[bool]:
    match trait:
        case Tagged(key):
            return _among(_tagged(key, scope)) & ~_among(_refused(key))
        case Leveled(low, high, names):
            return _between(standing, standing.c.level, low, None if high == len(names) - 1 else high)
        case Spends(low, high):
            return _between(spending, spending.c.grade, low, None if high == GRADES else high)
        case Active(days, within):
            return _among(_active(scope, days, within))
        case Silent(within):
            return _among(scope.came_by(scope.today - within)) & ~_among(_active(scope, 1, within))


def _in_rooms(scope: Scope, keys: Iterable[str]) -> Select[tuple[int]]:
    here = scope.is_here & room.c.key.in_(sorted(keys))
    return select(identity.c.member_id).select_from(PLACES).where(here)


def _of_tags(key: str) -> Select[tuple[int]]:
    who = func.coalesce(member.c.merged_into, tag.c.member_id)
    joined = tag.outerjoin(member, member.c.id == tag.c.member_id)
    return select(who).select_from(joined).where(tag.c.key == key)


def _tagged(key: str, scope: Scope) -> Select[tuple[int]]:
    in_force = tag.c.expires_at.is_(None) | (tag.c.expires_at > scope.now)
    return _of_tags(key).where(tag.c.score > 0, in_force)


def _refused(key: str) -> Select[tuple[int]]:
    return _of_tags(key).where(tag.c.refused_at.is_not(None))


def _between(table: Table, value: Column[int], low: int, high: int | None) -> ColumnElement[bool]:
    """Whose value lies there; who has no row has 0. ``high`` None: there is no end."""
    members = select(table.c.member_id)
    if low:
        return _among(members.where(value >= low, true() if high is None else value <= high))
    return true() if high is None else ~_among(members.where(value > high))


def _active(scope: Scope, days: int, within: int) -> Select[tuple[int]]:
    a, i = activity.c, identity.c
    query = select(i.member_id).select_from(activity.join(identity, i.id == a.identity_id))
    lately = a.day.between(scope.today - within + 1, scope.today)
    query = query.where(lately, a.room_id != 0, i.member_id.is_not(None))
    return query.group_by(i.member_id).having(func.count(distinct(a.day)) >= days)
