"""Conditions, and whether somebody meets them, as far as they let us tell them from others.

Who closed personalisation is judged by where they are alone: of a trait they neither have it nor lack it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

GRADES = 3
"""Purchase grades, V1 to V3; 0: none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions go by, of somebody who is in a room now. Days are numbers since 1970.

    ``days``: those on which they did something in a room. ``came``: into the last of their rooms.
    """

    today: int
    rooms: frozenset[str] = frozenset()
    came: int = 0
    personal: bool = True
    tags: Mapping[str, float] = field(default_factory=dict)
    level: int = 0
    grade: int = 0
    days: Sequence[int] = ()

    def present(self, within: int) -> int:
        """On how many of the last ``within`` days they did something."""
        return sum(1 for day in self.days if self.today - within < day <= self.today)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Has the tag: some source says so that is in force."""

    key: str

    def is_met(self, facts: Facts) -> bool:
        return facts.tags.get(self.key, 0) > 0


@dataclass(frozen=True, slots=True)
class Leveled:
    """Stands between two levels, both counted; ``names`` are those of all levels."""

    low: int
    high: int
    names: tuple[str, ...]

    def is_met(self, facts: Facts) -> bool:
        return self.low <= min(facts.level, len(self.names) - 1) <= self.high


@dataclass(frozen=True, slots=True)
class Spends:
    """Has a purchase grade between two, both counted."""

    low: int
    high: int

    def is_met(self, facts: Facts) -> bool:
        return self.low <= facts.grade <= self.high


@dataclass(frozen=True, slots=True)
class Active:
    """Did something in a room on ``days`` of the last ``within`` days."""

    days: int
    within: int

    def is_met(self, facts: Facts) -> bool:
        return facts.present(self.within) >= self.days


@dataclass(frozen=True, slots=True)
class Silent:
    """Did nothing in any room for so many days, and came into none of theirs meanwhile."""

    within: int

    def is_met(self, facts: Facts) -> bool:
        return facts.came <= facts.today - self.within and facts.present(self.within) == 0


@dataclass(frozen=True, slots=True)
class InRoom:
    """Is in one of these rooms."""

    keys: frozenset[str]

    def is_met(self, facts: Facts) -> bool:
        return not self.keys.isdisjoint(facts.rooms)


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Trait = Tagged | Leveled | Spends | Active | Silent
"""What tells people apart by what they do, say and buy."""
Leaf = Trait | InRoom
Condition = Leaf | AllOf | AnyOf | Not


def holds(condition: Condition, facts: Facts, wanted: bool = True) -> bool:
    """Whether it is so; or not ``wanted``, whether it is certain not to be so."""
    match condition:
        case Not(part):
            return holds(part, facts, not wanted)
        case AllOf(parts) | AnyOf(parts):
            each = (holds(part, facts, wanted) for part in parts)
            return all(each) if takes_all(condition, wanted) else any(each)
        case InRoom():
            return condition.is_met(facts) is wanted
        case _:
            return facts.personal and condition.is_met(facts) is wanted


def takes_all(condition: AllOf | AnyOf, wanted: bool) -> bool:
    """Whether each part has to be as it is ``wanted``, or one is enough."""
    return isinstance(condition, AllOf) is wanted


def leaves(condition: Condition) -> Iterator[Leaf]:
    match condition:
        case Not(part):
            yield from leaves(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield condition


def goes_by_traits(condition: Condition) -> bool:
    return any(not isinstance(leaf, InRoom) for leaf in leaves(condition))


def longest(condition: Condition) -> int:
    """How many days back anybody looks."""
    return max((leaf.within for leaf in leaves(condition) if isinstance(leaf, Active | Silent)), default=0)
