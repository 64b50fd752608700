"""All figures of a period together, and the period before to hold them against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.scoring.kpi import (
    answering,
    being_there,
    boundary,
    buying,
    feeling,
    giving,
    making,
    money,
    predicting,
    questionnaires,
    recommending,
    staying,
    waking,
    word_of_mouth,
)
from bot.scoring.kpi.boundary import IsQuiet
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.period import Period


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, and what it was in the period of the same length before."""

    now: Figure
    before: Figure | None


def lines(period: Period, is_quiet: IsQuiet) -> list[Line]:
    length = period.last - period.first + 1
    earlier = replace(period, first=period.first - length, last=period.first - 1)
    before = {it.id: it for it in figures(earlier, is_quiet)}
    return [Line(it, before.get(it.id)) for it in figures(period, is_quiet)]


def figures(period: Period, is_quiet: IsQuiet) -> Sequence[Figure]:
    return [
        *being_there.figures(period),
        *feeling.figures(period),
        *waking.figures(period),
        *questionnaires.figures(period),
        *staying.figures(period),
        *making.figures(period),
        *answering.figures(period),
        *recommending.figures(period),
        *buying.figures(period),
        *word_of_mouth.figures(period),
        *money.figures(period),
        *predicting.figures(period),
        *giving.figures(period),
        *boundary.figures(period, is_quiet),
    ]
