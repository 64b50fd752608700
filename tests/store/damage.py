"""What may befall the file of a database."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = 4096


def spoil_start(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(b"\xff" * PAGE)


def spoil_pages(database: Path) -> None:
    """The last pages: rows and keys, while the schema is whole, so that it opens."""
    with database.open("r+b") as file:
        file.seek(-8 * PAGE, os.SEEK_END)
        file.write(b"\xff" * 8 * PAGE)


def truncate(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)
