"""The log, read into days: how often somebody did something in a room, and what points a day came to.

A day of one identity follows from the log alone, whenever it is worked out, so days may be done in any order
and done again. Nothing here writes; nothing needs the core's thread.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, Select, case, distinct, exists, func, select, type_coerce

from bot import naming
from bot.people.points import REVERSED, Dimension
from bot.people.referrals import ACTIVATED
from bot.scoring import bringing, damping, days
from bot.scoring.contribution import Act, by_weights, with_rewards
from bot.scoring.rules import Scoring
from bot.store.reading import plain
from bot.store.session import one_of
from bot.store.tables import interaction, score_entry

TEN_MINUTES = 600_000
"""Pictures of one such span are one act: a burst is one."""
MEMBERS = ("member", "koc")
"""Staff, experts and bots are outside all figures."""
ACTS = frozenset(way.name for way in naming.WAYS if way.counts)
"""What people do themselves; what SOPs make of it (an answer, an entry) has it as its cause."""
BY_COMMAND = ("question_asked", "answer_given", "survey_answered", "nps_answered", "poll_voted")
"""What counts where it was typed as a command, which is no act in itself."""
VERSION = 2
"""Another whenever a day comes to something else by the same rules, so that all days are worked out anew."""
_NOTHING = 1e-9


class Counted(NamedTuple):
    """How often somebody did something on a day in a room (0: in none)."""

    identity_id: int
    day: int
    name: str
    prompted: int
    room_id: int
    times: int


_OF_DAY = itemgetter(0, 1)
"""Of ``Counted``: whose, and on which day."""


class Day(NamedTuple):
    """A day of one identity: acts by room as (all, of their own accord), and points by dimension."""

    identity_id: int
    day: int
    rooms: Mapping[int, tuple[int, int]]
    points: Mapping[Dimension, float]


class Span(NamedTuple):
    """From the first moment to the last."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the log is read: these identities from ``first`` to ``last``."""

    first: datetime
    last: datetime
    identities: Collection[int]


def read(connection: Connection, part: Part, scoring: Scoring, zone: ZoneInfo) -> Iterator[Day]:
    """The days of ``part`` on which anything counts, by identity and day."""
    rewarded, typed = rewards(connection, part, zone), _typed(connection, part, zone)
    counts = _counts(connection, _counting(part, [*ACTS, *scoring.weights], zone), part)
    weigh = cache(lambda times: by_weights(times, scoring))  # most days are like others
    others = deque(sorted({*typed, *rewarded}))

    def day(key: tuple[int, int], found: list[Counted]) -> Day:
        points = weigh(tuple([(name, prompted, times) for _, _, name, prompted, _, times in found]))
        if key in rewarded:
            points = with_rewards(points, rewarded[key], scoring)
        acts = [it for it in found if it.name in ACTS]
        return Day(*key, _rooms([*acts, *typed[key]] if key in typed else acts), points)

    for key, group in groupby(counts, key=_OF_DAY):
        while others and others[0] < key:
            yield day(others.popleft(), [])
        if others and others[0] == key:
            others.popleft()
        yield day(key, [*group])
    yield from (day(key, []) for key in others)


def _rooms(counts: Iterable[Counted]) -> dict[int, tuple[int, int]]:
    """How often in each room, and how often of that of their own accord."""
    rooms: dict[int, tuple[int, int]] = {}
    for _, _, _, prompted, room_id, times in counts:
        acts, own = rooms.get(room_id, (0, 0))
        rooms[room_id] = (acts + times, own + (0 if prompted else times))
    return rooms


def _counts(connection: Connection, query: Select[Any], part: Part) -> Iterator[Counted]:
    return map(Counted._make, plain(connection, query, parameters(part)))


def _typed(connection: Connection, part: Part, zone: ZoneInfo) -> dict[tuple[int, int], list[Counted]]:
    """What was done by a command, by identity and day."""
    command = interaction.alias("command")
    caused = interaction.join(command, command.c.id == interaction.c.parent_event_id)
    by_command = command.c.name == "command_given"
    query = _counting(part, BY_COMMAND, zone).select_from(caused).where(by_command)
    found: defaultdict[tuple[int, int], list[Counted]] = defaultdict(list)
    for it in _counts(connection, query, part):
        found[it.identity_id, it.day].append(it)
    return found


