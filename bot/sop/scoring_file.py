"""``scoring.yaml``: what counts how much, and what the levels take; what it leaves out is usual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.people.points import Dimension
from bot.scoring import rules
from bot.scoring.rules import Scoring
from bot.sop.language import Duration, Model, Name, TemplateOf, as_tuple
from bot.sop.problems import Finding, Mistake, closest

USUAL = Scoring()


@dataclass(frozen=True, slots=True)
class LevelWords:
    """What the words about a level may use. ``reasons``: what was reached, or what is missing."""

    name: str = "阿青"
    level: str = "共创者"
    before: str = "同行者"
    reasons: tuple[str, ...] = ("贡献分21.5（要20）", "60天里来过的天数8（要6）")
    falls_on: str = "1月1日"


def _whole_days(span: timedelta) -> timedelta:
    if span < timedelta(days=1) or span % timedelta(days=1):
        raise Mistake("这里按整天算，例如 90d", "90d")
    return span


Days = Annotated[Duration, AfterValidator(_whole_days)]


class Weight(Model):
    """Points for each of the first ``a_day`` of a day, and which of the five dimensions they belong to."""

    points: Annotated[float, Field(ge=0, le=100, strict=False)]
    a_day: Annotated[int, Field(ge=1, le=100)] = 1
    dimension: Dimension


class Presence(Model):
    """Different days with an interaction, among the last ``within``."""

    days: Annotated[int, Field(ge=1, le=366)]
    within: Days


class Endorsed(Model):
    """Thanked by so many members, on so many days."""

    by: Annotated[int, Field(ge=1, le=100)]
    days: Annotated[int, Field(ge=1, le=100)]


class Level(Model):
    """A level and all that it takes; ``human``: only a human gives it."""

    name: Name
    score: Annotated[float, Field(ge=0, strict=False)] = 0
    present: Presence | None = None
    dimensions: Annotated[int, Field(ge=0, le=len(get_args(Dimension)))] = 0
    made: Annotated[int, Field(ge=0, le=100)] = 0
    endorsed: Endorsed | None = None
    questionnaire: bool = False
    human: bool = False

    def rule(self) -> rules.Level:
        present, endorsed = self.present, self.endorsed
        return rules.Level(
            self.name,
            self.score,
            None if present is None else rules.Presence(present.days, present.within.days),
            self.dimensions,
            self.made,
            None if endorsed is None else rules.Endorsed(endorsed.by, endorsed.days),
            self.questionnaire,
            self.human,
        )


class Descent(Model):
    """How slowly a level is lost."""

    below: Annotated[float, Field(gt=0, le=1, strict=False)] = USUAL.descent.below
    grace: Days = timedelta(days=USUAL.descent.grace)
    hold: Days = timedelta(days=USUAL.descent.hold)
    notice: Days = timedelta(days=USUAL.descent.notice)


_Template = Annotated[str, TemplateOf(LevelWords)]


class Said(Model):
    """How members hear of their level."""

    up: Annotated[_Template, Field(validate_default=True)] = USUAL.said.up
    notice: Annotated[_Template, Field(validate_default=True)] = USUAL.said.notice
    down: Annotated[_Template, Field(validate_default=True)] = USUAL.said.down


def _known(weights: dict[str, Weight], info: ValidationInfo) -> dict[str, Weight]:
    """Only what the log may hold can count."""
    names = None if info.context is None else info.context.interactions
    unknown = [
        Finding((name,), f"没有“{name}”这种记录", closest(name, names), key=True)
        for name in weights
        if names is not None and name not in names
    ]
    if unknown:
        raise Mistake("", findings=unknown)
    return weights


def _rising(levels: tuple[Level, ...] | None) -> tuple[Level, ...] | None:
    if levels is None:
        return None
    if len(levels) < 2:
        raise Mistake("至少要有两级")
    falls = [
        Finding((n, "score"), f"“{level.name}”要的分不能比前一级少", f"{before.score:g}")
        for n, (before, level) in enumerate(pairwise(levels), 1)
        if level.score < before.score
    ]
    if levels[0].score:
        falls.insert(0, Finding((0, "score"), "第一级是大家一来就有的，不能要分", "0"))
    if falls:
        raise Mistake("", findings=falls)
    return levels


class ScoringFile(Model):
    """Points, levels, and how fast they fade."""

    half_life: Days = timedelta(days=USUAL.half_life)
    prompted: Annotated[float, Field(ge=0, le=1, strict=False)] = USUAL.prompted
    weights: Annotated[dict[str, Weight], AfterValidator(_known)] = Field({})
    rewards: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field({})
    levels: Annotated[tuple[Level, ...] | None, BeforeValidator(as_tuple), AfterValidator(_rising)] = None
    descent: Descent = Descent()
    said: Said = Said()

    def rules(self) -> Scoring:
        """The same as data."""
        weights = {name: rules.Weight(it.points, it.a_day, it.dimension) for name, it in self.weights.items()}
        descent = self.descent
        return Scoring(
            self.half_life.days,
            self.prompted,
            {**USUAL.weights, **weights},
            {**USUAL.rewards, **self.rewards},
            USUAL.levels if self.levels is None else tuple(level.rule() for level in self.levels),
            rules.Descent(descent.below, descent.grace.days, descent.hold.days, descent.notice.days),
            rules.Said(self.said.up, self.said.notice, self.said.down),
        )
