"""The most likely positive parameters of a model, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

FAR = 12.0
"""Logarithms beyond this are no parameters: the likelihood had no maximum."""


def maximum(loss: Callable[[Any], float], start: Sequence[float]) -> tuple[float, ...] | None:
    """Where ``loss`` is least, sought over the logarithms; None: it does not settle."""
    import numpy as np
    from scipy.optimize import minimize

    def guarded(logs: Any) -> float:
        value = loss(np.exp(np.clip(logs, -FAR, FAR)))
        return value if np.isfinite(value) else 1e10

    with np.errstate(all="ignore"):
        found = minimize(guarded, np.log(start), method="L-BFGS-B", bounds=[(-FAR, FAR)] * len(start))
    settled = found.success and bool(np.all(np.abs(found.x) < FAR - 0.01))
    return tuple(float(value) for value in np.exp(found.x)) if settled else None
