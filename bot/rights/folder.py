"""The folder beside the database where files for members lie for a while, and who was forgotten for good."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path

    def file(self, name: str) -> Path:
        return self.path / "exports" / name

    def put(self, name: str, content: bytes) -> Path:
        target = self.file(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, content)
        return target

    def delete(self, names: Collection[str]) -> None:
        for name in names:
            self.file(name).unlink(missing_ok=True)


def write(target: Path, content: bytes) -> None:
    """Write a file that nobody else on the machine may read."""
    with open(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
