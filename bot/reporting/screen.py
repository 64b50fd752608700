"""A report on a phone: one screen, what belongs together in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.reporting.asked import WEEK, Asked, Line, Report
from bot.reporting.forms import place, span
from bot.reporting.wording import against, change, number, shown, small

LINES = (
    ("monthly_active", "interactions_per_member", "silent"),
    ("flywheel", "mood", "nps"),
    ("works", "answered", "complaints"),
    ("gives_per_ask", "quiet_sends", "at_all", "left", "dnc"),
)
_DETAILS = ("woken", "repurchase_90", "cac", "ltv_predicted")
LEFT_OUT = frozenset(
    {"promo_share", "held_back", "questionnaire", "challenge_participation", "depth", *_DETAILS}
)
"""To be seen in the table and on the page."""
A_LINE = 4
MOST_GREEN = 8
"""Of more rooms than these only those that want a look are named."""
MOST_EVENTS = 3
_CIRCLED = "①②③④⑤⑥⑦⑧⑨"


def as_screen(report: Report, decisions: Sequence[str] = ()) -> Iterator[str]:
    yield _head(report)
    if report.lights:
        yield _rooms(report)
    yield from _figures(report)
    if report.events:
        yield f"不高兴的话：{'、'.join(f'/为什么 {id}' for id in report.events[-MOST_EVENTS:])}"
    if decisions:
        yield f"请您定：{' '.join(f'{n}{what}' for n, what in zip(_CIRCLED, decisions, strict=False))}"


def _head(report: Report) -> str:
    base = "" if report.baseline is None else f"｜基线{report.baseline}"
    where = f"{len(report.lights)}群" if report.asked.room is None else place(report.asked)
    return f"{report.name} {_when(report.asked)}｜{where} {report.members}人（去重）{base}"


def _when(asked: Asked) -> str:
    is_week = asked.length == WEEK.days and asked.first.weekday() == 0
    return f"第{asked.first.isocalendar().week}周 {span(asked)}" if is_week else span(asked)


def _rooms(report: Report) -> str:
    shown = report.lights if len(report.lights) <= MOST_GREEN else [it for it in report.lights if it.worries]
    words = [f"{it}{_in_brackets(it.worries)}" for it in shown]
    rest = len(report.lights) - len(shown)
    return " ".join([*words, f"其余{rest}群🟢"] if rest else words)


def _in_brackets(words: Sequence[str]) -> str:
    return f"（{'，'.join(words)}）" if words else ""


def _figures(report: Report) -> Iterator[str]:
    by_id = {line.now.id: line for line in report.lines}
    named = {id for ids in LINES for id in ids}
    for ids in LINES:
        yield from _joined(by_id[id] for id in ids if id in by_id)
    rest = [line for id, line in by_id.items() if id not in named | LEFT_OUT and line.now.value is not None]
    for at in range(0, len(rest), A_LINE):
        yield from _joined(rest[at : at + A_LINE])


def _joined(lines: Iterable[Line]) -> Iterator[str]:
    words = [_SAID.get(line.now.id, _plain)(line) for line in lines]
    if words:
        yield "｜".join(words)


def _plain(line: Line) -> str:
    return f"{line.now.name} {shown(line.now)}{change(line)}{against(line)}{small(line.now)}"


def _stages(line: Line) -> str:
    parts = line.now.parts
    return f"{' → '.join(f'{name} {number(value)}' for name, value in parts.items())}（人）"


def _with(*parts: str) -> Callable[[Line], str]:
    """A figure and some of its parts."""

    def said(line: Line) -> str:
        known = [(name, line.now.parts.get(name)) for name in parts]
        words = [f"{name}{number(value)}" for name, value in known if value is not None]
        return f"{_plain(line)}{_in_brackets(words)}"

    return said


def _gives(line: Line) -> str:
    parts = line.now.parts
    given = ":".join(number(parts.get(name)) for name in ("给", "要", "卖"))
    return f"给:要:卖 {given}{against(line)}"


_SAID: dict[str, Callable[[Line], str]] = {
    "flywheel": _stages,
    "works": _with("作者"),
    "answered": _with("会员互助"),
    "complaints": _with("首响分钟", "未结"),
    "left": _with("推广后24小时"),
    "gives_per_ask": _gives,
}
