"""How long a million orders take, from the file to the committed rows, and once more, when all are there."""

from __future__ import annotations

import csv
import resource
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.results import Result
from benchmarks.world import NOW, sqlite
from bot import app
from bot.ingest.columns import Chosen
from bot.ingest.orders import ORDERS
from bot.ingest.records import Setting
from bot.ingest.run import import_file
from bot.store.writer import Writer

ROWS = 1_000_000
BUYERS = 100_000
MOST_ROUNDS = 2
"""Each takes a minute."""
SETTING = Setting("bench", ZoneInfo("Asia/Shanghai"), NOW, b"a benchmark's key, of no use to anybody")
_HEADER = ("订单编号", "买家编号", "手机号", "实付金额", "付款时间", "毛利", "商品")
_BEGAN = datetime(2025, 1, 1)  # noqa: DTZ001 - as files have it


def measure(folder: Path, rounds: int) -> list[Result]:
    """The first import each on a new database; the second finds each order there."""
    orders = folder / "orders.csv"
    write(orders, ROWS)
    first, again = [], []
    for n in range(min(rounds, MOST_ROUNDS)):
        writer = Writer(app.open_database(sqlite(folder / f"{n}.db")))
        first.append(take(orders, writer, new=ROWS))
        again.append(take(orders, writer, new=0))
        writer.close()
        writer.engine.dispose()
    return [
        Result("import of 1 M orders", "s", first, 30, at_most=True),
        Result("the same file again", "s", again),
        Result("memory of the process then", "MB", [_megabytes()]),
    ]


def write(path: Path, rows: int) -> None:
    """An order each, paid at its own second, of a buyer with a phone."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(_HEADER)
        for n in range(rows):
            buyer, at = n * 7919 % BUYERS, _BEGAN + timedelta(seconds=53 * n)
            sums = f"{30 + n % 400}.{n % 100:02}", f"{10 + n % 90}.50"
            who = f"C{buyer:06}", f"199{buyer:08}"
            lines.writerow((f"YY{n:010}", *who, sums[0], f"{at:%Y-%m-%d %H:%M:%S}", sums[1], f"货{n % 50}×1"))


def take(orders: Path, writer: Writer, *, new: int) -> float:
    """Seconds for the import, of which ``new`` rows are new."""

    def nobody(done: int, of: int) -> None:
        pass

    began = time.perf_counter()
    found = import_file(orders, ORDERS, SETTING, writer, mapping=Chosen(), dry=False, show=nobody)
    seconds = time.perf_counter() - began
    assert (found.tally.new, found.tally.refused.total()) == (new, 0), found.tally
    return seconds


def _megabytes() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 if sys.platform == "linux" else 1024 * 1024)
