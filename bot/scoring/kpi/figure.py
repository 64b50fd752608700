"""What a figure is: a value with its n and, where it is a share, its interval; None where there is nothing
to divide by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.scoring.kpi.intervals import wilson

SMALL = 20
"""Under so many, a figure is shown as small."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``id`` is for programs, ``name`` for people. ``value`` None: there is none, ``why`` says why not."""

    id: str
    name: str
    value: float | None
    n: int = 0
    low: float | None = None
    high: float | None = None
    unit: str = ""
    why: str = ""
    parts: Mapping[str, float | None] = field(default_factory=dict)
    """Further figures of the same thing, by their Chinese names."""
    summed: bool = False
    """It counts what happened: the longer the period, the more."""
    events: tuple[int, ...] = ()
    """Some rows of the log to look at, by their ids."""

    @property
    def is_small(self) -> bool:
        return 0 < self.n < SMALL


def share(id: str, name: str, part: int, of: int, **parts: float | None) -> Figure:
    """A share in percent with its 95 % interval (Wilson)."""
    if of == 0:
        return Figure(id, name, None, unit="%", why="还没有人可数", parts=parts)
    low, high = wilson(part, of)
    return Figure(id, name, 100 * part / of, of, 100 * low, 100 * high, "%", parts=parts)


def percent(part: float, of: float) -> float | None:
    return 100 * part / of if of else None


def ratio(
    id: str, name: str, part: float, of: float, n: int, unit: str = "", **parts: float | None
) -> Figure:
    """One number for another; None where there is nothing to divide by."""
    value = part / of if of else None
    return Figure(id, name, value, n, unit=unit, why="" if of else "还没有可除的", parts=parts)
