"""BG/NBD (Fader, Hardie, Lee 2005): how often people buy again, and whether they still do.

Time may have any unit. Equal buyers are counted, not repeated; everything is in columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.scoring.likelihood import maximum

START = (1.0, 5.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Frequency:
    """Rates are Gamma(r, alpha), chances to leave after an order Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def expected(
        self, t: float, repeats: Sequence[int], recency: Sequence[float], age: Sequence[float]
    ) -> Any:
        """E[X(t)]: orders within ``t`` from now, of each buyer."""
        import numpy as np
        from scipy.special import hyp2f1

        x, t_x, T = (np.asarray(column, float) for column in (repeats, recency, age))
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        z = t / (alpha + T + t)
        shrink = ((alpha + T) / (alpha + T + t)) ** (r + x)
        top = (a + b + x - 1) / (a - 1) * (1 - shrink * hyp2f1(r + x, b + x, a + b + x - 1, z))
        gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1), 0.0)
        return top / (1 + gone * ((alpha + T) / (alpha + t_x)) ** (r + x))


def fit_frequency(repeats: Sequence[int], recency: Sequence[float], age: Sequence[float]) -> Frequency | None:
    """By maximum likelihood; None where it has no maximum, or none that tells buyers apart."""
    import numpy as np
    from scipy.special import betaln, gammaln

    rows = np.column_stack((repeats, recency, age)).astype(float)
    if not len(rows) or not rows[:, 0].any():
        return None
    unique, n = np.unique(rows, axis=0, return_counts=True)
    x, t_x, T = unique.T
    bought = x > 0

    def loss(p: Any) -> float:
        r, alpha, a, b = p
        start = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
        dead = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
        each = start + np.where(bought, np.logaddexp(alive, dead), alive)
        return -float(each @ n) / float(n.sum())

    found = maximum(loss, START)
    return Frequency(*found) if found else None
