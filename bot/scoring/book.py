"""The figures' tables: written from the daybook, and read for a person or for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, bindparam, delete, select

from bot.people.points import Dimension
from bot.scoring.contribution import Score, score
from bot.scoring.daybook import Day
from bot.scoring.levels import Standing
from bot.scoring.rules import Scoring
from bot.store.figures import activity, contribution, standing
from bot.store.reading import about, plain
from bot.store.session import insert_whole, one_of, upsert
from bot.store.tables import identity
from bot.store.transaction import Transaction


def put(tx: Transaction, day: int, identities: Collection[int], found: Sequence[Day]) -> None:
    """Write what a day of these identities comes to, in the place of what stood there; those that are not
    ``found`` come to nothing."""
    for table in (activity, contribution):
        tx.connection.execute(_DAY_OF[table], {"on": day, "people": identities})
    _insert(tx, found)


_DAY_OF = {
    table: delete(table).where(table.c.day == bindparam("on"), one_of(table.c.identity_id, "people"))
    for table in (activity, contribution)
}


def put_all(tx: Transaction, first: int, last: int, found: Sequence[Day]) -> None:
    """Write all days of the identities from ``first`` to ``last``, in the place of whatever stood there."""
    for table in (activity, contribution):
        tx.connection.execute(delete(table).where(table.c.identity_id.between(first, last)))
    _insert(tx, found)


def _insert(tx: Transaction, found: Sequence[Day]) -> None:
    acts = [
        (it.identity_id, it.day, room_id, all_, own)
        for it in found
        for room_id, (all_, own) in it.rooms.items()
    ]
    points = [
        (it.identity_id, it.day, dimension, total) for it in found for dimension, total in it.points.items()
    ]
    insert_whole(tx.connection, activity, acts)
    insert_whole(tx.connection, contribution, points)


@dataclass(frozen=True, slots=True)
class Person:
    """What the figures know of somebody: their score, and the days on which they did something."""

    score: Score
    days: Sequence[int]


def person(read: Iterable[Day], scoring: Scoring, today: int) -> Person:
    """What somebody's days come to."""
    there = [it for it in read if it.day <= today]
    points = ((it.day, dimension, got) for it in there for dimension, got in it.points.items())
    return Person(score(points, scoring, today), sorted({it.day for it in there if it.rooms}))


def together(
    connection: Connection, read: Iterable[Day], scoring: Scoring, today: int
) -> Iterator[tuple[int, Person]]:
    """(member, what their ``read`` days come to), whatever the figures' tables hold."""
    members = member_of(connection)
    of_member: defaultdict[int, list[Day]] = defaultdict(list)
    for day in read:
        if (member := members.get(day.identity_id)) is not None:
            of_member[member].append(day)
    return ((whose, person(found, scoring, today)) for whose, found in sorted(of_member.items()))


def everybody(
    connection: Connection,
    scoring: Scoring,
    today: int,
    since: int,
    *,
    least: float = 0.0,
    besides: Collection[int] = (),
) -> Iterator[tuple[int, Person]]:
    """(member, what they come to), of all who ever did anything, if their score is at ``least`` so much or
    they are among those ``besides``; of the days those after ``since``."""
    scores = _scores(connection, scoring, today)

    def is_wanted(member: int | None) -> bool:
        return member in besides or (member is not None and sum(scores.get(member, {}).values()) >= least)

    members = {who: member for who, member in member_of(connection).items() if is_wanted(member)}
    days: defaultdict[int, set[int]] = defaultdict(set)
    a = activity.c
    recent = select(a.identity_id, a.day).where(a.day > since, a.day <= today)
    for who, day in plain(connection, recent):
        if (member := members.get(who)) is not None:
            days[member].add(day)
    for member in sorted({*filter(is_wanted, scores), *days}):
        yield member, Person(Score(scores.get(member, {})), sorted(days.get(member, ())))


def most_active(
    connection: Connection, scoring: Scoring, today: int, least: float
) -> dict[int, dict[Dimension, float]]:
    """The scores of those who have so many points of a dimension."""
    scores = _scores(connection, scoring, today)
    return {member: got for member, got in scores.items() if max(got.values()) >= least}


def _scores(connection: Connection, scoring: Scoring, today: int) -> dict[int, dict[Dimension, float]]:
    """By member and dimension what is left of all days up to ``today``."""
    left = [scoring.decay(age) for age in range(today + 1)]
    members, c = member_of(connection), contribution.c
    found: dict[int, dict[Dimension, float]] = {}
    scored = select(c.identity_id, c.dimension, c.day, c.points).where(c.day <= today)
    for who, dimension, day, points in plain(connection, scored):
        if (member := members.get(who)) is not None:
            of_member = found.setdefault(member, {})
            of_member[dimension] = of_member.get(dimension, 0.0) + points * left[today - day]
    return found


def member_of(connection: Connection) -> dict[int, int | None]:
    """Whose each identity is."""
    return dict(plain(connection, select(identity.c.id, identity.c.member_id)))


def standings(connection: Connection, members: Collection[int] | None = None) -> dict[int, Standing]:
    names = [field.name for field in fields(Standing)]
    rows = about(connection, select(standing), standing.c.member_id, members)
    return {row.member_id: Standing(*(getattr(row, name) for name in names)) for row in rows}


def standing_of(connection: Connection, member_id: int) -> Standing:
    return standings(connection, [member_id]).get(member_id, Standing())


def stand(tx: Transaction, members: Mapping[int, Standing]) -> None:
    """Write where members stand."""
    rows = [{"member_id": member_id, **asdict(it)} for member_id, it in members.items()]
    upsert(tx.connection, standing, rows, ["member_id"])
