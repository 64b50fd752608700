"""How much is tried: a little in every run of the tests, about a million cases by ``make soak``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

SOAK = bool(os.environ.get("SOAK"))
ROUND = 5_000
"""Cases of one test function when soaking: Hypothesis remembers them all while it runs."""

T = TypeVar("T", bound=Callable[..., Any])


def cases(small: int, *, soak: int) -> Callable[[T], T]:
    """Try ``small`` cases, or ``soak`` of them in rounds."""
    rounds, each = (soak // ROUND, ROUND) if SOAK else (1, small)

    def decorate(test: T) -> T:
        tried = settings(max_examples=each)(test)
        return pytest.mark.soak(pytest.mark.parametrize("round", range(rounds))(tried))  # type: ignore[no-any-return]

    return decorate
