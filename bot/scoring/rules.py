"""What counts how much: weights, decay, levels. Data alone; ``sops/scoring.yaml`` may say otherwise.

The numbers are start values, tried on a made-up community of 2,000 people; a community that has a record of
its own should set them by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from bot.people.points import Dimension
from bot.scoring.goals import Goals

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True)
class Weight:
    """Points for each of the first ``a_day`` of one name on one local day."""

    points: float
    a_day: int
    dimension: Dimension


@dataclass(frozen=True, slots=True)
class Presence:
    """Different days with an interaction, among the last ``within``."""

    days: int
    within: int


@dataclass(frozen=True, slots=True)
class Endorsed:
    """Thanked by so many different members, on so many different days."""

    by: int
    days: int


@dataclass(frozen=True, slots=True)
class Level:
    """A level and all that it takes. ``human``: nobody comes to it, or leaves it, but by a human's word."""

    name: str
    score: float = 0
    present: Presence | None = None
    dimensions: int = 0
    """Dimensions with a point at least."""
    made: int = 0
    """Approved works and thanked answers."""
    endorsed: Endorsed | None = None
    questionnaire: bool = False
    """Not while a questionnaire of theirs waits for a human, or was declined."""
    human: bool = False


@dataclass(frozen=True, slots=True)
class Descent:
    """When a level is lost: the score was under ``below`` × the level's for ``grace`` days in a row, ``hold``
    days are over since the last promotion and ``notice`` since it was announced, on a month's first day."""

    below: float = 0.8
    grace: int = 30
    hold: int = 90
    notice: int = 14
    benefits: int = 30
    """For so long what is in hand still holds once somebody may no longer have it."""


Per = Literal["月", "季", "年", "一次"]


@dataclass(frozen=True, slots=True)
class Benefit:
    """What members of a level on, or of a purchase grade on, may use ``times`` in each period.

    ``holds``: for so many days from the grant; None: to the end of its period, once for all without end.
    ``cost``: what one use costs us, in cents.
    """

    id: str
    name: str
    level: int = 0
    grade: int = 0
    times: int = 1
    per: Per = "月"
    holds: int | None = None
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """A buyer has grade V1, V2 or V3 if at least this share of all buyers spent less in twelve months; with
    fewer than so many ``buyers`` nobody has any."""

    grades: tuple[float, float, float] = (0.4, 0.7, 0.9)
    buyers: int = 20


@dataclass(frozen=True, slots=True)
class Money:
    """``margin``: the share of what was paid that is ours where an order does not tell its margin; None: as
    with those that do. ``acquisition``: the costs that win customers, by category; ``discount``: what money
    is worth less each month that it is waited for."""

    margin: float | None = None
    acquisition: tuple[str, ...] = ("广告", "代理", "获客内容", "样品", "推荐奖励", "KOC")
    discount: float = 0.008


@dataclass(frozen=True, slots=True)
class Referral:
    """What who brought somebody is given once that one was there on so many ``days``."""

    points: float = 8
    days: int = 3


@dataclass(frozen=True, slots=True)
class Said:
    """The templates by which members hear of their level."""

    up: str = "level_up.j2"
    notice: str = "level_notice.j2"
    down: str = "level_down.j2"


def _weights() -> Mapping[str, Weight]:
    return {
        "message_posted": Weight(1, 3, "参与"),
        "link_shared": Weight(1, 3, "传播"),
    }


def _caps() -> Mapping[str, int]:
    return {
        "question_asked": 2,
        "answer_given": 4,
        "answer_thanked": 3,
        "window_contributed": 1,
        "ugc_submitted": 2,
        "ugc_approved": 2,
        "referral_activated": 2,
    }


def _levels() -> tuple[Level, ...]:
    return (
        Level("新朋友"),
        Level("同行者", 5, Presence(2, 30), questionnaire=True),
        Level("共创者", 20, Presence(6, 60), dimensions=2, made=1),
        Level("美食大使", 60, Presence(15, 90), dimensions=3, endorsed=Endorsed(5, 7)),
        Level("生活导师", 150, Presence(30, 120), human=True),
    )


@dataclass(frozen=True, slots=True)
class Scoring:
    """``weights`` are for what the log names, ``rewards`` caps a day for what SOPs give points for."""

    half_life: int = 90
    """Days after which an interaction counts for half."""
    prompted: float = 0.7
    """What an interaction counts for that was asked for."""
    weights: Mapping[str, Weight] = field(default_factory=_weights)
    rewards: Mapping[str, int] = field(default_factory=_caps)
    levels: tuple[Level, ...] = field(default_factory=_levels)
    descent: Descent = Descent()
    said: Said = Said()
    benefits: tuple[Benefit, ...] = ()
    purchase: Purchase = Purchase()
    money: Money = Money()
    goals: Goals = field(default_factory=Goals)
    graded: bool = False
    """Something else than benefits goes by what members spend."""
    referral: Referral = Referral()

    @property
    def has_grades(self) -> bool:
        """Whether anything goes by what members spend."""
        return self.graded or any(it.grade for it in self.benefits)

    def level(self, number: int) -> Level:
        """The level of this number; the highest where there are fewer by now."""
        return self.levels[min(number, len(self.levels) - 1)]

    def decay(self, age: int) -> float:
        """What is left of a point after ``age`` days; nothing that is yet to come counts for more."""
        return float(2 ** (-max(age, 0) / self.half_life))
