"""What is wrong with a file, where, and what to write instead; shown to operators in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

Loc = tuple[str | int, ...]
_LONGEST_WORD = 100
"""What is longer was not meant to be one of our words."""
_MOST_SHOWN = 200
MAX_PROBLEMS = 50
"""In one file; who has made more mistakes mends the first ones first."""


class Level(StrEnum):
    """A warning is about what can be, and was hardly meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one file; lines and columns begin at 1, ``path`` is that of the key (``post.template``).

    ``suggestion`` is, where possible, the very words to write instead.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    suggestion: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        """One line, whatever the names and words in the file are made of."""
        path = f" {_short(self.path)}" if self.path else ""
        hint = f"（建议：{_short(self.suggestion)}）" if self.suggestion else ""
        mark = "⚠ " if self.level is Level.WARNING else ""
        return f"{mark}{_short(self.file)}:{self.line}:{self.column}{path}：{_short(self.message)}{hint}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in a value, at ``loc`` within it; ``key``: it is the key that is wrong.

    ``cause`` is the mistake in another file that makes this one: both are reported.
    """

    loc: Loc
    message: str
    suggestion: str = ""
    key: bool = False
    cause: Problem | None = None


class Mistake(ValueError):
    """A value that cannot be used: why, and what to write instead; or the ``findings`` within it."""

    def __init__(self, message: str, suggestion: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.suggestion = suggestion
        self.findings = tuple(findings) or (Finding((), message, suggestion),)


def _short(text: str) -> str:
    """``text`` as one line that is not too long, with what cannot be printed spelt out."""
    short = text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
    return "".join(it if it.isprintable() else ascii(it)[1:-1] for it in short)


def caused_by(problems: Iterable[Problem], loc: Loc = ()) -> list[Finding]:
    """Findings at ``loc``, the place that names another file, for each problem of that file."""
    return [
        Finding(loc, f"{it.file} 第 {it.line} 行：{it.message}", it.suggestion, cause=it) for it in problems
    ]


def closest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, or nothing; a short word may differ in half its letters."""
    if len(word) > _LONGEST_WORD:
        return ""
    known = {candidate.casefold(): candidate for candidate in candidates}
    cutoff = 0.5 if len(word) <= 4 else 0.6
    found = get_close_matches(word.casefold(), known, n=1, cutoff=cutoff)
    return known[found[0]] if found else ""


def did_you_mean(word: str, candidates: Iterable[str], otherwise: str = "。") -> str:
    """How a sentence about an unknown ``word`` ends: with what was probably meant, or ``otherwise``."""
    meant = closest(word, candidates)
    return f"，是不是“{meant}”？" if meant else otherwise


def show_path(loc: Loc) -> str:
    """``("questions", 0, "ask")`` as ``questions[0].ask``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return "".join(parts).removeprefix(".")


def shown(value: object) -> str:
    """What stands in a file, said briefly, to follow 写成了."""
    if value is None:
        return "空的"
    if isinstance(value, bool):
        return f" {str(value).lower()}"
    if isinstance(value, int | float):
        return f"数字 {value}"
    if isinstance(value, list):
        return "列表"
    return "一组“键: 值”" if isinstance(value, Mapping) else f"文字“{str(value)[:20]}”"
