"""A report is made."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from bot.reporting import baseline
from bot.reporting.asked import Asked, Line, Report, Terms
from bot.reporting.lights import lights
from bot.scoring.kpi import report


def make(connection: Connection, terms: Terms, asked: Asked, today: date) -> Report:
    values = baseline.of(connection, terms, asked.room, today)
    month = terms.goals.baseline if values else None
    period = terms.period(connection, asked)
    found = report.lines(period, terms.is_quiet)
    lines = [
        Line(
            it.now,
            it.before,
            baseline.held_against(it.now, values, month, asked.length),
            terms.goals.of.get(it.now.id),
        )
        for it in found
    ]
    rooms = lights(period, terms.rooms_of(connection, asked.room))
    return Report(asked, terms.name, lines, len(period.present), rooms, month)
