"""Reading CSV and JSONL row by row, in whatever encoding a spreadsheet left them."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from bot.errors import ImportFailed

HEAD = 1 << 20
DELIMITERS = ",\t;"
Cells = list[str]


@dataclass(slots=True)
class Table:
    """A file with its columns; ``rows`` gives (line, cells), or (line, None) where a line cannot be read."""

    header: Cells
    rows: Iterator[tuple[int, Cells | None]]
    encoding: str
    size: int
    position: Callable[[], int] = field(repr=False)
    """How many bytes are read."""


@contextmanager
def opened(path: Path) -> Iterator[Table]:
    """Raises ``ImportFailed`` where the file is not there, empty, or no text."""
    try:
        head = _head(path)
        encoding = _encoding(head)
        with path.open("rb") as raw, TextIOWrapper(raw, encoding, newline="") as text:
            read = _jsonl if _is_jsonl(path, head, encoding) else _csv
            header, rows = read(text, path)
            yield Table(header, rows, encoding, path.stat().st_size, raw.tell)
    except OSError as error:
        raise ImportFailed(f"{path} 读不到：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ImportFailed(f"{path} 不全是 {error.encoding} 编码，请另存为 UTF-8 的 CSV 再导") from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        raise ImportFailed(f"{path.name} 是 Excel 文件。在 Excel 里另存为“CSV UTF-8”再导。")
    if not head.strip():
        raise ImportFailed(f"{path.name} 是空的")
    return head


def _encoding(head: bytes) -> str:
    """UTF-8 with or without a BOM, UTF-16 with one, else GBK."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        raise ImportFailed("这不是文本文件，请另存为 CSV 再导")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _is_jsonl(path: Path, head: bytes, encoding: str) -> bool:
    begins = head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    return path.suffix.lower() in (".jsonl", ".ndjson") or begins.startswith("{")


# --- CSV ---


def _csv(text: TextIO, path: Path) -> tuple[Cells, Iterator[tuple[int, Cells | None]]]:
    first = text.readline()
    text.seek(0)
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(text, delimiter=delimiter)
    try:
        header = next(row for row in reader if any(it.strip() for it in row))
    except (StopIteration, csv.Error):
        raise ImportFailed(f"{path.name} 里没有列名") from None
    return [name.lstrip("\ufeff") for name in header], _csv_rows(reader)


def _csv_rows(reader: Any) -> Iterator[tuple[int, Cells | None]]:
    while True:
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
            return
        except csv.Error:
            yield reader.line_num, None


# --- JSONL ---


def _jsonl(text: TextIO, path: Path) -> tuple[Cells, Iterator[tuple[int, Cells | None]]]:
    """The columns are all names that any line has, so the file is read twice."""
    names: dict[str, None] = {}
    for line in text:
        names |= dict.fromkeys(_object(line) or ())
    if not names:
        raise ImportFailed(f"{path.name} 里没有一行是 JSON，要一行一个 {{…}}")
    text.seek(0)
    return list(names), _json_rows(text, list(names))


def _json_rows(text: TextIO, names: Cells) -> Iterator[tuple[int, Cells | None]]:
    for line, written in enumerate(text, 1):
        if written.strip():
            found = _object(written)
            yield line, None if found is None else [cell(found.get(name)) for name in names]


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line.lstrip("\ufeff"), parse_float=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def cell(value: Any, depth: int = 3) -> str:
    """A value of JSON as it would stand in a table; what lies deeper is left out."""
    match value:
        case None:
            return ""
        case list() if depth:
            return "；".join(cell(it, depth - 1) for it in value)
        case dict() if depth:
            return " ".join(cell(it, depth - 1) for it in value.values())
        case list() | dict():
            return ""
    return str(value)
