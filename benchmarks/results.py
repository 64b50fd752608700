"""Figures with their goals: a table for people, a file for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Result:
    """A figure: the median of ``rounds``; ``goal`` the least (or ``at_most``) it should be."""

    name: str
    unit: str
    rounds: Sequence[float]
    goal: float | None = None
    at_most: bool = False

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def met(self) -> bool | None:
        """None: it has no goal."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal


def ratios(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """Of each round its own ratio."""
    return [one / other for one, other in zip(of, to, strict=True)]


def table(results: Sequence[Result]) -> str:
    width = max(len(result.name) for result in results)
    return "\n".join(_line(result, width) for result in results)


def _line(result: Result, width: int) -> str:
    spread = f"({_shown(min(result.rounds))}–{_shown(max(result.rounds))})" if len(result.rounds) > 1 else ""
    goal = "" if result.goal is None else f"{'≤' if result.at_most else '≥'} {_shown(result.goal)}"
    verdict = {None: "", True: "met", False: "NOT MET"}[result.met]
    value = f"{_shown(result.value)} {result.unit}"
    return f"{result.name:{width}}  {value:>16}  {spread:>18}  {goal:>10}  {verdict}".rstrip()


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def write(results: Sequence[Result], path: Path) -> None:
    rows = {result.name: _entry(result) for result in results}
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _entry(result: Result) -> dict[str, object]:
    told = {"value": result.value, "unit": result.unit, "goal": result.goal, "met": result.met}
    return {**told, "at_most": result.at_most, "rounds": list(result.rounds)}
