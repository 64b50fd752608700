"""Files of a shop to import, and what came of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.ingest.columns import Chosen
from bot.ingest.records import Setting, Topic
from bot.ingest.run import Outcome, import_file
from bot.ingest.topics import TOPICS
from bot.store.writer import Writer
from tests.builders import MONDAY_9

KEY = b"the shop's key"
SETTING = Setting("yuanye", ZoneInfo("Asia/Shanghai"), MONDAY_9, KEY)
TOPIC: Mapping[str, Topic] = {it.name: it for it in TOPICS}
ORDER_COLUMNS = ("order", "customer", "amount", "paid_at", "refunded_at")


def nobody(done: int, of: int) -> None:
    pass


def written(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def take(writer: Writer, path: Path, topic: str = "orders", *, dry: bool = False) -> Outcome:
    return import_file(
        path,
        TOPIC[topic],
        SETTING,
        writer,
        mapping=Chosen(),
        dry=dry,
        show=nobody,
    )


def counts(outcome: Outcome) -> tuple[int, int, int]:
    """New, unchanged, refused."""
    tally = outcome.tally
    return tally.new, tally.unchanged, tally.refused.total()


def refused(outcome: Outcome) -> list[tuple[str, str]]:
    """The lines of the report: number and reason."""
    if outcome.report is None:
        return []
    with outcome.report.open(encoding="utf-8-sig", newline="") as file:
        return [(line, reason) for line, reason, _ in list(csv.reader(file))[1:]]
