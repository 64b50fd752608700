"""A report as a page: one file that needs nothing else, neither script nor network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.reporting import wording
from bot.reporting.asked import Line, Report
from bot.reporting.bars import bar
from bot.reporting.forms import place, span
from bot.reporting.trend import Week

FIRST = (
    *("monthly_active", "interactions_per_member", "silent", "mood"),
    *("nps", "ltv", "ltv_cac", "repurchase", "word_of_mouth"),
)
"""The figures of which each has a card, as far as there are any."""
_FLYWHEEL = "flywheel"


def as_page(report: Report, weeks: Sequence[Week]) -> str:
    """All words in it are escaped: names of rooms are whatever somebody wrote."""
    by_id = {line.now.id: line for line in report.lines}
    wheel = by_id.get(_FLYWHEEL)
    return _template().render(
        report=report,
        span=span(report.asked),
        place=place(report.asked),
        cards=[by_id[id] for id in FIRST if id in by_id and by_id[id].now.value is not None],
        stages=_stages(wheel),
        weeks=weeks,
        most=max((it.members for it in weeks), default=0),
        bar=bar,
        say=wording,
    )


def _stages(wheel: Line | None) -> list[tuple[str, float, float]]:
    """Each stage, its members, and their share of the first in percent."""
    parts = {} if wheel is None else wheel.now.parts
    counts = {name: value or 0.0 for name, value in parts.items()}
    first = next(iter(counts.values()), 0.0)
    return [(name, count, 100 * count / first if first else 0.0) for name, count in counts.items()]


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.j2")
