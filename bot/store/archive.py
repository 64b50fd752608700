"""Where the backups of a SQLite database lie, what they are called, and which is the newest."""

from __future__ import annotations

from datetime import datetime
from glob import escape
from itertools import count
from pathlib import Path

KEPT = 5
"""Backups that upgrades made and that stay; older ones go."""
_UPGRADE, _REPLACED = "-before-upgrade", "-replaced"
_MOMENT = "[0-9]" * 8 + "-" + "[0-9]" * 6
_LOGS = ("-wal", "-shm", "-journal")


def new(database: Path, note: str = "") -> Path:
    """A free name for a backup of now."""
    stem = f"{database.stem}-{datetime.now().astimezone():%Y%m%d-%H%M%S}{note}"
    names = (f"{stem}{'' if number == 1 else f'-{number}'}.db" for number in count(1))
    return next(path for name in names if not (path := _folder(database) / name).exists())


def before_upgrade(database: Path) -> Path:
    return new(database, _UPGRADE)


def replaced(database: Path) -> Path:
    """A free name for what a restore takes away; that may be damaged, so it is never the newest backup."""
    return new(database, _REPLACED)


def newest(database: Path) -> Path | None:
    found = [path for path in _all(database, "*") if _REPLACED not in path.name[len(database.stem) :]]
    return found[-1] if found else None


def prune(database: Path) -> None:
    """Delete what upgrades left, but for the last few; what somebody asked for stays."""
    for path in _all(database, f"{_UPGRADE}*")[:-KEPT]:
        path.unlink(missing_ok=True)


def logs(database: Path) -> list[Path]:
    """What SQLite keeps beside a database while it is open, or after a crash."""
    return [Path(f"{database}{suffix}") for suffix in _LOGS]


def _all(database: Path, notes: str) -> list[Path]:
    """Backups, oldest first."""
    found = _folder(database).glob(f"{escape(database.stem)}-{_MOMENT}{notes}.db")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def _folder(database: Path) -> Path:
    return database.parent / "backups"
