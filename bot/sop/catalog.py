"""What names exist while a file is judged (rooms, roles, templates, shelves, what the log holds …); what it
went by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sop.problems import Problem
from bot.sop.shelves import Shelf
from bot.sop.template_check import TemplateCheck
from bot.sop.templates import Templates


class Shelves(Mapping[str, Shelf]):
    """Shelves by name; ``asked`` are the names that somebody wanted to see."""

    def __init__(self, found: Mapping[str, Shelf]) -> None:
        self._found, self.asked = found, set[str]()

    def __getitem__(self, name: str) -> Shelf:
        self.asked.add(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True, slots=True)
class GoneBy:
    """Which templates and shelves a file went by when it was judged, and what they said."""

    texts: Mapping[str, str | Problem | None]
    shelves: Mapping[str, Shelf | None]


@dataclass(frozen=True, slots=True)
class Catalog:
    """``rooms`` maps every room key and every set to room keys, ``roles`` each role to what it is.
    ``interactions`` are the names that the log may hold. ``audiences`` says of each whether it can be used.

    None while they are not known. ``present`` is what lies in the folder of the templates: shelves, pictures.
    """

    templates: Templates
    shelves: Shelves
    checks: TemplateCheck
    present: frozenset[Path] = frozenset()
    rooms: Mapping[str, tuple[str, ...]] | None = None
    roles: Mapping[str, str] | None = None
    audiences: Mapping[str, bool] | None = None
    interactions: frozenset[str] | None = None

    def reads_as(self, other: Catalog) -> bool:
        """Whether templates and shelves say the same in ``other``."""
        same = self.templates.texts == other.templates.texts and self.shelves == other.shelves
        return same and self.present == other.present

    def names_as(self, other: Catalog) -> bool:
        """Whether there are the same names in ``other``: of rooms, roles, audiences, files, and words
        of items."""
        same = self.rooms == other.rooms and self.roles == other.roles and self.present == other.present
        return (
            same and self.audiences == other.audiences and self.checks.item_words == other.checks.item_words
        )

    def begin(self) -> None:
        """A file is going to be judged."""
        self.checks.asked.clear()
        self.shelves.asked.clear()

    def gone_by(self) -> GoneBy:
        """What the file went by that has been judged since ``begin``."""
        texts = {name: self.templates.texts.get(name) for name in self.checks.asked}
        return GoneBy(texts, {name: self.shelves.get(name) for name in tuple(self.shelves.asked)})

    def still_says(self, what: GoneBy) -> bool:
        same = all(self.templates.texts.get(name) == text for name, text in what.texts.items())
        return same and all(self.shelves.get(name) == shelf for name, shelf in what.shelves.items())
