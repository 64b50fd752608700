"""``python -m bot`` and the console script ``bot``."""

from __future__ import annotations

from bot.cli import cli


def main() -> None:
    cli(prog_name="bot")


if __name__ == "__main__":
    main()
