"""What a person contributes: each day's points by dimension, and what is left of them today.

A day's points follow from what the log has of that day alone, so that one day can be worked out anew without
the others; a score is the sum of the days, each faded by its age in days. Both are pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.people.points import Dimension
from bot.scoring.rules import DIMENSIONS, Scoring


class Act(NamedTuple):
    """Something of a day that earns points; ``points`` None: by the weights, else what a SOP gave for it.

    ``event`` is its interaction, ``at`` orders the day. Pictures of the same ten minutes are one act.
    """

    name: str
    event: int
    at: int
    prompted: bool
    points: float | None = None
    dimension: Dimension | None = None


class Credit(NamedTuple):
    """What an act came to on its day."""

    act: Act
    dimension: Dimension
    points: float


def credits(acts: Iterable[Act], scoring: Scoring) -> Iterator[Credit]:
    """What one day's acts come to: of each name the first few, those of their own accord before others."""
    by_name: defaultdict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by_name[act.name].append(act)
    for name, of_name in by_name.items():
        most = _most(name, scoring, len(of_name))
        for act in sorted(of_name, key=lambda it: (it.prompted, it.at, it.event))[:most]:
            if (credit := _credit(act, scoring)) is not None:
                yield credit


def _most(name: str, scoring: Scoring, there: int) -> int:
    weight = scoring.weights.get(name)
    return scoring.rewards.get(name, there) if weight is None else weight.a_day


def _credit(act: Act, scoring: Scoring) -> Credit | None:
    factor = scoring.prompted if act.prompted else 1.0
    if act.points is not None and act.dimension is not None:
        return Credit(act, act.dimension, act.points * factor)
    weight = scoring.weights.get(act.name)
    return None if weight is None else Credit(act, weight.dimension, weight.points * factor)


Times = tuple[tuple[str, bool, int], ...]
"""How often each (name, prompted) was on a day; one may stand there several times."""


def by_weights(times: Times, scoring: Scoring) -> dict[Dimension, float]:
    """The sum of ``credits`` for what is scored by weights, from how often it was: the way for many days."""
    there: defaultdict[tuple[str, bool], int] = defaultdict(int)
    for name, prompted, count in times:
        there[name, prompted] += count
    points: defaultdict[Dimension, float] = defaultdict(float)
    for name in sorted({name for name, _ in there} & scoring.weights.keys()):
        weight = scoring.weights[name]
        own = min(there.get((name, False), 0), weight.a_day)
        asked = min(there.get((name, True), 0), weight.a_day - own)
        points[weight.dimension] += weight.points * (own + asked * scoring.prompted)
    return {dimension: sum_ for dimension, sum_ in points.items() if sum_}


def with_rewards(
    points: Mapping[Dimension, float], rewards: Sequence[Act], scoring: Scoring
) -> dict[Dimension, float]:
    """The points of a day, those that SOPs gave with them."""
    total = dict(points)
    for credit in credits(rewards, scoring):
        total[credit.dimension] = total.get(credit.dimension, 0.0) + credit.points
    return {dimension: sum_ for dimension, sum_ in total.items() if sum_}


@dataclass(frozen=True, slots=True)
class Score:
    """Points by dimension, as they are worth at one day."""

    by_dimension: Mapping[Dimension, float]

    @property
    def total(self) -> float:
        return sum(self.by_dimension.values())


def score(days: Iterable[tuple[int, Dimension, float]], scoring: Scoring, today: int) -> Score:
    """The score of ``today`` from (day, dimension, points) of all days up to it."""
    left: dict[Dimension, float] = dict.fromkeys(DIMENSIONS, 0.0)
    for day, dimension, points in days:
        if day <= today:
            left[dimension] += points * scoring.decay(today - day)
    return Score(left)
