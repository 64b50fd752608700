"""How many new customers others brought (8): at least those with a proof, at most also those who say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.people.referrals import PROOFS, By, Word, standing
from bot.scoring import book
from bot.scoring.kpi.buying import newcomers
from bot.scoring.kpi.coming_in import CO_CREATOR
from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.ledger import RECALLED, REFERRAL_WITHDRAWN, REFERRED
from bot.scoring.kpi.period import Period
from bot.scoring.orders import Buyer, buyer_of

WITHIN = timedelta(days=30)
"""A proof holds for so long before the first order."""


class Referral(NamedTuple):
    """Who brought somebody (None: nobody knows), when that became known, and whether there is a proof."""

    by: int | None
    at: datetime
    is_proven: bool


def figures(period: Period) -> Iterator[Figure]:
    new = newcomers(period, period.begins, period.ends)
    brought = referrals(period)
    proven = proven_among(new, brought)
    levels = book.standings(period.connection)
    trusted = {member for member, it in levels.items() if it.level >= CO_CREATOR}
    told = sum(buyer in brought and not brought[buyer].is_proven for buyer in new)
    second = sum(it.by is not None and Buyer(it.by, is_member=True) in brought for it in proven.values())
    yield share(
        "word_of_mouth",
        "口碑新客",
        len(proven),
        len(new),
        算上自己说的=percent(len(proven) + told, len(new)),
        共创者带来的=percent(sum(it.by in trusted for it in proven.values()), len(new)),
        介绍人也是被介绍来的=percent(second, len(new)),
    )


def referrals(period: Period) -> dict[Buyer, Referral]:
    """Who was brought, and by whom, once each, by the word that stands. Our own people bring nobody."""
    rows = period.ledger.rows(period.connection, RECALLED, REFERRAL_WITHDRAWN)
    back = {row.parent_event_id for row in rows if row.occurred_at < period.ends}
    told = [row for row in period.recorded(REFERRED) if back.isdisjoint({row.id, row.parent_event_id})]
    words = [_word(period, row) for row in told if not _is_by_ours(period, row)]
    return {
        Buyer(abs(came), is_member=came > 0): Referral(it.brought_by, it.at, it.by in PROOFS)
        for came, it in standing(words).items()
    }


def _is_by_ours(period: Period, row: Any) -> bool:
    return row.target_identity_id is not None and row.target_identity_id not in period.member_of


def _word(period: Period, row: Any) -> Word:
    who, by = buyer_of(row), period.member_of.get(row.target_identity_id)
    came = who.id if who.is_member else -who.id
    at, came_as, by_as = row.occurred_at, row.identity_id, row.target_identity_id
    return Word(row.id, came, by, By(row.props["by"]), at, came_as, by_as)


def proven_among(new: Mapping[Buyer, datetime], brought: Mapping[Buyer, Referral]) -> dict[Buyer, Referral]:
    """Those new customers who were brought, with a proof of the 30 days before their first order."""
    found = {buyer: brought[buyer] for buyer in new if buyer in brought}
    return {
        buyer: it
        for buyer, it in found.items()
        if it.is_proven and timedelta(0) <= new[buyer] - it.at <= WITHIN
    }
