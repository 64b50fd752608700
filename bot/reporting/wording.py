"""How figures are written, in Chinese."""

from __future__ import annotations

from bot.reporting.asked import Line
from bot.scoring.goals import Goal
from bot.scoring.kpi.figure import Figure

_THOUSAND = 1_000
_SAME = 0.05
"""A change that would be written as nothing."""


def number(value: float | None) -> str:
    """As short as it is clear: with a decimal at most, and none where that is nothing."""
    if value is None:
        return "—"
    if abs(value) >= _THOUSAND:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0")


def shown(figure: Figure) -> str:
    """Its value with the interval, or why there is none."""
    if figure.value is None:
        return f"— {figure.why}".rstrip()
    return f"{with_unit(figure, figure.value)}{interval(figure)}"


def with_unit(figure: Figure, value: float) -> str:
    """``41%``, ``¥1,180``."""
    before, after = (figure.unit, "") if figure.unit == "¥" else ("", figure.unit)
    return f"{before}{number(value)}{after}"


def interval(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    return f"({figure.low:.0f}–{figure.high:.0f})"


def change(line: Line) -> str:
    moved = line.change
    if moved is None or abs(moved) < _SAME:
        return ""
    return f" {'↑' if moved > 0 else '↓'}{number(abs(moved))}"


def ratio_of(line: Line) -> float | None:
    """How many times its baseline. Of shares and indices, which have an interval, that would say little."""
    value, is_share = line.now.value, line.now.unit == "%" or line.now.low is not None
    if is_share or line.baseline is None or line.baseline <= 0 or not value:
        return None
    return value / line.baseline


def against(line: Line) -> str:
    """`` = 基线×4.1 / 目标×15``; nothing where it is held against nothing."""
    return f"{base(line)}{f' / {aim(line.goal)}' if line.goal is not None else ''}{_mark(line)}"


def base(line: Line) -> str:
    if line.baseline is None or line.now.value is None:
        return ""
    times = ratio_of(line)
    return f" = 基线×{number(times)}" if times is not None else f" 基线{with_unit(line.now, line.baseline)}"


def aim(goal: Goal) -> str:
    words = number(goal.value) if goal.times is None else f"×{number(goal.times)}"
    return f"目标最多{words}" if goal.at_most else f"目标{words}"


def _mark(line: Line) -> str:
    return " ✅" if line.is_met else ""


def small(figure: Figure) -> str:
    return f" 人少，n={figure.n}" if figure.is_small and figure.low is not None else ""


def beside(figure: Figure) -> str:
    """Its parts: （自发月活20 …）."""
    parts = " ".join(f"{name}{number(value)}" for name, value in figure.parts.items() if value is not None)
    return f"（{parts}）" if parts else ""


def parts(figure: Figure) -> str:
    """The same in small letters under it."""
    return beside(figure).strip("（）")


def held(line: Line) -> str:
    """What a figure is held against, by itself."""
    return against(line).strip().removeprefix("=").removeprefix("/").strip()


def alt(line: Line) -> str:
    """What a bar shows, for who cannot see it."""
    return f"{line.now.name} {shown(line.now)}{against(line)}"
