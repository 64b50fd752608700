"""What a buyer will bring: BG/NBD for how often, Gamma-Gamma for how much, put together into a value.

Pure. numpy and scipy are wanted only here, and imported only where a figure is asked for; where they are
missing, or the data bear no model, the answer is a ``Refused`` with its reason.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.scoring.bgnbd import Frequency, fit_frequency
from bot.scoring.gammagamma import Spend, fit_spend

BUYERS = 200
REPEATERS = 50
MONTH = 365 / 12 / 7
"""In weeks, the unit of the models."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """``repeats``: days with an order after the first; ``recency`` and ``age``: weeks from the first order to
    the last, and to the end; ``mean_cents``: what a repeat order came to on average."""

    repeats: int
    recency: float
    age: float
    mean_cents: float = 0.0


@dataclass(frozen=True, slots=True)
class Model:
    frequency: Frequency
    spend: Spend


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no figure, for people."""

    reason: str


def summary(orders: Sequence[tuple[date, int]], end: date) -> Buyer | None:
    """A buyer's (day, cents) up to ``end``; orders of one day are one; None: none of them."""
    days: dict[date, int] = {}
    for day, cents in orders:
        if day <= end:
            days[day] = days.get(day, 0) + cents
    if not days:
        return None
    first, *later = sorted(days)
    mean = sum(days[day] for day in later) / len(later) if later else 0.0
    return Buyer(len(later), (max(days) - first).days / 7, (end - first).days / 7, mean)


def fit(buyers: Sequence[Buyer]) -> Model | Refused:
    reason = _too_little(buyers)
    if reason:
        return Refused(reason)
    frequency = fit_frequency(
        [buyer.repeats for buyer in buyers],
        [buyer.recency for buyer in buyers],
        [buyer.age for buyer in buyers],
    )
    paid = [buyer for buyer in buyers if buyer.repeats and buyer.mean_cents > 0]
    spend = fit_spend([buyer.repeats for buyer in paid], [buyer.mean_cents for buyer in paid])
    if frequency is None or spend is None:
        return Refused("数据不成规律，模型没有收敛")
    return Model(frequency, spend)


def _too_little(buyers: Sequence[Buyer]) -> str | None:
    repeaters = sum(1 for buyer in buyers if buyer.repeats and buyer.mean_cents > 0)
    if len(buyers) < BUYERS or repeaters < REPEATERS:
        return f"买过的{len(buyers)}人，复购{repeaters}人；满{BUYERS}人、其中复购{REPEATERS}人才预测"
    if importlib.util.find_spec("scipy") is None:
        return "没装 scipy，不预测；要预测请装 figures 附加包"
    return None


def values(model: Model, buyers: Sequence[Buyer], margin: float, discount: float = 0.008) -> list[int]:
    """Each buyer's margin over the coming 12 months in cents, worth ``discount`` less a month."""
    if not buyers:
        return []
    columns = [b.repeats for b in buyers], [b.recency for b in buyers], [b.age for b in buyers]
    each = model.spend.expected([b.repeats for b in buyers], [b.mean_cents for b in buyers])
    worth, before = each * 0, each * 0
    for month in range(1, 13):
        bought = model.frequency.expected(month * MONTH, *columns)
        worth += (bought - before) * each * margin / (1 + discount) ** month
        before = bought
    return [round(float(value)) for value in worth]


def held_out_error(orders: Sequence[Sequence[tuple[date, int]]], split: date, end: date) -> float | Refused:
    """Mean absolute error, in orders a buyer, of what is foretold on ``split`` for the time until ``end``."""
    known = [(buyer, own) for own in orders if (buyer := summary(own, split))]
    buyers = [buyer for buyer, _ in known]
    model = fit(buyers)
    if isinstance(model, Refused):
        return model
    columns = [b.repeats for b in buyers], [b.recency for b in buyers], [b.age for b in buyers]
    foretold = model.frequency.expected((end - split).days / 7, *columns)
    came = [len({day for day, _ in own if split < day <= end}) for _, own in known]
    return float(sum(abs(a - b) for a, b in zip(foretold, came, strict=True)) / len(came))
