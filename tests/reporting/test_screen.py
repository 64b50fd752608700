"""One screen: what stands beside what, on a phone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reporting.asked import Asked, Line, Report
from bot.reporting.lights import Light
from bot.reporting.screen import as_screen
from bot.reporting.wanted import wanted
from bot.reporting.wording import against, number, shown
from bot.scoring.goals import Goal, Month
from bot.scoring.kpi.figure import Figure

WEEK = Asked(date(2026, 11, 23), date(2026, 11, 29))
LINES = [
    Line(
        Figure("monthly_active", "月活", 41.2, 486, 37, 45, "%"),
        Figure("monthly_active", "月活", 39.2, 486, unit="%"),
        30.0,
        Goal(60),
    ),
    Line(Figure("interactions_per_member", "人均互动", 6.2, 486), None, 6.2 / 4.1, Goal(times=15)),
    Line(Figure("ltv", "LTV", 1180.4, 80, unit="¥"), None, None, Goal(times=5)),
    Line(Figure("left", "退群", 3, parts={"推广后24小时": 2.0}, summed=True), None, 1.5),
    Line(
        Figure("flywheel", "飞轮", 210, parts={"共鸣": 210, "连接": 96, "信任": 41, "共创": 12}),
    ),
    Line(Figure("depth", "有3位以上互相来往", 9, unit="%")),
    Line(Figure("mood", "情感", 12.5, 58, 3, 22, events=(10234, 10250)), None, None, Goal(50)),
]
ROOMS = (Light("1群"), Light("2群", left=2), Light("3群"))


def report(lines: list[Line] = LINES, **more: object) -> Report:
    plain = {"asked": WEEK, "name": "原野之味", "members": 486, "lights": ROOMS, "baseline": Month(2026, 9)}
    return Report(lines=lines, **{**plain, **more})  # type: ignore[arg-type]


def test_a_week_of_a_community() -> None:
    found = report()
    assert list(as_screen(found, wanted(found, {"投诉": 1, "待审": 3, "领养": 2}))) == [
        "原野之味 第48周 11-23 到 11-29｜3群 486人（去重）｜基线2026-09",
        "1群🟢 2群🟡（推广后退2人） 3群🟢",
        "月活 41.2%(37–45) ↑2 基线30% / 目标60｜人均互动 6.2 = 基线×4.1 / 目标×15",
        "共鸣 210 → 连接 96 → 信任 41 → 共创 12（人）｜情感 12.5(3–22) / 目标50",
        "退群 3 = 基线×2（推广后24小时2）",
        "LTV ¥1,180 / 目标×5",
        "不高兴的话：/为什么 10234、/为什么 10250",
        "请您定：①2群推广后退了2人，停一周推广？ ②投诉1（/投诉） ③待审3（/待审） ④领养2",
    ]


def test_of_many_rooms_those_are_named_that_want_a_look() -> None:
    many = [Light(f"{n}群", complaints=int(n == 7)) for n in range(1, 21)]
    assert list(as_screen(report(lights=many)))[1] == "7群🟡（投诉未结1） 其余19群🟢"


def test_one_room_and_other_days_are_named() -> None:
    found = report(asked=Asked(date(2026, 11, 1), date(2026, 11, 18), "会员1群"), baseline=None)
    assert next(as_screen(found)) == "原野之味 11-01 到 11-18｜会员1群 486人（去重）"


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "—"), (0.0, "0"), (41.2, "41.2"), (41.0, "41"), (1180.4, "1,180"), (-3.25, "-3.2")],
)
def test_numbers_are_short(value: float | None, words: str) -> None:
    assert number(value) == words


def test_what_is_missing_says_why_and_is_held_against_nothing() -> None:
    nothing = Line(Figure("nps", "NPS", None, why="还没有人答"), None, 20.0, Goal(89))
    assert shown(nothing.now) == "— 还没有人答"
    assert against(nothing) == " / 目标89"


def test_a_goal_that_is_met_is_marked_also_where_less_is_better() -> None:
    few = Line(Figure("silent", "沉默", 18, 40, unit="%"), goal=Goal(20, at_most=True))
    assert against(few) == " / 目标最多20 ✅"


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), max_size=6))
def test_any_figures_come_to_one_line_each_at_most(values: list[float]) -> None:
    lines = [Line(Figure(f"f{n}", f"数{n}", value)) for n, value in enumerate(values)]
    shown = [*as_screen(report(lines, lights=()))]
    assert len(shown) <= 1 + (len(values) + 3) // 4
    assert all("\n" not in line for line in shown)
