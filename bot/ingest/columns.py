"""Which column of a file is what: by the usual names in Chinese and English, or as a mapping file says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import ImportFailed
from bot.sop import yaml_reader
from bot.sop.problems import did_you_mean
from bot.sop.validation import validate

SOURCE = r"[a-z0-9][a-z0-9_-]{0,31}"
_ASIDE = re.compile(r"\(.*?\)|[\s_\-:\"']")


@dataclass(frozen=True, slots=True)
class Column:
    """What may stand in a file: its key in a mapping, how people call it, the usual names of its column."""

    key: str
    title: str
    usual: tuple[str, ...]


class Chosen(BaseModel):
    """A mapping file: ``source`` names the shop or platform, ``columns`` says which column is what."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: str | None = Field(default=None, pattern=f"^{SOURCE}$")
    columns: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Needed:
    """At least one of these fields has to be there; ``what`` says it to people."""

    keys: tuple[str, ...]
    what: str


def read_mapping(path: Path, fields: Sequence[Column]) -> Chosen:
    """Raises ``ImportFailed`` with every mistake in the file."""
    document = yaml_reader.read(path, str(path))
    mapping, wrong = (None, []) if document.is_lost else validate(Chosen, document)
    problems = [str(it) for it in (*document.problems, *wrong)]
    known = {it.key for it in fields}
    for key in [] if mapping is None else mapping.columns:
        if key not in known:
            line, column = document.where(("columns", key), key=True)
            problems.append(f"{path}:{line}:{column} columns.{key}：没有这一项{did_you_mean(key, known)}")
    if mapping is None or problems:
        raise ImportFailed("\n".join(problems))
    return mapping


def find(
    header: Sequence[str], fields: Sequence[Column], needed: Sequence[Needed], mapping: Chosen
) -> Mapping[str, int]:
    """The place of each field that the file has. Raises ``ImportFailed``: what is missing, what was found."""
    places: dict[str, int] = {}
    for at, name in enumerate(header):
        places.setdefault(_plain(name), at)
    found = {it.key: place for it in fields if (place := _place(it, places, mapping)) is not None}
    lost = [f"{key} 对应的列“{name}”" for key, name in mapping.columns.items() if key not in found]
    missing = [it for it in needed if not any(key in found for key in it.keys)]
    if lost or missing:
        titles = {it.key: it for it in fields}
        wanted = [f"{it.what}（{_examples([titles[key] for key in it.keys])}）" for it in missing]
        raise ImportFailed(
            f"列对不上。缺：{'；'.join([*lost, *wanted])}。\n"
            f"文件里有：{'、'.join(name.strip() or '（空）' for name in header)}。\n"
            "改列名，或者写一个 --mapping 文件，说哪一列是什么。"
        )
    return found


def _place(field: Column, places: Mapping[str, int], mapping: Chosen) -> int | None:
    names = [mapping.columns[field.key]] if field.key in mapping.columns else [field.key, *field.usual]
    return next((places[plain] for it in names if (plain := _plain(it)) in places), None)


def _examples(fields: Sequence[Column]) -> str:
    return "或".join(f"{it.usual[0]}/{it.key}" for it in fields)


def _plain(name: str) -> str:
    """Without what does not tell columns apart: case, width, spaces, units in brackets."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", name).casefold())


def explained(fields: Sequence[Column], header: Sequence[str], found: Mapping[str, int]) -> Iterator[str]:
    """Which column was taken for what, for people."""
    for it in fields:
        if it.key in found:
            yield f"{it.title} ← {header[found[it.key]].strip()}"
