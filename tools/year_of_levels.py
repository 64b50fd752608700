"""A made-up community of 2,000 for a year and a half: how often does a member's level change in a year?

``python -m tools.year_of_levels [--members N] [--seed N]``. Rates of talking are log-normal, drift from month
to month, and stop for some; the first half year warms up. What is counted are the levels of
``bot.scoring.levels``, by the usual rules, with all their gates.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.people.points import Dimension
from bot.scoring.contribution import Score
from bot.scoring.levels import Facts, Standing, Turn, review
from bot.scoring.rules import DIMENSIONS, Scoring

DAYS, WARM_UP = 550, 185
FIRST = 20_454
"""The day of 1970 on which it begins: 1 January 2026."""
_KINDS: tuple[tuple[Dimension, float, float], ...] = (
    ("参与", 1.0, 0.72),
    ("创作", 5.0, 0.12),
    ("互助", 4.0, 0.10),
    ("传播", 1.0, 0.03),
    ("共建", 2.0, 0.03),
)
"""What an act is, what it earns, and how often it is that."""


@dataclass(slots=True)
class Somebody:
    """A member: how much they do, and what it came to."""

    rate: float
    chance: random.Random
    scoring: Scoring
    points: dict[Dimension, float] = field(default_factory=lambda: dict.fromkeys(DIMENSIONS, 0.0))
    days: deque[int] = field(default_factory=lambda: deque(maxlen=130))
    made: int = 0
    thanked: int = 0
    standing: Standing = field(default_factory=lambda: Standing(since=FIRST))

    def live(self, day: int) -> Turn | None:
        """One day: what they do, and what it brings."""
        if day % 30 == 0:
            self.rate *= self.chance.lognormvariate(0, 0.35) * (0.02 if self.chance.random() < 0.01 else 1)
        fade = self.scoring.decay(1)
        self.points = {name: left * fade for name, left in self.points.items()}
        acts = min(6, self._poisson())
        for _ in range(acts):
            self._act()
        if acts:
            self.days.append(day)
        facts = Facts(Score(self.points), self.days, self.made, self.thanked, self.thanked)
        self.standing, turn = review(self.standing, self.scoring, facts, day)
        return turn

    def _act(self) -> None:
        (name, points, _), *_ = self.chance.choices(_KINDS, [share for *_, share in _KINDS])
        self.points[name] += points
        self.made += name == "创作"
        self.thanked += name == "互助" and self.chance.random() < 0.5

    def _poisson(self) -> int:
        count, left = 0, self.chance.expovariate(1)
        while left < self.rate:
            left += self.chance.expovariate(1)
            count += 1
        return count


def changes(members: int, seed: int) -> tuple[Counter[Turn], Counter[str]]:
    """How often levels went up and down after the warm-up, and how many members stand where in the end."""
    scoring = Scoring()
    turns: Counter[Turn] = Counter()
    stand: Counter[str] = Counter()
    for somebody in _people(members, seed, scoring):
        for day in range(DAYS):
            turn = somebody.live(FIRST + day)
            if turn in (Turn.UP, Turn.DOWN) and day >= WARM_UP:
                turns[turn] += 1
        stand[scoring.levels[somebody.standing.level].name] += 1
    return turns, stand


def _people(members: int, seed: int, scoring: Scoring) -> Iterator[Somebody]:
    for number in range(members):
        chance = random.Random(f"{seed}:{number}")
        yield Somebody(min(3.0, chance.lognormvariate(-1.9, 1.3)), chance, scoring)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    turns, stand = changes(asked.members, asked.seed)
    years = asked.members * (DAYS - WARM_UP) / 365
    up, down = turns[Turn.UP] / years, turns[Turn.DOWN] / years
    print(f"changes a member and year: {up + down:.2f} ({up:.2f} up, {down:.2f} down)")
    print(
        "at the end: "
        + ", ".join(f"{name} {100 * n / asked.members:.0f} %" for name, n in stand.most_common())
    )


if __name__ == "__main__":
    main()
