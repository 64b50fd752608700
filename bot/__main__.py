"""``python -m bot`` and the console script ``bot``."""

from __future__ import annotations

import gc

from bot.cli import cli

SELDOM = 20_000
"""Objects that come to be before the youngest are looked through for garbage: at Python's own 700, looking
takes a sixth of the start, in which nothing is garbage."""


def main() -> None:
    gc.set_threshold(SELDOM)
    cli(prog_name="bot")


if __name__ == "__main__":
    main()
