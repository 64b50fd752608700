"""Benefits: who may have which, for how long, and what a night does about them.

Pure. What a rule gave a member for a period is a lot; a step moves its balance or its last day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.scoring import days
from bot.scoring.rules import Benefit, Per, Scoring

BY_HAND = "hand:"
"""Begins the period of what staff gave; no rule takes that back."""


class Kind(StrEnum):
    GRANT = "grant"
    USE = "use"
    EXPIRE = "expire"
    REVERSE = "reverse"
    HOLD = "hold"
    """Its last day is another one."""


@dataclass(frozen=True, slots=True)
class Lot:
    """As it stands after its ``nth`` step; -1: it has had none. The days as in ``BenefitEntry``."""

    member_id: int
    rule: str
    period: str
    name: str
    ends: int | None
    until: int | None
    cost: int = 0
    nth: int = -1
    balance: int = 0

    @property
    def is_by_hand(self) -> bool:
        return self.period.startswith(BY_HAND)

    def is_over(self, today: int) -> bool:
        return self.until is not None and today > self.until

    def can_be_used(self, today: int) -> bool:
        return self.balance > 0 and not self.is_over(today)


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done to a lot."""

    lot: Lot
    kind: Kind
    amount: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody's benefits go by; ``present``: they are in a room, and none of our own people."""

    level: int = 0
    grade: int = 0
    present: bool = True

    def reaches(self, benefit: Benefit) -> bool:
        return self.present and self.level >= benefit.level and self.grade >= benefit.grade


def granted(benefit: Benefit, member_id: int, today: int, period: str) -> Lot:
    """A lot that nothing is in yet."""
    ends = today + benefit.holds if benefit.holds is not None else _last_day(benefit.per, today)
    return Lot(member_id, benefit.id, period, benefit.name, ends, ends, benefit.cost)


def due(member_id: int, claim: Claim, lots: Sequence[Lot], scoring: Scoring, today: int) -> Iterator[Step]:
    """What a night does: grant once a period, take what is over, let go slowly what is no longer theirs."""
    there = {(lot.rule, lot.period) for lot in lots}
    for benefit in scoring.benefits:
        period = period_of(benefit.per, today)
        if claim.reaches(benefit) and (benefit.id, period) not in there:
            lot = granted(benefit, member_id, today, period)
            yield Step(lot, Kind.GRANT, benefit.times, lot.until)
    theirs = {it.id for it in scoring.benefits if claim.reaches(it)}
    for lot in lots:
        if lot.balance and lot.is_over(today):
            yield Step(lot, Kind.EXPIRE, -lot.balance, lot.until)
        elif lot.balance and not lot.is_by_hand:
            until = _until(lot, scoring, today, is_theirs=lot.rule in theirs)
            if until != lot.until:
                yield Step(lot, Kind.HOLD, 0, until)


def _until(lot: Lot, scoring: Scoring, today: int, *, is_theirs: bool) -> int | None:
    """The last day by tonight: who may have it again loses nothing, who may not has the days of grace."""
    if is_theirs:
        return None if lot.ends is None else max(lot.ends, lot.until or 0)
    return today + scoring.descent.benefits if lot.until == lot.ends else lot.until


@lru_cache(maxsize=64)  # everybody's is the same
def period_of(per: Per, today: int) -> str:
    on = days.day_of(today)
    match per:
        case "月":
            return f"{on:%Y-%m}"
        case "季":
            return f"{on.year}Q{_quarter(on)}"
        case "年":
            return str(on.year)
        case "一次":
            return "once"


def _quarter(on: date) -> int:
    return (on.month + 2) // 3


def _last_day(per: Per, today: int) -> int | None:
    if per == "一次":
        return None
    on = days.day_of(today)
    month = {"月": on.month, "季": _quarter(on) * 3, "年": 12}[per]
    following = date(on.year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1) - days.EPOCH).days
