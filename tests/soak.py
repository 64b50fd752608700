"""How much is tried: a little by ``make test``, far more by ``make soak``."""

from __future__ import annotations

import os


def budget(usual: int, *, soak: int) -> int:
    """How often something is tried; tests that ask for it are marked ``soak``."""
    return soak if os.environ.get("SOAK") else usual
