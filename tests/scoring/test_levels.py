from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.contribution import Score
from bot.scoring.days import EPOCH
from bot.scoring.levels import Facts, Standing, Turn, is_review, missing, next_review, reached, review
from bot.scoring.rules import Scoring

SCORING = Scoring()
TODAY = (date(2026, 11, 26) - EPOCH).days
DAILY = tuple(range(TODAY - 150, TODAY + 1))


def facts(total: float, days: Sequence[int] = DAILY, made: int = 3, thanked_by: int = 9) -> Facts:
    """Somebody with so many points, in four dimensions, who made things and was thanked."""
    quarter = total / 4
    points = Score({"参与": quarter, "创作": quarter, "互助": quarter, "共建": quarter})
    return Facts(points, days, made, thanked_by, thanked_days=9)


@pytest.mark.parametrize(("total", "level"), [(0, 0), (4.9, 0), (5, 1), (19, 1), (20, 2), (60, 3), (1000, 3)])
def test_each_level_has_its_score_and_the_highest_is_a_humans_to_give(total: float, level: int) -> None:
    assert reached(SCORING, facts(total), TODAY) == level


def test_points_alone_are_not_enough() -> None:
    assert reached(SCORING, facts(100, days=[TODAY]), TODAY) == 0
    assert reached(SCORING, facts(100, made=0), TODAY) == 1
    assert reached(SCORING, facts(100, thanked_by=4), TODAY) == 2
    assert reached(SCORING, replace(facts(100), questionnaire_open=True), TODAY) == 0


def test_days_long_ago_are_no_presence() -> None:
    assert reached(SCORING, facts(10, days=range(TODAY - 200, TODAY - 40)), TODAY) == 0


def test_what_is_missing_is_said_with_what_is_there() -> None:
    gaps = missing(SCORING.levels[2], facts(12.5, made=0), TODAY)
    assert [(gap.what, gap.needed, gap.have) for gap in gaps] == [
        ("贡献分", 20, 12.5),
        ("通过的作品、被感谢的回答", 1, 0),
    ]


def test_who_has_it_all_rises_at_once_even_by_several() -> None:
    after, turn = review(Standing(since=TODAY - 3), SCORING, facts(70), TODAY)
    assert (after.level, after.since, turn) == (3, TODAY, Turn.UP)


def fade(before: Standing, total: float, days: int, start: int = TODAY) -> list[tuple[int, Turn]]:
    """What happens to somebody whose score is ``total`` for so many days."""
    turns = []
    for day in range(start, start + days):
        before, turn = review(before, SCORING, facts(total, days=[]), day)
        if turn is not None:
            turns.append((day, turn))
    return turns


def test_who_fades_is_told_two_weeks_before_and_falls_one_level_at_a_months_first_day() -> None:
    turns = fade(Standing(level=3, since=TODAY - 200), total=10, days=120)
    assert [turn for _, turn in turns] == [Turn.NOTICE, Turn.DOWN, Turn.NOTICE, Turn.DOWN]
    (told, _), (fell, _), (again, _), (then, _) = turns
    assert fell - told >= 14
    assert is_review(fell)
    assert is_review(then)
    assert then - fell >= 30
    assert then - again >= 14


def test_nobody_falls_within_90_days_of_a_promotion() -> None:
    turns = fade(Standing(level=2, since=TODAY), total=0, days=150)
    assert [day - TODAY >= 90 for day, turn in turns if turn is Turn.DOWN] == [True]


def test_who_recovers_in_time_keeps_the_level_and_hears_nothing_more() -> None:
    low = Standing(level=2, since=TODAY - 200, low_since=TODAY - 40, notice=TODAY - 10)
    after, turn = review(low, SCORING, facts(16, days=[]), TODAY)
    assert (after, turn) == (Standing(level=2, since=TODAY - 200), None)


def test_the_first_level_that_was_earned_stays() -> None:
    assert fade(Standing(level=1, since=TODAY - 500), total=0, days=200) == []


def test_what_a_human_gave_only_a_human_takes() -> None:
    assert fade(Standing(level=4, since=TODAY - 500), total=0, days=200) == []


def test_on_leave_nobody_falls() -> None:
    assert fade(Standing(level=3, since=TODAY - 500, away=True), total=0, days=200) == []


def test_a_lock_stops_both_ways_until_its_day_is_over() -> None:
    locked = Standing(level=2, since=TODAY - 500, locked=TODAY + 5)
    assert review(locked, SCORING, facts(100), TODAY + 5) == (locked, None)
    assert review(locked, SCORING, facts(100), TODAY + 6)[1] is Turn.UP


@pytest.mark.parametrize(("day", "first"), [("2026-11-26", "2026-12-01"), ("2026-12-01", "2026-12-01")])
def test_reviews_are_on_the_first_of_a_month(day: str, first: str) -> None:
    assert next_review((date.fromisoformat(day) - EPOCH).days) == (date.fromisoformat(first) - EPOCH).days


@given(st.lists(st.floats(0, 100), min_size=1, max_size=400), st.integers(0, 3))
def test_whatever_the_score_does_falls_are_rare_announced_and_by_one(totals: list[float], level: int) -> None:
    standing, promoted, told = Standing(level=level, since=TODAY), TODAY, None
    for day, total in enumerate(totals, TODAY):
        before = standing
        standing, turn = review(before, SCORING, facts(total), day)
        match turn:
            case Turn.UP:
                promoted, told = day, None
            case Turn.NOTICE:
                told = day
            case Turn.DOWN:
                assert told is not None
                assert day - told >= 14
                assert day - promoted >= 90
                assert before.level - standing.level == 1
                assert is_review(day)
                told = None
