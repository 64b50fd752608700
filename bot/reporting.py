"""The figures as they are shown: a table for a terminal or a phone, or rows for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.scoring import days
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.period import Period, enabled_rooms
from bot.scoring.kpi.report import Line, lines
from bot.scoring.rules import Money
from bot.sop.loader import SopSet

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days (both counted), and in which rooms; ``room`` None: all, people counted once."""

    first: date
    last: date
    room: str | None = None


def last_week(now: datetime, sops: SopSet) -> Asked:
    """The week that ended yesterday."""
    yesterday = now.astimezone(sops.community.zone).date() - timedelta(days=1)
    return Asked(yesterday - _WEEK + timedelta(days=1), yesterday)


def report(connection: Connection, sops: SopSet, asked: Asked) -> list[Line]:
    community = sops.community
    known = enabled_rooms(connection)
    wanted = known if asked.room is None else community.expand(asked.room)
    operators = community.operators
    rooms = [known[key] for key in wanted if key in known and key != operators]
    first, last = ((day - days.EPOCH).days for day in (asked.first, asked.last))
    money = Money() if sops.scoring is None else sops.scoring.money
    period = Period(
        connection, community.zone, first, last, community.roles, rooms, asked.room is None, money
    )
    return lines(period, lambda at: community.rules.opens_at(at) > at)


def as_table(found: Sequence[Line], asked: Asked, name: str) -> Iterator[str]:
    where = "所有群，人不重复" if asked.room is None else asked.room
    yield f"{name} {asked.first:%m-%d} 到 {asked.last:%m-%d}｜{where}｜↑↓ 和之前同样长的一段比"
    for line in found:
        yield _row(line)


def _row(line: Line) -> str:
    figure = line.now
    parts = " ".join(f"{name}{_number(value)}" for name, value in figure.parts.items() if value is not None)
    beside = f"（{parts}）" if parts else ""
    if figure.value is None:
        return f"{figure.name} —{beside} {figure.why}".rstrip()
    small = f" 人少，n={figure.n}" if figure.is_small and figure.low is not None else ""
    between = "" if figure.low is None or figure.high is None else f"({figure.low:.0f}–{figure.high:.0f})"
    return f"{figure.name} {_number(figure.value)}{figure.unit}{between}{_change(line)}{small}{beside}"


def _change(line: Line) -> str:
    before = None if line.before is None else line.before.value
    if before is None or line.now.value is None or abs(line.now.value - before) < 0.05:
        return ""
    return f" {'↑' if line.now.value > before else '↓'}{_number(abs(line.now.value - before))}"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}".rstrip("0").rstrip(".")


def as_json(found: Sequence[Line], asked: Asked) -> str:
    rows = [
        {**asdict(line.now), "before": None if line.before is None else line.before.value} for line in found
    ]
    head = {"from": asked.first.isoformat(), "to": asked.last.isoformat(), "room": asked.room}
    return json.dumps({**head, "figures": rows}, ensure_ascii=False, indent=2)


def as_csv(found: Sequence[Line]) -> str:
    """A row a figure, and one for each of its parts."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "name", "part", "value", "low", "high", "n", "before"])
    for line in found:
        figure, before = line.now, None if line.before is None else line.before.value
        writer.writerow([figure.id, figure.name, "", *_cells(figure), before])
        for name, value in figure.parts.items():
            writer.writerow([figure.id, figure.name, name, value, None, None, None, None])
    return out.getvalue()


def _cells(figure: Figure) -> list[float | int | None]:
    return [figure.value, figure.low, figure.high, figure.n]
