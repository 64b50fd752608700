"""Levels: what is missing to the next one, when one is gained, and how one is lost, slowly and announced.

Pure: a day's facts and what stood before give what stands now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from bot.scoring.contribution import Score
from bot.scoring.rules import Level, Scoring

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What levels go by, of one person on one day."""

    score: Score
    days: Sequence[int]
    """The days with an interaction, as numbers since 1970, ascending."""
    made: int = 0
    thanked_by: int = 0
    thanked_days: int = 0
    questionnaire_open: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands. Days are numbers since 1970; None: not so.

    ``low_since``: the score has been too low for the level since then. ``notice``: they were told then.
    ``locked``: a human set the level, until that day (inclusive). ``away``: they asked for leave.
    """

    level: int = 0
    since: int = 0
    low_since: int | None = None
    notice: int | None = None
    locked: int | None = None
    away: bool = False


class Turn(Enum):
    """What a day brings."""

    UP = "up"
    DOWN = "down"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Gap:
    """What a level takes and somebody has."""

    what: str
    needed: float
    have: float

    @property
    def said(self) -> str:
        """As people are told it: ``贡献分12.3（要20）``."""
        return f"{self.what}{_plain(self.have)}（要{_plain(self.needed)}）"

    @property
    def is_closed(self) -> bool:
        return self.have >= self.needed


def _plain(number: float) -> str:
    """Rounded down, so that nobody is told to have what they have not."""
    return f"{int(number * 10) / 10:g}"


def gates(level: Level, facts: Facts, today: int) -> Iterator[Gap]:
    """All that a level takes, with what there is of it."""
    if level.score:
        yield Gap("贡献分", level.score, facts.score.total)
    if (present := level.present) is not None:
        here = sum(1 for day in facts.days if today - present.within < day <= today)
        yield Gap(f"{present.within}天里来过的天数", present.days, here)
    if level.dimensions:
        there = sum(1 for points in facts.score.by_dimension.values() if points >= 1)
        yield Gap("有贡献的类别", level.dimensions, there)
    if level.made:
        yield Gap("通过的作品、被感谢的回答", level.made, facts.made)
    if (endorsed := level.endorsed) is not None:
        yield Gap("感谢过您的会员", endorsed.by, facts.thanked_by)
        yield Gap("收到感谢的天数", endorsed.days, facts.thanked_days)
    if level.questionnaire:
        yield Gap("入群问卷办完", 1, 0 if facts.questionnaire_open else 1)
    if level.human:
        yield Gap("提名、培训和同事确认", 1, 0)


def missing(level: Level, facts: Facts, today: int) -> list[Gap]:
    return [gap for gap in gates(level, facts, today) if not gap.is_closed]


def reached(scoring: Scoring, facts: Facts, today: int) -> int:
    """The highest level all of whose gates, and of those below it, are open."""
    top = 0
    for number, level in enumerate(scoring.levels):
        if not all(gap.is_closed for gap in gates(level, facts, today)):
            break
        top = number
    return top


def review(before: Standing, scoring: Scoring, facts: Facts, today: int) -> tuple[Standing, Turn | None]:
    """What stands after ``today``, and what it brought. Asked once a day."""
    if before.level >= len(scoring.levels):  # there are fewer by now
        before = replace(before, level=len(scoring.levels) - 1)
    if before.locked is not None and today <= before.locked:
        return before, None
    best = reached(scoring, facts, today)
    if best > before.level:
        return replace(before, level=best, since=today, low_since=None, notice=None), Turn.UP
    low_enough = scoring.descent.below * scoring.levels[before.level].score
    if before.away or not _may_fall(before.level, scoring) or facts.score.total >= low_enough:
        is_plain = before.low_since is None and before.notice is None
        return before if is_plain else replace(before, low_since=None, notice=None), None
    low = replace(before, low_since=today if before.low_since is None else before.low_since)
    return _fall(low, scoring, today)


def _may_fall(level: int, scoring: Scoring) -> bool:
    """The first level that was earned stays, and so does what a human gave."""
    return level > 1 and not scoring.levels[level].human


def _fall(low: Standing, scoring: Scoring, today: int) -> tuple[Standing, Turn | None]:
    descent = scoring.descent
    if low.notice is None:
        falls_on = next_review(today + descent.notice)
        return (replace(low, notice=today), Turn.NOTICE) if _is_due(low, scoring, falls_on) else (low, None)
    if today - low.notice < descent.notice or not is_review(today) or not _is_due(low, scoring, today):
        return low, None
    return replace(low, level=low.level - 1, low_since=None, notice=None), Turn.DOWN


def _is_due(low: Standing, scoring: Scoring, day: int) -> bool:
    """Whether the level is lost on ``day`` if the score stays as low."""
    assert low.low_since is not None, "only what is low falls"
    return day - low.low_since >= scoring.descent.grace and day - low.since >= scoring.descent.hold


def is_review(day: int) -> bool:
    """Levels are lost at a month's first day alone."""
    return (EPOCH + timedelta(days=day)).day == 1


def next_review(day: int) -> int:
    """The first such day from ``day`` on."""
    at = EPOCH + timedelta(days=day)
    first = at if at.day == 1 else (at.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (first - EPOCH).days
