"""Learns the weights: logistic regression on pieces of text, each scaled by how one-sided it is (Wang and
Manning 2012, "Baselines and Bigrams"). Without a constant, for a chat has no reviews' balance."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from bot.scoring.letters import SHARE_AT_MOST, pieces, share_of_each
from bot.scoring.reading import read
from tools.sentiment.corpus import Review

SOFTNESS = 0.25
"""C of the regression. This, the scaling, and the lengths in ``letters`` were chosen by cross-validation
among the learnt reviews, never on those that are held out."""
RAREST = 2
"""Reviews that a piece must be in."""
LIGHTEST = 30
"""Hundredths; what weighs less is left out."""
SHORTEST = 5
"""Characters of a sentence that is learnt from on its own."""

_SENTENCE = re.compile(r"[^。!?;\n,.~ ]+")


@dataclass(frozen=True, slots=True)
class _Example:
    found: set[str]
    is_praise: bool
    counts: float


def learn(reviews: list[Review]) -> dict[str, int]:
    """Each piece's weight in hundredths. The phrases are cut out first, as they are when it is used."""
    texts = [(read(review.text).rest, review.is_praise) for review in reviews]
    scales = one_sidedness((pieces(text), is_praise) for text, is_praise in texts)
    examples = [example for text, is_praise in texts for example in _examples(text, is_praise)]
    rows = DictVectorizer()
    shares = rows.fit_transform([_shares(example.found, scales) for example in examples])
    regression = LogisticRegression(C=SOFTNESS, fit_intercept=False, max_iter=500)
    counts = [example.counts for example in examples]
    regression.fit(shares, [example.is_praise for example in examples], sample_weight=counts)
    learnt = zip(rows.get_feature_names_out(), regression.coef_[0].tolist(), strict=True)
    weights = {str(piece): round(100 * weight * scales[piece] / SHARE_AT_MOST) for piece, weight in learnt}
    return {piece: weight for piece, weight in weights.items() if abs(weight) >= LIGHTEST}


def _examples(text: str, is_praise: bool) -> Iterator[_Example]:
    """A review, and its sentences, which together count as much: a chat's messages are short."""
    yield _Example(pieces(text), is_praise, 1.0)
    sentences = [each for each in _SENTENCE.findall(text) if len(each) >= SHORTEST]
    if len(sentences) > 1:
        for sentence in sentences:
            yield _Example(pieces(sentence), is_praise, 1 / len(sentences))


def one_sidedness(texts: Iterable[tuple[set[str], bool]]) -> dict[str, float]:
    """Of each piece that is not too rare: the root of how far its log-odds are from those of all."""
    seen: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for found, is_praise in texts:
        seen[is_praise].update(found)
    kept = [piece for piece, count in (seen[0] + seen[1]).items() if count >= RAREST]
    reproach, praise = (sum(side[piece] + 1 for piece in kept) for side in seen)
    return {
        piece: math.sqrt(abs(math.log((seen[1][piece] + 1) / praise * reproach / (seen[0][piece] + 1))))
        for piece in kept
    }


def _shares(found: set[str], scales: dict[str, float]) -> dict[str, float]:
    """Relative to those in a short text, so that their size is about one."""
    share = share_of_each(len(found)) / SHARE_AT_MOST
    return {piece: share * scales[piece] for piece in found if piece in scales}
