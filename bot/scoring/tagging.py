"""What hits come to: interests by how often and how much more than usual, values by acts, contribution by
points. Pure; each figure follows from the hits and the day, however it was reached.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.people.points import Dimension
from bot.people.tags import BEHAVIOUR, MESSAGE, MOST_EVIDENCE, PURCHASE
from bot.scoring.tag_rules import InterestRule, Tagging, ValueRule

LEAST_ACT = 0.25
"""What is left of acts, in acts of today, when a value follows from the questionnaire alone again."""
PER_TALK, MOST_TALK = 0.1, 0.3
"""How much surer of a value a day makes on which it was spoken of, and all such days."""


class Hit(NamedTuple):
    """That somebody said, did or bought what a tag is about on a day, so many ``times``; ``event_id`` is the
    last interaction that shows it."""

    key: str
    day: int
    source: str
    times: int
    event_id: int


@dataclass(frozen=True, slots=True)
class Inferred:
    """A tag as the hits have it; ``last`` is the day of the latest hit, ``expires`` the first without it."""

    key: str
    source: str
    score: float
    confidence: float
    evidence: tuple[int, ...]
    last: int
    expires: int


def left(age: int, half_life: int) -> float:
    """Of one hit after ``age`` days."""
    return float(2 ** (-max(age, 0) / half_life))


# --- interests ---


@dataclass(frozen=True, slots=True)
class Usual:
    """How much of all that is spoken of and bought each key has, over everybody; ``members``: of how many."""

    points: Mapping[str, float]
    members: int

    def share(self, key: str, keys: int) -> float:
        return (self.points.get(key, 0.0) + 1) / (sum(self.points.values()) + keys)


def points(hits: Iterable[Hit], rule: InterestRule, today: int) -> float:
    """A day counts once for what was said, and once for what was bought."""
    days = {(it.day, it.source) for it in hits}
    return math.fsum(worth(source, rule) * left(today - day, rule.half_life) for day, source in days)


def worth(source: str, rule: InterestRule) -> float:
    return rule.purchase if source == PURCHASE else 1.0


def interests(
    hits: Mapping[str, Sequence[Hit]], held: Collection[str], usual: Usual, rules: Tagging, today: int
) -> Iterator[Inferred]:
    """The interests of one person; ``held`` are those that they had yesterday."""
    rule = rules.interest
    days_of = {key: len({it.day for it in found}) for key, found in hits.items()}
    if max(days_of.values(), default=0) < rule.days:
        return  # as most do not come to any
    of_key = {key: points(found, rule, today) for key, found in hits.items()}
    everything = math.fsum(of_key.values())
    for key, x in of_key.items():
        share = (x + 1) / (everything + len(rules.interests))
        lift = share / usual.share(key, len(rules.interests)) if usual.members >= rule.members else math.inf
        days = days_of[key]
        stays = x >= rule.off and lift >= 1 and days >= rule.days
        comes = x >= rule.on and lift >= rule.lift
        if stays and (comes or key in held):
            talked = any(it.source == MESSAGE for it in hits[key])
            yield Inferred(
                key,
                MESSAGE if talked else PURCHASE,
                _strength(x, rule.on),
                _strength(days, rule.days),
                _evidence(hits[key]),
                max(it.day for it in hits[key]),
                _end(x, rule.off, rule.half_life, today),
            )


# --- values ---


def values(
    acts: Mapping[str, Sequence[Hit]],
    talk: Mapping[str, Sequence[Hit]],
    said: Mapping[str, float],
    rule: ValueRule,
    today: int,
) -> Iterator[Inferred]:
    """The values that acts speak for; ``said`` is what questionnaires said of them."""
    for key, found in acts.items():
        weight = math.fsum(it.times * left(today - it.day, rule.half_life) for it in found)
        if weight >= LEAST_ACT:
            yield Inferred(
                key,
                BEHAVIOUR,
                round((rule.prior * said.get(key, 0.0) + weight) / (rule.prior + weight), 1),
                min(1.0, round(_sure(weight, key in said, rule) + _talked(talk.get(key, ())), 1)),
                _evidence(found),
                max(it.day for it in found),
                _end(weight, LEAST_ACT, rule.half_life, today),
            )


def _sure(weight: float, asked: bool, rule: ValueRule) -> float:
    """Half by the questionnaire, if there was one, the more by acts."""
    return ((rule.prior if asked else 0) + weight) / ((2 * rule.prior if asked else rule.prior) + weight)


def _talked(talk: Iterable[Hit]) -> float:
    return min(MOST_TALK, PER_TALK * len({it.day for it in talk}))


# --- contribution ---


def contributions(
    scores: Mapping[Dimension, float], held: Collection[str], rules: Tagging, half_life: int, today: int
) -> Iterator[Inferred]:
    """What somebody gives to the community, by their points."""
    rule = rules.standing
    for dimension, key in rules.contribution.items():
        score = scores.get(dimension, 0.0)
        if score >= rule.on or (score >= rule.off and key in held):
            expires = _end(score, rule.off, half_life, today)
            yield Inferred(key, BEHAVIOUR, _strength(score, rule.on), 1.0, (), today, expires)


def _strength(x: float, enough: float) -> float:
    """From 0 to 1, a half with just enough. Rounded, so that a tag is not another each day."""
    return round(x / (x + enough), 1)


def _evidence(hits: Iterable[Hit]) -> tuple[int, ...]:
    return tuple(sorted({it.event_id for it in hits})[-MOST_EVIDENCE:])


def _end(x: float, least: float, half_life: int, today: int) -> int:
    """The day on which ``x`` is less than ``least``, if nothing is added."""
    return today + int(half_life * math.log2(x / least)) + 1
