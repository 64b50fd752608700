"""What levels go by beside the score: works, thanks and questionnaires, of some people or of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select

from bot.people.points import REVERSED
from bot.scoring import book, daybook, days
from bot.scoring.levels import Facts
from bot.scoring.rules import Scoring
from bot.store.reading import about
from bot.store.tables import identity, interaction, score_entry

MADE = ("ugc_approved", "answer_thanked")
"""Rules whose points, where they stand, are each a work that was approved or an answer that helped."""
THANKED = "answer_thanked"
_OPEN = ("questionnaire_referred_to_human", "questionnaire_rejected")
_SETTLED = ("questionnaire_passed",)


@dataclass(frozen=True, slots=True)
class _Beside:
    """By member."""

    made: Mapping[int, int]
    thanked_by: Mapping[int, set[int]]
    thanked_days: Mapping[int, set[int]]
    open: Collection[int]


def of_one(
    connection: Connection, identities: Collection[int], scoring: Scoring, zone: ZoneInfo, now: datetime
) -> Facts:
    """The facts of one person, as the log has them at this moment."""
    part = daybook.Part(datetime.fromtimestamp(0, zone), now + timedelta(days=1), identities)
    today = days.number(now, zone)
    read = list(daybook.read(connection, part, scoring, zone))
    person = book.person(read, scoring, today)
    beside = _beside(connection, zone, identities)
    member = next(iter({*beside.made, *beside.thanked_by, *beside.open}), 0)
    return _facts(person, member, beside)


def of_movable(
    connection: Connection, scoring: Scoring, zone: ZoneInfo, today: int, stood: Collection[int]
) -> Iterator[tuple[int, Facts]]:
    """(member, facts) of those who ``stood`` anywhere and of whose score is enough for the first level that
    takes any, by what the figures' tables hold. All others stay where they began."""
    longest = max((it.present.within for it in scoring.levels if it.present is not None), default=0)
    least = scoring.levels[1].score if len(scoring.levels) > 1 else 0.0
    people = book.everybody(connection, scoring, today, since=today - longest, least=least, besides=stood)
    return with_beside(connection, zone, people)


def with_beside(
    connection: Connection, zone: ZoneInfo, people: Iterable[tuple[int, book.Person]]
) -> Iterator[tuple[int, Facts]]:
    """What levels go by of these members."""
    beside = _beside(connection, zone, None)
    return ((member, _facts(person, member, beside)) for member, person in people)


def _facts(person: book.Person, member: int, beside: _Beside) -> Facts:
    return Facts(
        person.score,
        person.days,
        beside.made.get(member, 0),
        len(beside.thanked_by.get(member, ())),
        len(beside.thanked_days.get(member, ())),
        member in beside.open,
    )


def _beside(connection: Connection, zone: ZoneInfo, identities: Collection[int] | None) -> _Beside:
    thanked_by: defaultdict[int, set[int]] = defaultdict(set)
    thanked_days: defaultdict[int, set[int]] = defaultdict(set)
    for member, by, at in about(connection, _thanks(), identity.c.id, identities):
        thanked_by[member].add(by)
        thanked_days[member].add(days.number(at, zone))
    return _Beside(
        _made(about(connection, _works(), identity.c.id, identities)),
        thanked_by,
        thanked_days,
        _open(about(connection, _questionnaires(), identity.c.id, identities)),
    )


def _works() -> Select[Any]:
    e = score_entry.c
    rules = [*MADE, *(f"{rule}{REVERSED}" for rule in MADE)]
    joined = score_entry.join(identity, identity.c.id == e.identity_id)
    return select(identity.c.member_id, e.rule, e.event_id).select_from(joined).where(e.rule.in_(rules))


def _made(rows: Iterator[tuple[Any, ...]]) -> dict[int, int]:
    """How many of each member stand."""
    made: defaultdict[int, int] = defaultdict(int)
    for member, rule, _ in rows:
        made[member] += -1 if rule.endswith(REVERSED) else 1
    return made


def _thanks() -> Select[Any]:
    """Who was thanked by which other member, and when."""
    i, by = interaction.c, identity.alias("by")
    joined = interaction.join(identity, identity.c.id == i.target_identity_id).join(
        by, by.c.id == i.identity_id
    )
    return (
        select(identity.c.member_id, by.c.member_id, i.occurred_at)
        .select_from(joined)
        .where(i.name == THANKED, by.c.member_id != identity.c.member_id)
    )


def _questionnaires() -> Select[Any]:
    i = interaction.c
    joined = interaction.join(identity, identity.c.id == i.identity_id)
    wanted = i.name.in_([*_OPEN, *_SETTLED])
    return select(identity.c.member_id, i.name).select_from(joined).where(wanted).order_by(i.id)


def _open(rows: Iterator[tuple[Any, ...]]) -> set[int]:
    """Those whose last questionnaire waits for a human, or was declined."""
    last = dict(rows)
    return {member for member, name in last.items() if name in _OPEN}
