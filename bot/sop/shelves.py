"""Shelves of content: folders of Markdown files with front matter, posted in turn by theme days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sop import yaml_reader
from bot.sop.problems import Problem
from bot.sop.yaml_reader import Document

_RESERVED = ("id", "body", "fields", "file", "title")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """A piece of content; templates also reach each of ``fields`` by its name: ``item.产地``."""

    id: str = "sample"
    title: str = "标题"
    body: str = "正文"
    fields: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The items of one folder, in the order of their file names."""

    name: str
    items: tuple[ShelfItem, ...]


def load(templates: Path) -> tuple[dict[str, Shelf], list[Problem]]:
    """The shelves below a folder of templates; items with mistakes are left out."""
    problems: list[Problem] = []
    folders = sorted(path for path in (templates / "shelves").glob("[!.]*") if path.is_dir())
    shelves = {folder.name: _shelf(folder, templates, problems) for folder in folders}
    return shelves, problems


def _shelf(folder: Path, templates: Path, problems: list[Problem]) -> Shelf:
    read = [
        _item(path, path.relative_to(templates.parent).as_posix()) for path in sorted(folder.glob("[!.]*.md"))
    ]
    problems += [problem for _, found in read for problem in found]
    return Shelf(folder.name, tuple(item for item, found in read if not found))


def _item(path: Path, file: str) -> tuple[ShelfItem, list[Problem]]:
    text = yaml_reader.read_text(path, file)
    if isinstance(text, Problem):
        return ShelfItem(), [text]
    parts = _FRONT.match(text)
    if parts is None:
        return ShelfItem(), [
            Problem(file, 1, 1, "", "开头缺少用 --- 围起来的说明", "在最前面加三行：---、title: 标题、---")
        ]
    document = yaml_reader.parse("\n" + parts[1], file)  # the first line is the ---
    body_line = text.count("\n", 0, parts.start(2)) + 1
    fields = {key: value for key, value in document.data.items() if key != "title"}
    item = ShelfItem(path.stem, str(document.data.get("title")), parts[2].strip(), fields, file)
    return item, [*document.problems, *_wrong_fields(document), *_no_body(item, body_line)]


def _wrong_fields(document: Document) -> list[Problem]:
    if document.is_lost:
        return []
    wrong = [
        document.problem((key,), f"{key} 要写成文字、数字或文字的列表") for key in _unusable(document.data)
    ]
    wrong += [
        document.problem((key,), f"{key} 有别的用处，不能当说明的键", f"{key}_", key=True)
        for key in document.data
        if key in _RESERVED[:-1] or key.startswith("_")
    ]
    if "title" not in document.data:
        wrong.append(Problem(document.file, 1, 1, "title", "缺少标题", "title: 标题"))
    elif not isinstance(title := document.data["title"], str) or not title.strip():
        wrong.append(document.problem(("title",), "标题要写成文字", f'"{title}"' if title else "title: 标题"))
    return wrong


def _unusable(data: Mapping[str, Any]) -> list[str]:
    return [key for key, value in data.items() if key != "title" and not _is_usable(value)]


def _is_usable(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(word, str) for word in value)
    return isinstance(value, str | int | float)


def _no_body(item: ShelfItem, line: int) -> list[Problem]:
    return [] if item.body else [Problem(item.file, line, 1, "", "缺少正文", "在第二个 --- 下面写上内容")]
