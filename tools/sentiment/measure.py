"""How good judgements are, on reviews that were held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.scoring.sentiment import Feeling, Reliability, Sign
from tools.sentiment.corpus import Review


@dataclass(frozen=True, slots=True)
class Figures:
    """``accuracy``: of all reviews, with the likelier side where none is sure. ``accuracy_judged``: of those
    that were not abstained from, where lukewarm is wrong."""

    reviews: int
    accuracy: float
    coverage: float
    accuracy_judged: float
    positive: Reliability
    negative: Reliability


def measure(judge: Callable[[str], Feeling], reviews: Sequence[Review]) -> Figures:
    feelings = [judge(review.text) for review in reviews]
    right = [(each.probability > 0.5) is it.is_praise for each, it in zip(feelings, reviews, strict=True)]
    judged = [
        (it.is_praise, each.sign) for each, it in zip(feelings, reviews, strict=True) if each.sign is not None
    ]
    return Figures(
        reviews=len(reviews),
        accuracy=_share(right),
        coverage=_share([each.sign is not None for each in feelings]),
        accuracy_judged=_share([sign == (1 if is_praise else -1) for is_praise, sign in judged]),
        positive=_reliability(judged, True),
        negative=_reliability(judged, False),
    )


def _reliability(judged: list[tuple[bool, Sign]], of_praise: bool) -> Reliability:
    sign = 1 if of_praise else -1
    return Reliability(
        sensitivity=_share([said == sign for is_praise, said in judged if is_praise is of_praise]),
        specificity=_share([said != sign for is_praise, said in judged if is_praise is not of_praise]),
    )


def _share(answers: Sequence[bool]) -> float:
    return round(sum(answers) / len(answers), 4)
