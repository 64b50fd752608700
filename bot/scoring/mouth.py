"""Word of mouth in numbers: how many of those who came were brought, at least and at most, and by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.people import referrals
from bot.people.referrals import PROOFS, By, Rings, Word
from bot.scoring.kpi.period import ours
from bot.store.tables import identity, membership

MOST = 5
"""Of those who bring others so many are named."""


@dataclass(frozen=True, slots=True)
class Mouth:
    """``came`` are the members who are new: so many brought ``by`` each way, and ``unnamed`` by somebody of
    whom nobody knows who it was. ``stayed`` took part since. ``bringers``: who brought most of them."""

    came: int
    by: Mapping[By, int]
    unnamed: int
    stayed: int
    bringers: Sequence[tuple[int, Rings]]

    @property
    def least(self) -> int:
        """Those of whom it is proven."""
        return sum(self.by[it] for it in PROOFS)

    @property
    def most(self) -> int:
        """With those who say so."""
        return self.least + self.by[By.ANSWER] + self.unnamed


def of(connection: Connection, since: datetime, kinds: Mapping[str, str]) -> Mouth:
    """Of those who came since; ``kinds`` says what each role is: our own people are no members."""
    staff, done = ours(connection, kinds), referrals.activated(connection)
    words = referrals.standing(referrals.words(connection), staff)
    new = _came(connection, since) - staff
    told = [word for it, word in words.items() if it in new]
    named = [it for it in told if it.brought_by is not None]
    counted = Counter(it.by for it in named)
    return Mouth(
        len(new),
        {by: counted[by] for by in By},
        len(told) - len(named),
        sum(it.id in done for it in named),
        _most(words.values(), named),
    )


def _most(words: Iterable[Word], named: Iterable[Word]) -> list[tuple[int, Rings]]:
    """Those who brought some of the ``named``, with all whom they ever brought."""
    brought = referrals.by_bringer(words)
    lately = Counter(it.brought_by for it in named if it.brought_by is not None)
    first = sorted(lately, key=lambda it: (-lately[it], it))[:MOST]
    return [(it, referrals.rings(brought, it)) for it in first]


def _came(connection: Connection, since: datetime) -> set[int]:
    """Members whose first join, to any room, was told and is not older."""
    m = membership.c
    first = (
        select(identity.c.member_id)
        .select_from(membership.join(identity, identity.c.id == m.identity_id))
        .where(identity.c.member_id.is_not(None))
        .group_by(identity.c.member_id)
        .having(func.count() == func.count(m.joined_at), func.min(m.joined_at) >= since)
    )
    return set(connection.scalars(first))
