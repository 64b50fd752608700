"""Which tags a text speaks of: the words of the dictionary, as ``rjieba`` cuts them out of it.

A message in which anything is sensitive speaks of nothing.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.lexicon import Lexicon, normalize
from bot.scoring.tag_rules import Tagging

if TYPE_CHECKING:
    from rjieba import Jieba


class Dictionary:
    """The words of ``rules``. What has none of them, which is most, is told by one scan."""

    def __init__(self, rules: Tagging) -> None:
        self._keys: defaultdict[str, set[str]] = defaultdict(set)
        for key, words in rules.words.items():
            for word in words:
                self._keys[normalize(word)].add(key)
        self._words = Lexicon(self._keys, ())
        self._never = Lexicon(rules.stop_list, ())
        self._all = frozenset(self._keys)

    def keys_in(self, text: str) -> set[str]:
        """Each once, however often it is spoken of."""
        if not self._words.is_in(text) or self._never.is_in(text):
            return set()
        parts = _cutter(self._all).cut_for_search(normalize(text), hmm=True)
        return {key for part in self._all.intersection(parts) for key in self._keys[part]}


@lru_cache(maxsize=1)
def _cutter(words: frozenset[str]) -> Jieba:
    """With its dictionary, and these words; made when it is needed, which takes half a second."""
    from rjieba import Jieba

    cutter = Jieba()
    for word in words:
        cutter.add_word(word, None, None)
    return cutter
