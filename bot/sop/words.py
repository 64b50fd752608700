"""The words that SOPs answer to, found in one scan whatever their number.

Case, full-width forms and what hides between letters make no difference to hashtags; to words only case and
full-width forms do not, so that one scan of the text is enough.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick, MatchKind

MOST_READ = 2_000
"""Characters of a message in which words are looked for."""

T = TypeVar("T")


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


class Words(Generic[T]):
    """Which values belong to the words that a text contains."""

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        by_word: defaultdict[str, list[T]] = defaultdict(list)
        for word, value in pairs:
            if plain := normalize(word).strip():
                by_word[plain].append(value)
        self._values = list(by_word.values())
        self._read = reader(by_word)
        self._automaton = AhoCorasick(list(by_word), matchkind=MatchKind.Standard) if by_word else None

    def find(self, text: str) -> list[T]:
        """The values of the words in ``text``, in the order of the words' first places."""
        if self._automaton is None or not text:
            return []
        matches = self._automaton.find_matches_as_indexes(self._read(text), overlapping=True)
        return [
            value for word in dict.fromkeys(match[0] for match in matches) for value in self._values[word]
        ]
