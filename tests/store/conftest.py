"""Disks that are small, full or cannot be written, where the machine lets us have them."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import app


@pytest.fixture
def apart() -> Iterator[Path]:
    """A folder that is not pytest's: what a killed test leaves there is in no other run's way."""
    with tempfile.TemporaryDirectory(prefix="bot-disk-") as folder:
        yield Path(folder)


@pytest.fixture
def small_disk(apart: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    if not _may("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(apart)):
        pytest.skip("only root can mount a disk")
    yield apart
    subprocess.run(["umount", "--lazy", str(apart)], check=True)


@pytest.fixture
def unwritable(apart: Path) -> Iterator[Path]:
    """A database that not even root can write."""
    database = apart / "bot.db"
    app.open_database(f"sqlite:///{database}").dispose()
    if not _may("chattr", "+i", str(database)):
        pytest.skip("this file system has no immutable files")
    yield database
    subprocess.run(["chattr", "-i", str(database)], check=True)


def _may(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
