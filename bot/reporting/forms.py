"""A report as lines for a terminal, and as rows for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bot.reporting.asked import Asked, Line, Report
from bot.reporting.wording import against, beside, change, ratio_of, shown, small

_COLUMNS = ("id", "name", "part", "value", "low", "high", "n", "before", "baseline", "goal", "is_met")


def as_table(report: Report) -> Iterator[str]:
    where, held_by = place(report.asked), _held_by(report)
    yield f"{report.name} {span(report.asked)}｜{where}｜↑↓ 和之前同样长的一段比{held_by}"
    for line in report.lines:
        yield _row(line)
    if report.events:
        yield f"不高兴的话：bot why {'、'.join(map(str, report.events))}"


def span(asked: Asked) -> str:
    return f"{asked.first:%m-%d} 到 {asked.last:%m-%d}"


def place(asked: Asked) -> str:
    return "所有群，人不重复" if asked.room is None else asked.room


def _held_by(report: Report) -> str:
    return "" if report.baseline is None else f"｜基线 {report.baseline}"


def _row(line: Line) -> str:
    figure = line.now
    words = f"{figure.name} {shown(figure)}{change(line)}{against(line)}{small(figure)}{beside(figure)}"
    return words.rstrip()


def as_json(report: Report) -> str:
    asked = report.asked
    head = {"from": asked.first.isoformat(), "to": asked.last.isoformat(), "room": asked.room}
    month = None if report.baseline is None else str(report.baseline)
    rows = [{**asdict(line.now), **_beside(line)} for line in report.lines]
    return json.dumps({**head, "baseline_month": month, "figures": rows}, ensure_ascii=False, indent=2)


def _beside(line: Line) -> dict[str, Any]:
    """What stands beside a figure; the goal as the number that it comes to."""
    goal = None if line.goal is None else line.goal.wanted(line.baseline)
    before = None if line.before is None else line.before.value
    return {
        "before": before,
        "baseline": line.baseline,
        "times_baseline": ratio_of(line),
        "goal": goal,
        "goal_is_most": None if line.goal is None else line.goal.at_most,
        "is_met": line.is_met,
    }


def as_csv(report: Report) -> str:
    """A row a figure, and one for each of its parts."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for line in report.lines:
        writer.writerow({**asdict(line.now), **_beside(line), "part": ""})
        for name, value in line.now.parts.items():
            writer.writerow({"id": line.now.id, "name": line.now.name, "part": name, "value": value})
    return out.getvalue()
