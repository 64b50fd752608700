"""What names exist while a file is validated: rooms, roles, templates, shelves, and what the log holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sop.shelves import Shelf
from bot.sop.template_check import TemplateCheck
from bot.sop.templates import Templates


@dataclass(frozen=True, slots=True)
class Catalog:
    """``rooms`` maps every room key and every set to room keys, ``roles`` each role to what it is.
    ``interactions`` are the names that the log may hold.

    None while they are not known.
    """

    templates: Templates
    shelves: Mapping[str, Shelf]
    checks: TemplateCheck
    rooms: Mapping[str, tuple[str, ...]] | None = None
    roles: Mapping[str, str] | None = None
    interactions: frozenset[str] | None = None
