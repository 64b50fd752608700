"""What names exist while a file is validated: rooms, roles, templates and shelves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sop.shelves import Shelf
from bot.sop.template_check import TemplateCheck
from bot.sop.templates import Templates


@dataclass(frozen=True, slots=True)
class Catalog:
    """``rooms`` maps every room key and every set to room keys, ``roles`` each role to what it is.

    None while they are not known. ``present`` are the files beside the templates: pictures.
    """

    templates: Templates
    shelves: Mapping[str, Shelf]
    checks: TemplateCheck
    present: frozenset[Path] = frozenset()
    rooms: Mapping[str, tuple[str, ...]] | None = None
    roles: Mapping[str, str] | None = None

    def words_as(self, other: Catalog) -> bool:
        """Whether templates and shelves are the same in ``other``."""
        return (
            self.templates.reads_as(other.templates)
            and self.shelves == other.shelves
            and self.present == other.present
        )
