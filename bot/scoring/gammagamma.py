"""Gamma-Gamma (Fader, Hardie 2013): what an order of somebody comes to, knowing a few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.scoring.likelihood import maximum

START = (1.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class Spend:
    p: float
    q: float
    v: float

    def expected(self, repeats: Sequence[int], mean: Sequence[float]) -> Any:
        """An order of each buyer, between the mean of their own ones and that of all."""
        import numpy as np

        x, m = np.asarray(repeats, float), np.asarray(mean, float)
        return self.p * (self.v + x * m) / (self.p * x + self.q - 1)


def fit_spend(repeats: Sequence[int], mean: Sequence[float]) -> Spend | None:
    """Of those who bought again, by maximum likelihood; None where it has none, or no finite mean (q ≤ 1)."""
    import numpy as np
    from scipy.special import gammaln

    if not len(mean) or min(mean) <= 0 or min(mean) == max(mean):
        return None
    scale = float(np.mean(mean))
    x, m = np.asarray(repeats, float), np.asarray(mean, float) / scale

    def loss(params: Any) -> float:
        p, q, v = params
        each = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        each += (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(x * m + v)
        return -float(np.mean(each))

    found = maximum(loss, START)
    return Spend(found[0], found[1], found[2] * scale) if found and found[1] > 1 else None
