"""Where the marks of a bar stand, in percent of its width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.reporting.asked import Line

_ROOM = 1.08
"""So that no mark stands at the very edge."""
_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """From ``start``, ``width`` wide; the baseline, the goal and the ends of the interval, if there are."""

    start: float
    width: float
    baseline: float | None = None
    goal: float | None = None
    low: float | None = None
    high: float | None = None


def bar(line: Line) -> Bar | None:
    """None: there is nothing to draw, or nothing beside which it would say anything."""
    figure = line.now
    goal = None if line.goal is None else line.goal.wanted(line.baseline)
    beside = [line.baseline, goal, figure.low, figure.high]
    if figure.value is None or (figure.unit != "%" and not any(it is not None for it in beside)):
        return None
    at = _Scale.of([figure.value, *(it for it in beside if it is not None)], figure.unit).at
    zero, end = at(0.0), at(figure.value)
    marks = (None if it is None else at(it) for it in beside)
    return Bar(min(zero, end), abs(end - zero), *marks)


@dataclass(frozen=True, slots=True)
class _Scale:
    least: float
    length: float

    @classmethod
    def of(cls, marks: Sequence[float], unit: str) -> _Scale:
        """All of ``marks`` lie on it, and nothing; shares go from 0 to 100."""
        least, most = min(0.0, *marks), max(0.0, *marks)
        if unit == "%" and least == 0 and most <= _PERCENT:
            return cls(0.0, _PERCENT)
        return cls(least, (most - least) * _ROOM or 1.0)

    def at(self, value: float) -> float:
        return round(_PERCENT * (value - self.least) / self.length, 2)
