"""How sure a figure is: intervals of 95 % of shares and of the NPS, and times of which some are not over."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import sqrt

PROMOTES, DETRACTS = 9, 6
"""From which mark on somebody recommends, and up to which they do not."""
_Z = 1.96
_EXACT = 1e-9
"""Products of fractions miss a half by less."""


def wilson(part: int, of: int) -> tuple[float, float]:
    """The interval of a share."""
    p, z2 = part / of, _Z * _Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def apart(part: int, of: int, other: int, of_other: int) -> tuple[float, float, float]:
    """How much larger one share is than another, and the interval of that (Newcombe's, of Wilson's two)."""
    p, q = part / of, other / of_other
    (low, high), (other_low, other_high) = wilson(part, of), wilson(other, of_other)
    below = sqrt((p - low) ** 2 + (other_high - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - other_low) ** 2)
    return p - q, p - q - below, p - q + above


# --- the willingness to recommend ---


@dataclass(frozen=True, slots=True)
class Nps:
    """``middle`` and ``error`` are of the adjusted Wald interval, in hundredths like ``value``.

    Where a few all say the same that interval misses the value, so it is widened to it.
    """

    promote: int
    detract: int
    n: int
    middle: float
    error: float

    @property
    def value(self) -> float:
        return 100 * (self.promote - self.detract) / self.n

    @property
    def low(self) -> float:
        return min(self.value, max(-100.0, self.middle - _Z * self.error))

    @property
    def high(self) -> float:
        return max(self.value, min(100.0, self.middle + _Z * self.error))


def nps(marks: Collection[int], population: int | None = None) -> Nps:
    """Of marks from 0 to 10, at least one; who asked over 5 % of a ``population`` is surer by that share."""
    n, promote = len(marks), sum(mark >= PROMOTES for mark in marks)
    detract = sum(mark <= DETRACTS for mark in marks)
    p, d = (promote + 0.75) / (n + 3), (detract + 0.75) / (n + 3)
    error = 100 * sqrt((p + d - (p - d) ** 2) / (n + 3))
    if population is not None and n > 0.05 * population:
        error *= sqrt(max(0, population - n) / max(1, population - 1))
    return Nps(promote, detract, n, 100 * (p - d), error)


def distance(one: Nps, other: Nps) -> float | None:
    """How many standard errors two are apart: beyond ±1.96 it is hardly chance."""
    error = sqrt(one.error**2 + other.error**2)
    return (one.middle - other.middle) / error if error else None


# --- times of which some are not over ---


def within(waits: Iterable[tuple[float, bool]], share: float) -> float | None:
    """The time by which ``share`` of all is over (Kaplan-Meier); None: so many never were.

    ``waits``: how long each took, and whether it is over; what is not took so long at least.
    """
    ordered = sorted(waits, key=lambda it: (it[0], not it[1]))
    left, surviving = len(ordered), 1.0
    for time, is_over in ordered:
        surviving *= 1 - is_over / left
        left -= 1
        if surviving <= 1 - share + _EXACT:
            return time
    return None
