"""What the pieces of a text weigh: a linear model whose weights are data, learnt by ``tools/sentiment``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

LONGEST = 4
FEWEST = 80
"""Pieces of some thirty characters; a shorter text leans less, for it says less."""

_RUN = re.compile(r"[一-鿿]+|[a-z]+")


def pieces(text: str) -> set[str]:
    """Latin words, and of each run of Chinese characters all ones, twos, threes and fours."""
    found: set[str] = set()
    for run in _RUN.findall(text):
        if run.isascii():
            found.add(run)
            continue
        for size in range(1, LONGEST + 1):
            found.update(run[start : start + size] for start in range(len(run) - size + 1))
    return found


def share_of_each(count: int) -> float:
    """How much each piece counts among so many."""
    return 1 / math.sqrt(max(count, FEWEST))


SHARE_AT_MOST = share_of_each(0)


def weigh(text: str, weights: Mapping[str, int], more: float = 0.0) -> float:
    """The log-odds that it is praise; ``weights`` are in hundredths.

    ``more`` are the log-odds of what was cut out of it, which count in full in a short text and less in a
    long one, as the pieces do.
    """
    found = pieces(text)
    total = sum(weights.get(piece, 0) for piece in found) / 100
    return (total + more / SHARE_AT_MOST) * share_of_each(len(found))
