"""One file from its first line to the report of what was refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import ImportFailed
from bot.ingest import columns, files
from bot.ingest.columns import Chosen
from bot.ingest.files import Table
from bot.ingest.importing import Import, Numbered, Tally
from bot.ingest.records import Cells, Setting, Topic
from bot.people import phones
from bot.store.writer import Writer

HEADER = ("行", "原因", "内容")
_LONGEST = 300

Progress = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file; ``report`` names those lines that were refused, where there are any."""

    tally: Tally
    understood: Sequence[str]
    encoding: str
    report: Path | None


def import_file(
    path: Path, topic: Topic, setting: Setting, writer: Writer, *, mapping: Chosen, dry: bool, show: Progress
) -> Outcome:
    """Raises ``ImportFailed`` where nothing of the file can be taken."""
    with files.opened(path) as table, _Report(path) as report:
        found = columns.find(table.header, topic.columns, topic.needed, mapping)
        if "phone" in found and setting.key is None:
            raise ImportFailed("文件里有手机号，要先在 .env 里设 BOT_PHONE_KEY（见 .env.example）")
        importing = Import(topic, setting, report.add, dry)
        tally = importing.take_all(writer, _rows(table, found), lambda: show(table.position(), table.size))
        understood = list(columns.explained(topic.columns, table.header, found))
        return Outcome(tally, understood, table.encoding, report.path if report.written else None)


def _rows(table: Table, found: Mapping[str, int]) -> Iterator[Numbered]:
    used, width = list(found.items()), len(table.header)
    for line, row in table.rows:
        if row is None:
            yield line, None
        elif len(row) == width:
            if any(row):
                yield line, {key: row[at].strip() for key, at in used}
        elif any(cell.strip() for cell in row):
            is_longer = len(row) > width and not any(cell.strip() for cell in row[width:])
            yield line, {key: row[at].strip() for key, at in used} if is_longer else None


class _Report:
    """``FILE.refused.csv``, that is there only if a line of the last import was refused."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.refused.csv")
        self.written = 0
        self._stack = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> _Report:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, line: int, reason: str, cells: Cells | None) -> None:
        if self._writer is None:
            file = self._stack.enter_context(self.path.open("w", encoding="utf-8-sig", newline=""))
            self._writer = csv.writer(file)
            self._writer.writerow(HEADER)
        content = "｜".join(f"{key}={_shown(cell)}" for key, cell in (cells or {}).items() if cell)
        self._writer.writerow((line, reason, content[:_LONGEST]))
        self.written += 1


def _shown(cell: str) -> str:
    return phones.hidden(cell)
