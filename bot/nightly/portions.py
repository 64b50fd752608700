"""Much work, cut into what one small transaction takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def portions(of: Iterable[T], most: int) -> Iterator[list[T]]:
    rest = iter(of)
    while some := list(islice(rest, most)):
        yield some
