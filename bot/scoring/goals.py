"""What the figures are held against: a month that is kept as it was, and what each is to come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def next(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is to come to: ``value``, or so many ``times`` what it was in the baseline month.

    ``at_most``: the less, the better.
    """

    value: float | None = None
    times: float | None = None
    at_most: bool = False

    def wanted(self, baseline: float | None) -> float | None:
        """None: nobody knows yet, for it goes by a baseline that is not there."""
        if self.times is None:
            return self.value
        return None if baseline is None else self.times * baseline

    def is_met(self, value: float | None, baseline: float | None) -> bool | None:
        wanted = self.wanted(baseline)
        if value is None or wanted is None:
            return None
        return value <= wanted if self.at_most else value >= wanted


@dataclass(frozen=True, slots=True)
class Goals:
    """``baseline`` None: no month was named. ``of``: by the id of the figure."""

    baseline: Month | None = None
    of: Mapping[str, Goal] = field(default_factory=dict)
