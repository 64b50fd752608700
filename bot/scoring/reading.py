"""What of a text states something, what its phrases (``phrases``) say, and what is left for the model.

The longest phrase counts where several begin; a word of denial before one turns it round. It is then cut
out, so that the model does not judge it as well. Who asks whether it is good has not said so: questions are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from bot.lexicon import normalize
from bot.scoring import phrases

STRONG, LIGHT = 2.2, 1.5
"""Log-odds: a phrase alone is praise with 0.90, a sign alone with 0.82."""
LONG = 24
"""Characters; what is longer is read as the reviews are: whole, its questions and phrases with it."""
IN_PASSING = 0.3
"""What a phrase counts there, beside what the model makes of it."""

_LEANINGS = {
    normalize(phrase): leaning
    for words, leaning in (
        (phrases.PRAISE, STRONG),
        (phrases.REPROACH, -STRONG),
        (phrases.PLEASED, LIGHT),
        (phrases.DISPLEASED, -LIGHT),
        (phrases.LUKEWARM, 0.0),
        (phrases.SILENT, 0.0),
    )
    for phrase in words.split()
}
_PHRASES = [*_LEANINGS]
_SCAN = AhoCorasick(_PHRASES, matchkind=MatchKind.LeftmostLongest)
_LUKEWARM = frozenset(map(normalize, phrases.LUKEWARM.split()))
_BITTER = tuple(map(normalize, phrases.BITTER.split()))
_DENIALS = tuple(map(normalize, phrases.DENIALS.split()))
_QUESTION = re.compile(
    r"\?|[吗么]\W*$|几点|几号|在哪|哪[里儿个位家种款天]|(?<!不)怎[么样]|(?<![没有])什么(?!都)|谁(?!都)"
    r"|如何|为啥|多少|多久|有没有|能不能|可不可以|是不是|会不会|好不好|要不要|请问|想问|提问"
)
_REPROACHFUL = re.compile(
    "怎么[又还]|怎么[这那]么|怎么不理|怎么没人|什么[破鬼]|什么玩意|搞什么|这也叫|凭什么|不是说"
)
_NOISE = re.compile(r"https?://\S+|@\S+|#\w+#?")
_CLAUSE = re.compile(r"[^,.;!?~\n。、]+[,.;!?~\n。、]*")


@dataclass(frozen=True, slots=True)
class Reading:
    """``leaning``: of all phrases together, in log-odds. ``is_torn``: something lukewarm was said, or both
    praise and reproach. ``asks``: nothing was stated. ``rest``: what is left for the model."""

    leaning: float
    has_phrase: bool
    is_torn: bool
    asks: bool
    rest: str


def read(text: str) -> Reading:
    whole = _NOISE.sub(" ", normalize(text))
    stated = " ".join(_statements(whole))
    if len(whole) > LONG:
        leaning = IN_PASSING * sum(_Phrases.of(whole).leanings)
        return Reading(leaning, has_phrase=False, is_torn=False, asks=not stated, rest=whole)
    found = _Phrases.of(stated or whole)
    return Reading(sum(found.leanings), bool(found.leanings), found.are_torn, not stated, found.rest)


def _statements(text: str) -> Iterator[str]:
    """Its clauses, without the questions: who asks whether it is good has not said so."""
    for clause in _CLAUSE.findall(text):
        if _QUESTION.search(clause) is None or _REPROACHFUL.search(clause) is not None:
            yield clause


@dataclass(frozen=True, slots=True)
class _Phrases:
    leanings: list[float]
    are_torn: bool
    rest: str

    @classmethod
    def of(cls, said: str) -> _Phrases:
        pairs = [*_cut(said)]
        is_bitter = any(word in said for word in _BITTER)
        leanings = [
            _turned(_LEANINGS[phrase], before.endswith(_DENIALS), is_bitter)
            for before, phrase in pairs
            if _LEANINGS.get(phrase)
        ]
        is_lukewarm = any(phrase in _LUKEWARM for _, phrase in pairs)
        are_mixed = bool(leanings) and min(leanings) < 0 < max(leanings)
        return cls(leanings, is_lukewarm or are_mixed, " ".join(before for before, _ in pairs))


def _cut(said: str) -> Iterator[tuple[str, str]]:
    """What stands before each phrase, and the phrase; the end has none."""
    done = 0
    for which, start, end in _SCAN.find_matches_as_indexes(said):
        yield said[done:start], _PHRASES[which]
        done = end
    yield said[done:], ""


def _turned(leaning: float, is_denied: bool, is_bitter: bool) -> float:
    """What is not bad is a little good; what is not good is bad."""
    if leaning < 0:
        return LIGHT / 2 if is_denied else leaning
    return -leaning if is_denied or is_bitter else leaning
