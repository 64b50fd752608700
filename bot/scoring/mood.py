"""The mood of a community (情感指数) from its members' judged messages: one voice a member, however loud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from bot.scoring.sentiment import Reliability, Sign


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of one member's messages were judged how; ``silent`` are the abstentions."""

    glad: int = 0
    flat: int = 0
    sorry: int = 0
    silent: int = 0

    @property
    def judged(self) -> int:
        return self.glad + self.flat + self.sorry


@dataclass(frozen=True, slots=True)
class Mood:
    """``index``: −100 to 100. ``coverage``: the share of messages that were judged. ``members``: whose voice
    is in it. What has nothing to stand on is None."""

    index: float | None
    glad: float | None
    sorry: float | None
    coverage: float | None
    members: int


def tally(signs: Iterable[Sign | None]) -> Tally:
    counted = [*signs]
    return Tally(*(counted.count(sign) for sign in (1, 0, -1, None)))


def mood(tallies: Sequence[Tally]) -> Mood:
    """Over members, of whom each has one tally; who was never judged has no voice."""
    voices = [each for each in tallies if each.judged]
    messages = sum(each.judged + each.silent for each in tallies)
    coverage = sum(each.judged for each in voices) / messages if messages else None
    if not voices:
        return Mood(None, None, None, coverage, 0)
    glad = fmean(each.glad / each.judged for each in voices)
    sorry = fmean(each.sorry / each.judged for each in voices)
    index = 100 * fmean((each.glad - each.sorry) / each.judged for each in voices)
    return Mood(index, glad, sorry, coverage, len(voices))


def corrected_share(observed: float, reliability: Reliability) -> float | None:
    """What share is really so, where ``observed`` were said to be; None if a coin would tell as much."""
    better_than_a_coin = reliability.sensitivity + reliability.specificity - 1
    if better_than_a_coin <= 0:
        return None
    return min(1.0, max(0.0, (observed + reliability.specificity - 1) / better_than_a_coin))
