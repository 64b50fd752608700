"""The words that SOPs answer to, found in one scan whatever their number.

Case, full-width forms and what hides between letters make no difference to hashtags; to words only case and
full-width forms do not, so that one scan of the text is enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick, MatchKind

from bot.lexicon import normalize, reader

T = TypeVar("T")


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
