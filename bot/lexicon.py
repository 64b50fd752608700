"""Whether a text contains any of some words, told in one scan whatever their number."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind

MOST_READ = 2_000
"""Characters of a message in which words are looked for."""


@lru_cache(maxsize=4)
def normalize(text: str) -> str:
    """The form in which words are compared; a message is brought into it once, whoever looks for words."""
    return unicodedata.normalize("NFKC", text[:MOST_READ]).casefold()


def reader(words: Iterable[str]) -> Callable[[str], str]:
    """How a text is read in which these (normalized) words are looked for.

    Where all are Chinese there is nothing in them that case or width could change, and the text is taken as
    it is: bringing it into its normal form costs more than all the rest.
    """
    return _as_typed if not any(letter.isascii() for word in words for letter in word) else normalize


def _as_typed(text: str) -> str:
    return text[:MOST_READ]


class Lexicon:
    """Tells texts that contain one of ``words`` outside every phrase of ``unless``."""

    def __init__(self, words: Iterable[str], unless: Iterable[str]) -> None:
        wanted, harmless = ([*dict.fromkeys(map(normalize, phrases))] for phrases in (words, unless))
        self._wanted, self._unless = len(wanted), len(harmless)
        self._read = reader([*wanted, *harmless])
        self._automaton = AhoCorasick([*wanted, *harmless], matchkind=MatchKind.Standard) if wanted else None

    def is_in(self, text: str) -> bool:
        if self._automaton is None or not text:
            return False
        matches = self._automaton.find_matches_as_indexes(self._read(text), overlapping=True)
        if not matches or not self._unless:
            return bool(matches)
        harmless = [(start, end) for which, start, end in matches if which >= self._wanted]
        return any(
            which < self._wanted and not any(first <= start and end <= last for first, last in harmless)
            for which, start, end in matches
        )
