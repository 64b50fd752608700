"""``python -m benchmarks [--rounds N]``: measure everything, print the table, write ``results.json``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import (
    ahead,
    audiences,
    flood,
    imports,
    latency,
    nights,
    postgres,
    reload,
    results,
    start,
    throughput,
)

_PARTS = (
    throughput.measure,
    postgres.measure,
    latency.measure,
    flood.measure,
    start.measure,
    ahead.measure,
    imports.measure,
    audiences.measure,
    nights.measure,
    reload.measure,
)
_RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        found = [result for part in _PARTS for result in part(_folder(name, part.__module__), rounds)]
    print(results.table(found))
    results.write(found, _RESULTS)


def _folder(within: str, name: str) -> Path:
    folder = Path(within) / name
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
