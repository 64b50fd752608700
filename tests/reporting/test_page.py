"""The page: all figures, nothing from elsewhere, and names that are no markup."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reporting.asked import Asked, Line, Report
from bot.reporting.bars import bar
from bot.reporting.lights import Light
from bot.reporting.page import as_page
from bot.reporting.trend import Week
from bot.scoring.goals import Goal, Month
from bot.scoring.kpi.figure import Figure

ASKED = Asked(date(2026, 11, 23), date(2026, 11, 29))
WEEKS = [Week(date(2026, 11, n), n) for n in (8, 15, 22, 29)]
LINES = [
    Line(Figure("monthly_active", "月活", 41.2, 486, 37, 45, "%"), None, 30.0, Goal(60)),
    Line(Figure("mood", "情感", -12.5, 58, -22, 3, events=(10234,)), None, -5.0, Goal(10)),
    Line(Figure("nps", "NPS", None, why="还没有人答")),
    Line(Figure("flywheel", "飞轮", 20, parts={"共鸣": 20, "连接": 5, "信任": 0, "共创": 0})),
]
EVIL = "<script>alert('群')</script>"


def page(**more: object) -> str:
    plain = {"asked": ASKED, "name": "原野之味", "lines": LINES, "members": 486, "baseline": Month(2026, 9)}
    return as_page(Report(**{**plain, **more}), WEEKS)  # type: ignore[arg-type]


class _Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action")]


def test_it_needs_nothing_but_itself() -> None:
    seen = _Seen(page())
    assert seen.links == []
    assert not {"script", "link", "img", "iframe", "form"} & set(seen.tags)
    assert "url(" not in page()


def test_every_figure_is_on_it_with_its_goal_and_baseline() -> None:
    text = page()
    for words in ("月活", "41.2%", "(37–45)", "30%", "目标60", "还没有人答", "bot why 10234", "基线 2026-09"):
        assert words in text, words


def test_names_are_no_markup() -> None:
    text = page(name=EVIL, lights=[Light(EVIL, complaints=1)], asked=Asked(ASKED.first, ASKED.last, EVIL))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4  # title, heading, place, room


def test_its_drawings_are_well_formed() -> None:
    text = page()
    drawings = [part.partition("</svg>")[0] for part in text.split("<svg")[1:]]
    assert len(drawings) == 5  # two cards, the weeks, two rows: the others have nothing beside them
    for drawing in drawings:
        ElementTree.fromstring(f"<svg{drawing}</svg>")


def test_an_empty_community_has_a_page() -> None:
    assert "<svg" in as_page(Report(ASKED, "原野之味", []), [Week(date(2026, 11, 29), 0)])


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(numbers, st.none() | numbers, st.none() | numbers, st.sampled_from(["", "%", "¥"]))
def test_nothing_stands_outside_of_its_bar(
    value: float, baseline: float | None, goal: float | None, unit: str
) -> None:
    line = Line(Figure("x", "数", value, unit=unit), None, baseline, None if goal is None else Goal(goal))
    drawn = bar(line)
    if drawn is None:
        assert unit != "%"
        assert baseline is goal is None
        return
    places = (drawn.start, drawn.start + drawn.width, drawn.baseline, drawn.goal)
    assert all(-0.02 <= it <= 100.02 for it in places if it is not None)


@pytest.mark.parametrize(("value", "start", "width"), [(50, 0, 50), (0, 0, 0), (100, 0, 100)])
def test_shares_go_to_a_hundred(value: float, start: float, width: float) -> None:
    drawn = bar(Line(Figure("x", "数", value, unit="%")))
    assert drawn is not None
    assert (drawn.start, drawn.width) == (start, width)
