"""What members make, and how close they are: works (9), challenges (15), ties (18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from bot.scoring.kpi import challenges
from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.store.reading import plain
from bot.store.tables import interaction

TIES = 3
TIE_DAYS = 90
_OUT = ("ugc_rejected", "ugc_withdrawn", "ugc_duplicate", "ugc_held")
_MAY_BE_USED = "ugc_featured"
_TAKEN_BACK = ("ugc_restored", "ugc_unfeatured")


class Decided(NamedTuple):
    """Which works are out, and which their authors let us use; whenever that was decided."""

    out: Collection[int]
    may_be_used: Collection[int]


def figures(period: Period) -> Iterator[Figure]:
    works = [row for row in period.rows(challenges.WORK) if row.identity_id in period.member_of]
    decided = _decided(period.connection)
    yield _works(period, works, decided)
    programmes = {row.programme_id for row in works} - {None}
    yield challenges.participation(period, programmes, decided.out)
    yield _depth(period)


def _works(period: Period, works: Sequence[Any], decided: Decided) -> Figure:
    """Works that stand: not held, rejected, withdrawn or a duplicate."""
    standing = [row for row in works if row.id not in decided.out]
    authors = Counter(period.member_of[row.identity_id] for row in standing)
    active = sum(1 for acts, _ in period.month.values() if acts)
    most = sum(count for _, count in authors.most_common(max(1, len(authors) // 10)))
    may_be_used = sum(row.id in decided.may_be_used for row in standing)
    parts = {
        "作者": len(authors),
        "每百位活跃会员": 100 * len(standing) / active if active else None,
        "前一成作者占": percent(most, len(standing)),
        "作者同意再用": percent(may_be_used, len(standing)),
    }
    return Figure("works", "作品", len(standing), len(works), parts=parts, summed=True)


def _decided(connection: Connection) -> Decided:
    i = interaction.c
    query = select(i.id, i.name, i.corrects_event_id, i.parent_event_id).where(
        i.name.in_([*_OUT, _MAY_BE_USED, *_TAKEN_BACK])
    )
    rows = list(plain(connection, query))
    undone = {corrects for _, name, corrects, _ in rows if name in _TAKEN_BACK}
    left = [row for row in rows if row[0] not in undone]
    return Decided(
        {corrects for _, name, corrects, _ in left if name in _OUT},
        {work for _, name, _, work in left if name == _MAY_BE_USED},
    )


def _depth(period: Period) -> Figure:
    """Members with three mutual ties and more in 90 days: they answered or thanked each other."""
    since = period.ends - timedelta(days=TIE_DAYS)
    i = interaction.c
    query = select(i.identity_id, i.target_identity_id).where(
        i.target_identity_id.is_not(None),
        i.identity_id.is_not(None),
        i.occurred_at >= since,
        i.occurred_at < period.ends,
        i.room_id.in_(period.rooms),
    )
    towards: defaultdict[int, set[int]] = defaultdict(set)
    for row in period.connection.execute(query):
        by, to = period.member_of.get(row[0]), period.member_of.get(row[1])
        if by is not None and to is not None and by != to:
            towards[by].add(to)
    pairs = {frozenset((by, to)) for by, many in towards.items() for to in many}
    mutual = [pair for pair in pairs if all(b in towards.get(a, ()) for a in pair for b in pair if a != b)]
    ties = Counter(member for pair in mutual for member in pair)
    deep = sum(1 for member in period.eligible if ties[member] >= TIES)
    return share(
        "depth",
        "有3位以上互相来往",
        deep,
        len(period.eligible),
        来往是双向的=percent(len(mutual), len(pairs)),
    )
