"""Reads YAML so that nothing is taken for something else, and every key and value keeps its place.

YAML 1.2: ``on``, ``no`` and ``09:30`` are text. Keys are always text. Anchors, aliases and tags are refused
(an alias can blow up a small file), and so are duplicate keys. The events of libyaml are walked, not its
nodes, so that a problem need not end the reading and depth is bounded.
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.sop.problems import MAX_PROBLEMS, Loc, Problem, show_path
from bot.sop.yaml_errors import explain

MAX_BYTES = 256 * 1024
MAX_DEPTH = 50

Mark = tuple[int, int]

_TAB = re.compile(r"^ *\t[ \t]*[^\s#]", re.MULTILINE)
_UNPRINTABLE = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff"
)
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says: its data, the places of its keys and values, and what is wrong with its form.

    ``data`` is empty where the file could not be read to its end.
    """

    file: str
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    values: dict[Loc, Mark] = field(default_factory=dict)
    keys: dict[Loc, Mark] = field(default_factory=dict)

    @property
    def is_lost(self) -> bool:
        """Whether there is nothing in it that could be judged further."""
        return bool(self.problems) and not self.data

    def where(self, loc: Loc, key: bool = False) -> Mark:
        """(line, column) of the value at ``loc``, or of its key; of the nearest parent if it is not there."""
        known = self.known(loc)
        if (key or known != loc) and known in self.keys:
            return self.keys[known]
        return self.values.get(known, (1, 1))

    def known(self, loc: Loc) -> Loc:
        """The longest part of ``loc`` that the file has."""
        while loc and loc not in self.values:
            loc = loc[:-1]
        return loc

    def keys_at(self, loc: Loc) -> set[str | int]:
        """The keys of the mapping at ``loc``."""
        return {known[-1] for known in self.keys if known[:-1] == loc}

    def comment_at(self, loc: Loc) -> str:
        """What stands behind a key instead of a value, if that is a comment that begins like a hashtag."""
        line = self.text.split("\n")[self.where(loc, key=True)[0] - 1]
        found = re.search(r":\s+(#[^\s#]+#?)", line)
        return found[1] if found else ""

    def problem(self, loc: Loc, message: str, suggestion: str = "", key: bool = False) -> Problem:
        return Problem(self.file, *self.where(loc, key), show_path(loc), message, suggestion)


def read(path: Path, file: str, before: Document | None = None) -> Document:
    """Read a file, which problems call ``file``; one that says the same as ``before`` is that document."""
    text = read_text(path, file)
    if isinstance(text, Problem):
        return Document(file, problems=(text,))
    return before if before is not None and text and before.text == text else parse(text, file)


def read_text(path: Path, file: str) -> str | Problem:
    """The text of a file, or why there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
            return Problem(file, 1, 1, "", "读不到这个文件（它是文件夹、管道或设备）", "换成一个普通的文件")
        with path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem(file, 1, 1, "", f"读不到这个文件（{error.strerror}）")
    if len(data) > MAX_BYTES:
        return Problem(file, 1, 1, "", f"文件超过 {MAX_BYTES // 1024} KB，太大了", "拆成几个文件")
    return _decode(data, file)


def _decode(data: bytes, file: str) -> str | Problem:
    try:
        return _in_lines(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = _in_lines(data[: error.start].decode("utf-8", "replace"))
        line, column = _place(before, len(before))
        return Problem(file, line, column, "", "从这里起不是 UTF-8 编码", "用 UTF-8 编码另存一次")


def _in_lines(text: str) -> str:
    """``text`` without the mark that Windows puts first, its lines ended as everywhere."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _place(text: str, position: int) -> Mark:
    start = text.rfind("\n", 0, position) + 1
    return text.count("\n", 0, position) + 1, position - start + 1


def parse(text: str, file: str) -> Document:
    """Read the one mapping that ``text`` holds."""
    problem = _bad_character(text, file)
    if problem is not None:
        return Document(file, text, problems=(problem,))
    reader = _Reader(text, file)
    data = reader.run()
    return Document(file, text, data, tuple(reader.problems), reader.values, reader.keys)


