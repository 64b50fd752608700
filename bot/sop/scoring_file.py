"""``scoring.yaml``: what counts how much, and what the levels take; what it leaves out is usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.people.points import Dimension
from bot.scoring import rules
from bot.scoring.goals import Goals
from bot.scoring.rules import Per, Scoring
from bot.sop.goals_file import BaselineMonth, FigureGoals
from bot.sop.language import Duration, Id, Model, Name, TemplateOf, as_tuple
from bot.sop.problems import Finding, Mistake, closest

USUAL = Scoring()
LONGEST_BENEFIT = 12


@dataclass(frozen=True, slots=True)
class LevelWords:
    """What the words about a level may use. ``reasons``: what was reached, or what is missing;
    ``benefits``: what came with it."""

    name: str = "阿青"
    level: str = "共创者"
    before: str = "同行者"
    reasons: tuple[str, ...] = ("贡献分21.5（要20）", "60天里来过的天数8（要6）")
    falls_on: str = "1月1日"
    benefits: tuple[str, ...] = ("新品试吃",)


def _whole_days(span: timedelta) -> timedelta:
    if span < timedelta(days=1) or span % timedelta(days=1):
        raise Mistake("这里按整天算，例如 90d", "90d")
    return span


Days = Annotated[Duration, AfterValidator(_whole_days)]


def _one_word(name: str) -> str:
    if any(it.isspace() for it in name):
        raise Mistake("权益的名字里不能有空格：命令里它是一个词", name.replace(" ", ""))
    if len(name) > LONGEST_BENEFIT:
        raise Mistake(f"权益的名字最多 {LONGEST_BENEFIT} 个字")
    return name


def _thirty_days(span: timedelta) -> timedelta:
    if span < timedelta(days=30):
        raise Mistake("够不上以后，手里的权益至少还能用 30 天", "30d")
    return span


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
    benefits: Annotated[Days, AfterValidator(_thirty_days)] = timedelta(days=USUAL.descent.benefits)


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


class Benefit(Model):
    """What members may use, from a level or a purchase grade on; ``cost`` is in yuan, for one use."""

    id: Id
    name: Annotated[Name, AfterValidator(_one_word)]
    level: Name | None = None
    grade: Literal["V1", "V2", "V3"] | None = None
    times: Annotated[int, Field(ge=1, le=100)] = 1
    per: Per = "月"
    holds: Days | None = None
    cost: Annotated[float, Field(ge=0, le=100_000, strict=False)] = 0

    def rule(self, levels: Sequence[str]) -> rules.Benefit:
        return rules.Benefit(
            self.id,
            self.name,
            0 if self.level is None else levels.index(self.level),
            0 if self.grade is None else int(self.grade[1]),
            self.times,
            self.per,
            None if self.holds is None else self.holds.days,
            round(self.cost * 100),
        )


def _apart(benefits: tuple[Benefit, ...], info: ValidationInfo) -> tuple[Benefit, ...]:
    """Each has an id and a name of its own, and is for somebody."""
    found = []
    for n, it in enumerate(benefits):
        before = benefits[:n]
        if it.id in {other.id for other in before}:
            found.append(Finding((n, "id"), f"有两个权益的 id 都是“{it.id}”"))
        if it.name in {other.name for other in before}:
            found.append(Finding((n, "name"), f"有两个权益都叫“{it.name}”"))
        if it.level is None and it.grade is None:
            found.append(Finding((n,), f"“{it.name}”给谁？写 level（哪一级起）或 grade（V1、V2、V3）"))
    if "levels" in info.data:
        found += _unknown_levels(benefits, _level_names(info.data["levels"]))
    if found:
        raise Mistake("", findings=found)
    return benefits


def _unknown_levels(benefits: Sequence[Benefit], levels: Sequence[str]) -> Iterator[Finding]:
    for n, it in enumerate(benefits):
        if it.level is not None and it.level not in levels:
            yield Finding((n, "level"), f"没有“{it.level}”这一级", closest(it.level, levels))


def _level_names(levels: Sequence[Level] | None) -> list[str]:
    return [it.name for it in (USUAL.levels if levels is None else levels)]


def _shares(grades: tuple[float, ...]) -> tuple[float, ...]:
    if not 0 < grades[0] < grades[1] < grades[2] < 1:
        raise Mistake("三个数都在 0 和 1 之间，一个比一个大", "[0.4, 0.7, 0.9]")
    return grades


_Share = Annotated[float, Field(strict=False)]


class Purchase(Model):
    """Which share of buyers spent less than who has V1, V2, V3; with fewer ``buyers`` nobody has any."""

    grades: Annotated[tuple[_Share, _Share, _Share], BeforeValidator(as_tuple), AfterValidator(_shares)] = (
        USUAL.purchase.grades
    )
    buyers: Annotated[int, Field(ge=1, le=1_000_000)] = USUAL.purchase.buyers


class Money(Model):
    """What LTV and CAC go by: the usual margin, which costs win customers, and the discount a month."""

    margin: Annotated[float, Field(gt=0, le=1, strict=False)] | None = USUAL.money.margin
    acquisition: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), Field(min_length=1)] = (
        USUAL.money.acquisition
    )
    discount: Annotated[float, Field(ge=0, lt=1, strict=False)] = USUAL.money.discount

    def rule(self) -> rules.Money:
        return rules.Money(self.margin, self.acquisition, self.discount)


class Referral(Model):
    """What bringing somebody is worth, once they were there on so many ``days``; 0: nothing."""

    points: Annotated[float, Field(ge=0, le=100, strict=False)] = USUAL.referral.points
    days: Annotated[int, Field(ge=1, le=30)] = USUAL.referral.days


class ScoringFile(Model):
    """Points, levels, how fast they fade, and what comes with them; what the figures are held against."""

    half_life: Days = timedelta(days=USUAL.half_life)
    prompted: Annotated[float, Field(ge=0, le=1, strict=False)] = USUAL.prompted
    weights: Annotated[dict[str, Weight], AfterValidator(_known)] = Field({})
    rewards: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field({})
    levels: Annotated[tuple[Level, ...] | None, BeforeValidator(as_tuple), AfterValidator(_rising)] = None
    descent: Descent = Descent()
    said: Said = Said()
    benefits: Annotated[tuple[Benefit, ...], BeforeValidator(as_tuple), AfterValidator(_apart)] = ()
    purchase: Purchase = Purchase()
    money: Money = Money()
    baseline: BaselineMonth | None = None
    goals: FigureGoals = Field({})
    referral: Referral = Referral()

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
            rules.Descent(
                descent.below,
                descent.grace.days,
                descent.hold.days,
                descent.notice.days,
                descent.benefits.days,
            ),
            rules.Said(self.said.up, self.said.notice, self.said.down),
            tuple(it.rule(_level_names(self.levels)) for it in self.benefits),
            rules.Purchase(self.purchase.grades, self.purchase.buyers),
            money=self.money.rule(),
            goals=Goals(self.baseline, self.goals),
            referral=rules.Referral(self.referral.points, self.referral.days),
        )
