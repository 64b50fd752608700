"""How many new customers others brought (8): at least those with a proof, at most also those who say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.people.referrals import PROOFS, Word
from bot.scoring import book
from bot.scoring.kpi.buying import newcomers
from bot.scoring.kpi.figure import Figure, percent, share
from bot.scoring.kpi.period import Period
from bot.scoring.kpi.staying import CO_CREATOR
from bot.scoring.orders import Buyer

WITHIN = timedelta(days=30)
"""A proof holds for so long before the first order."""


def figures(period: Period) -> Iterator[Figure]:
    new = newcomers(period, period.begins, period.ends)
    told = [word for buyer in new if (word := period.brought.get(_who(buyer)))]
    proven = proven_among(period, new)
    levels = book.standings(period.connection)
    trusted = {member for member, it in levels.items() if it.level >= CO_CREATOR}
    say_so = sum(word.by not in PROOFS for word in told)
    yield share(
        "word_of_mouth",
        "口碑新客",
        len(proven),
        len(new),
        算上自己说的=percent(len(proven) + say_so, len(new)),
        共创者带来的=percent(sum(word.brought_by in trusted for word in proven), len(new)),
        介绍人也是被介绍来的=percent(sum(word.brought_by in period.brought for word in proven), len(new)),
    )


def proven_among(period: Period, new: Mapping[Buyer, datetime]) -> list[Word]:
    """How those new customers were brought of whom there is a proof from 30 days before their first order."""
    found = [(word, at) for buyer, at in new.items() if (word := period.brought.get(_who(buyer)))]
    return [word for word, at in found if word.by in PROOFS and timedelta(0) <= at - word.at <= WITHIN]


def _who(buyer: Buyer) -> int:
    """As words name them: accounts of nobody are below zero."""
    return buyer.id if buyer.is_member else -buyer.id
