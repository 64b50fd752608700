"""Where in its file a SOP says something: for what is found when the files were read long ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from operator import getitem
from typing import Any

from bot.sop import yaml_reader
from bot.sop.loader import SopSet
from bot.sop.problems import Finding, Level, Loc, Problem
from bot.sop.validation import located
from bot.sop.yaml_reader import Document

_COMMON = ("sop", "id", "name", "rooms", "audience", "enabled")


class Places:
    """Makes problems of what is found in SOPs; a file is read again when something is found in it."""

    def __init__(self, sops: SopSet) -> None:
        self._sops = sops
        self._read: dict[str, Document] = {}

    def problem(self, sop_id: str, finding: Finding, level: Level) -> Problem:
        (problem,) = located([finding], self._document(sop_id))
        return replace(problem, level=level)

    def file_of(self, sop_id: str) -> str:
        return self._sops.source[sop_id].file

    def of_text(self, sop_id: str, text: str, form: Callable[[str], str] = str) -> Loc | None:
        """Where the file says this, in this form, beside the keys that every SOP has."""
        said = ((loc, value) for loc, value in _said(self._document(sop_id)) if isinstance(value, str))
        return next((loc for loc, value in said if form(value) == text), None)

    def of_step(self, sop_id: str, step: str, template: str) -> Loc:
        """Where the file says what is done at a step: the mapping that names the template, else the key that
        is called like the step, else the schedule."""
        named = self.of_text(sop_id, template)
        if named is not None:
            return named[:-1] or named
        data = self._document(sop_id).data
        return next(((key,) for key in (step, "every") if key in data), ("id",))

    def _document(self, sop_id: str) -> Document:
        if sop_id not in self._read:
            source = self._sops.source[sop_id]
            self._read[sop_id] = yaml_reader.parse(source.text, source.file)
        return self._read[sop_id]


def _said(document: Document) -> Iterator[tuple[Loc, Any]]:
    for loc in document.values:
        if loc and loc[0] not in _COMMON:
            yield loc, reduce(getitem, loc, document.data)  # type: ignore[arg-type]


def texts_in(value: Any) -> Iterator[str]:
    """Every text within what a model dumps."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
