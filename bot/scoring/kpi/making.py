"""What members make, and how close they are: works (9), challenge (15), ties (18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.store.tables import interaction

TIES = 3
TIE_DAYS = 90
_OUT = ("ugc_rejected", "ugc_withdrawn", "ugc_duplicate")


def figures(period: Period) -> Iterator[Figure]:
    yield from _works(period)
    yield _depth(period)


def _works(period: Period) -> Iterator[Figure]:
    """Works that stand: not rejected, withdrawn or a duplicate, whenever that was decided."""
    works = [row for row in period.rows("ugc_submitted") if row.identity_id in period.member_of]
    out = _taken_out(period)
    standing = [row for row in works if row.id not in out]
    authors = Counter(period.member_of[row.identity_id] for row in standing)
    active = sum(1 for acts, _ in period.month.values() if acts)
    most = sum(count for _, count in authors.most_common(max(1, len(authors) // 10))) if authors else 0
    yield Figure(
        "works",
        "作品",
        len(standing),
        len(works),
        parts={
            "作者": len(authors),
            "每百位活跃会员": 100 * len(standing) / active if active else None,
            "前一成作者占": percent(most, len(standing)),
        },
        summed=True,
    )
    entrants = {member for member in authors if member in period.eligible}
    yield share("challenge_participation", "挑战参与", len(entrants), len(period.eligible))


def _taken_out(period: Period) -> set[int]:
    """The works that something took out and nothing restored."""
    i = interaction.c
    query = select(i.id, i.name, i.corrects_event_id).where(i.name.in_([*_OUT, "ugc_restored"]))
    rows = list(period.connection.execute(query))
    restored = {row.corrects_event_id for row in rows if row.name == "ugc_restored"}
    return {row.corrects_event_id for row in rows if row.name in _OUT and row.id not in restored}


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
