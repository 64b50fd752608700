"""``python -m benchmarks [--rounds N]``: measure everything, print the table, write ``results.json``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import latency, results, start, throughput

_RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [
            *throughput.measure(folder, rounds),
            *latency.measure(folder, rounds),
            *start.measure(folder, rounds),
        ]
    print(results.table(found))
    results.write(found, _RESULTS)


if __name__ == "__main__":
    main()