def _counting(part: Part, names: Collection[str], zone: ZoneInfo) -> Select[Any]:
    i = interaction.c
    day = days.column(i.occurred_at, zone, part.first, part.last).label("day")
    room = func.coalesce(i.room_id, 0).label("room")
    prompted = case((i.initiated_by == "prompted", 1), else_=0).label("prompted")
    return (
        select(i.identity_id, day, i.name, prompted, room, func.count(distinct(cause())))
        .where(i.name.in_(sorted(set(names))), *that_count(part))
        .group_by(i.identity_id, day, i.name, prompted, room)
        .order_by(i.identity_id, day)
    )


def cause() -> Any:
    """What tells acts apart: a message is one, pictures of the same ten minutes are one."""
    i = interaction.c
    moment = type_coerce(i.occurred_at, BigInteger)
    return case((i.media_count > 0, -(moment // TEN_MINUTES)), else_=i.id)


def that_count(part: Part) -> Iterator[Any]:
    """What is a member's, no test, and was not recalled."""
    i = interaction.c
    recalls = interaction.alias("recalls")
    yield one_of(i.identity_id, "people")
    yield i.occurred_at.between(part.first, part.last)
    yield i.actor_role.in_(MEMBERS)
    yield i.is_test.is_(False)
    yield ~exists().where(recalls.c.parent_event_id == i.id, recalls.c.name == "message_recalled")


def parameters(part: Part) -> dict[str, Any]:
    return {"people": part.identities}


def rewards(connection: Connection, part: Part, zone: ZoneInfo) -> dict[tuple[int, int], list[Act]]:
    """What SOPs gave points for and did not take back, by identity and day; thanks are damped,
    and who brought whom has to stand."""
    net: dict[tuple[int, str, int], list[Any]] = {}
    for row in plain(connection, _rewarding(part, zone), parameters(part)):
        identity_id, rule, event, points, *_ = row
        key = (identity_id, rule.removesuffix(REVERSED), event)
        net.setdefault(key, [row, 0.0])[1] += points
    left = damping.factors(connection, part.identities)
    void = bringing.void(connection, part.identities)
    found: defaultdict[tuple[int, int], list[Act]] = defaultdict(list)
    for (identity_id, rule, event), (row, points) in net.items():
        if rule == damping.THANKED:
            points *= left.get(event, 1.0)
        elif rule == ACTIVATED and event in void:
            continue
        if abs(points) > _NOTHING:
            *_, dimension, at, day, initiated_by = row
            act = Act(rule, event, at, initiated_by == "prompted", points, dimension)
            found[identity_id, day].append(act)
    return found


def _rewarding(part: Part, zone: ZoneInfo) -> Select[Any]:
    e, i = score_entry.c, interaction.c
    at, day = type_coerce(e.at, BigInteger), days.column(e.at, zone, part.first, part.last)
    return (
        select(e.identity_id, e.rule, e.event_id, e.points, e.dimension, at, day, i.initiated_by)
        .select_from(score_entry.outerjoin(interaction, i.id == e.event_id))
        .where(one_of(e.identity_id, "people"), e.at.between(part.first, part.last))
        .order_by(e.id)
    )


def touched(connection: Connection, after: int, span: Span, zone: ZoneInfo) -> dict[int, set[int]]:
    """The days that rows of the log with ids above ``after`` belong to, each with its identities.

    A recall belongs to the day of what was recalled; thanks change what others of the same pair count for.
    """
    i, e = interaction.c, score_entry.c
    original = interaction.alias("original")
    recalls = (
        select(original.c.identity_id, original.c.occurred_at)
        .select_from(interaction.join(original, original.c.id == i.parent_event_id))
        .where(i.id > after, i.name == "message_recalled")
    )
    queries: Iterable[Select[Any]] = (
        select(i.identity_id, i.occurred_at).where(i.id > after, i.identity_id.is_not(None)),
        recalls.where(original.c.identity_id.is_not(None)),
        select(e.identity_id, e.at).where(e.id > after),
        damping.following(after),
        damping.regrouped(connection, after),
        bringing.unsettled(connection, after),
    )
    found: defaultdict[int, set[int]] = defaultdict(set)
    for query in queries:
        who, at = query.selected_columns
        day = days.column(at, zone, span.first, span.last)
        for identity_id, number in plain(connection, query.with_only_columns(who, day)):
            found[number].add(identity_id)
    return dict(found)
