"""The SOPs and their wording as a scenario changes them: in a copy, which the bot reads anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bot.sop.loader import Loaded, Loader, Pause, SopSet
from bot.sop.problems import Mistake

SOPS, TEMPLATES = "sops", "templates"
Change = str | dict[str, str] | None
"""A file's text from now on, or some of its words and what stands in their place, or None: it is gone."""


def check_name(name: str) -> None:
    """Raise ``Mistake`` unless it is the name of a file in one of the two folders."""
    path = PurePosixPath(name)
    if len(path.parts) < 2 or path.parts[0] not in (SOPS, TEMPLATES) or ".." in path.parts:
        raise Mistake(f"“{name}”不是 {SOPS}/ 或 {TEMPLATES}/ 里的文件", f"{SOPS}/{path.name}")


class Folder:
    """A copy in ``home`` of what ``original`` reads; ``cast`` leaves those SOPs in that play."""

    def __init__(self, home: Path, original: Loader, cast: Callable[[SopSet], SopSet]) -> None:
        self._home, self._cast = home, cast
        shutil.copytree(original.sops, home / SOPS)
        shutil.copytree(original.templates, home / TEMPLATES)
        self._read = Loader(home / SOPS, home / TEMPLATES, original.kinds)

    def load(self, pause: Pause) -> Loaded:
        loaded = self._read(pause)
        return loaded if loaded.sops is None else replace(loaded, sops=self._cast(loaded.sops))

    def change(self, changes: Mapping[str, Change]) -> None:
        for name, change in changes.items():
            path = self._home / name
            if isinstance(change, str):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(change, "utf-8")
            elif not path.is_file():
                raise Mistake(f"没有 {name} 这个文件")
            elif change is None:
                path.unlink()
            else:
                path.write_text(_reworded(name, path.read_text("utf-8"), change), "utf-8")


def _reworded(name: str, text: str, words: Mapping[str, str]) -> str:
    for old, new in words.items():
        if (found := text.count(old)) != 1:
            raise Mistake(f"{name} 里“{old}”要正好有一处，现在有 {found} 处")
        text = text.replace(old, new)
    return text
