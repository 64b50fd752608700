"""Everybody who meets a condition, in one query: each part is what it asks of a member's id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    distinct,
    exists,
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
from bot.store.session import one_of
from bot.store.tables import identity, member, room, tag

_WHO = identity.c.member_id


@dataclass(frozen=True, slots=True)
class Members:
    """Members by their ids, and how many are in each room."""

    ids: Set[int]
    rooms: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.ids)


def everybody(connection: Connection, scope: Scope, condition: Condition | None = None) -> Members:
    """Who meets the condition, each once, in whatever rooms; without one all who might."""
    query = select(_WHO, room.c.key).select_from(PLACES).where(scope.is_here, ~one_of(_WHO, "ours"))
    asked = {"ours": ours(connection, scope.kinds)}
    if condition is not None:
        query = query.where(_meets(condition, scope, True))
        asked["alone"] = consent.all_impersonal(connection)
    places = {(row[0], row[1]) for row in connection.execute(query, asked).all()}
    return Members({who for who, _ in places}, Counter(key for _, key in places))


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
            return ~one_of(_WHO, "alone") & _as(_has(condition, scope), wanted)


def _as(it: ColumnElement[bool], wanted: bool) -> ColumnElement[bool]:
    return it if wanted else ~it


def _among(members: Select[tuple[int]]) -> ColumnElement[bool]:
    return _WHO.in_(members.correlate(None))


def _has(trait: Trait, scope: Scope) -> ColumnElement[bool]:
    match trait:
        case Tagged(key):
            return _among(_tagged(key, scope)) & ~_among(_refused(key))
        case Leveled(low, high, names):
            return _between(standing, standing.c.level, low, None if high == len(names) - 1 else high)
        case Spends(low, high):
            return _between(spending, spending.c.grade, low, None if high == GRADES else high)
        case Active(days, within):
            return _was_active(scope, days, within)
        case Silent(within):
            return ~_among(scope.came_after(scope.today - within)) & ~_was_active(scope, 1, within)


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


def _was_active(scope: Scope, days: int, within: int) -> ColumnElement[bool]:
    """Asked of each member: their days stand together in the index, as those of all do not."""
    a, i = activity.c, identity.alias("mine")
    theirs = (i.c.member_id == _WHO) & (i.c.id == a.identity_id) & (a.room_id != 0)
    lately = a.day.between(scope.today - within + 1, scope.today)
    if days == 1:
        return exists().where(theirs, lately).correlate(identity)
    counted = select(func.count(distinct(a.day))).where(theirs, lately).correlate(identity)
    return counted.scalar_subquery() >= days