def _bad_character(text: str, file: str) -> Problem | None:
    if tab := _TAB.search(text):
        line, column = _place(text, text.index("\t", tab.start()))
        return Problem(file, line, column, "", "缩进里有制表符（Tab）", "缩进只用空格")
    if bad := _UNPRINTABLE.search(text):
        code = f"U+{ord(bad[0]):04X}"
        return Problem(
            file, *_place(text, bad.start()), "", f"这里有一个看不见的控制字符（{code}）", "删掉它"
        )
    return None


class _Stop(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class _Reader:
    """Builds the data from the parser's events."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.problems: list[Problem] = []
        self.values: dict[Loc, Mark] = {}
        self.keys: dict[Loc, Mark] = {}

    def run(self) -> dict[str, Any]:
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            self.problems.append(explain(error, self._text, self._file))
        except _Stop as stop:
            self.problems.append(stop.problem)
        return {}

    def _document(self) -> dict[str, Any]:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise self._lost((1, 1), (), "文件是空的")
        data = self._node(next(self._events), ())
        next(self._events)
        if isinstance(more := next(self._events), yaml.DocumentStartEvent):
            raise self._lost(_mark(more), (), "一个文件只能写一份内容，这里又开始了第二份", "拆成两个文件")
        if not isinstance(data, dict):
            reason = "文件是空的" if data is None else "最外层要写成一行行的“键: 值”"
            raise self._lost(self.values[()], (), reason)
        return data

    def _lost(self, mark: Mark, loc: Loc, message: str, suggestion: str = "") -> _Stop:
        return _Stop(self._problem(mark, loc, message, suggestion))

    def _problem(self, mark: Mark, loc: Loc, message: str, suggestion: str = "") -> Problem:
        return Problem(self._file, *mark, show_path(loc), message, suggestion)

    def _note(self, mark: Mark, loc: Loc, message: str, suggestion: str = "") -> None:
        if len(self.problems) == MAX_PROBLEMS:
            raise self._lost(mark, (), "错误太多了，后面的没有再看", "先改好前面的")
        self.problems.append(self._problem(mark, loc, message, suggestion))

    def _node(self, event: Any, loc: Loc) -> Any:
        self.values[loc] = _mark(event)
        if len(loc) > MAX_DEPTH:
            raise self._lost(_mark(event), (), f"一层套一层，超过了 {MAX_DEPTH} 层")
        self._refuse_extras(event, loc)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(loc)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._node(item, (*loc, n)) for n, item in enumerate(self._until(yaml.SequenceEndEvent))]
        if isinstance(event, yaml.AliasEvent):
            return None
        return _plain(event.value) if event.implicit[0] else event.value

    def _refuse_extras(self, event: Any, loc: Loc) -> None:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            self._note(mark, loc, f"不支持引用（*{event.anchor}）", "直接写出内容；星号开头的文字要加引号")
        elif event.anchor is not None:
            self._note(mark, loc, f"不支持锚点（&{event.anchor}）", "去掉它；& 开头的文字要加引号")
        elif event.tag is not None:
            self._note(mark, loc, f"不支持标签（{event.tag}）", "去掉它；感叹号开头的文字要加引号")
        elif isinstance(event, yaml.ScalarEvent) and _UNPRINTABLE.search(event.value):
            self._note(mark, loc, "这段文字里有看不见的控制字符", "删掉它")

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            here = (*loc, key := self._key(event, loc))
            if key in data:
                first = self.keys[here][0]
                self._note(_mark(event), here, f"键 {key} 写了两次，前一次在第 {first} 行", "只留一处")
                self._node(next(self._events), (*here, ""))  # read, at a place that nobody asks for
            else:
                self.keys[here] = _mark(event)
                data[key] = self._node(next(self._events), here)
        return data

    def _key(self, event: Any, loc: Loc) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._lost(_mark(event), loc, "键要写成一个词", "大括号开头的文字要加引号")
        self._refuse_extras(event, (*loc, event.value))
        if not event.value:
            raise self._lost(_mark(event), loc, "冒号前面没有键")
        return str(event.value)

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event


def _mark(event: Any) -> Mark:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _plain(text: str) -> Any:
    """An unquoted word, read by the rules of YAML 1.2; a number too great for us stays text (an id)."""
    if _NULL.fullmatch(text):
        return None
    if truth := _BOOL.fullmatch(text):
        return truth[1] is not None
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text) and not text.lstrip("+-").isdigit():
        return number if math.isfinite(number := float(text)) else text
    return text
