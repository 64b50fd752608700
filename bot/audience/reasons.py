"""Why somebody is in an audience, or is not: each condition, and what is so, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.audience.conditions import (
    GRADES,
    Active,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    InRoom,
    Leaf,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
    holds,
)

_ALONE = "关了个性化，不按这个挑"
_GROUPS = {
    (AllOf, True): "样样都要",
    (AnyOf, True): "有一样就行",
    (AllOf, False): "不能样样都是",
    (AnyOf, False): "一样也不能是",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition, whether it is met, and what is so; those ``depth`` deeper belong to the one above."""

    depth: int
    is_met: bool
    asked: str
    is_so: str = ""


def reasons(condition: Condition, facts: Facts, wanted: bool = True, depth: int = 0) -> Iterator[Reason]:
    """Every condition, also those that are not met."""
    match condition:
        case Not(part):
            yield from reasons(part, facts, not wanted, depth)
        case AllOf(parts) | AnyOf(parts):
            yield Reason(depth, holds(condition, facts, wanted), _GROUPS[type(condition), wanted])
            for part in parts:
                yield from reasons(part, facts, wanted, depth + 1)
        case _:
            asked = said(condition) if wanted else f"不是：{said(condition)}"
            yield Reason(depth, holds(condition, facts, wanted), asked, is_so(condition, facts))


def because(condition: Condition, facts: Facts, wanted: bool = True) -> list[str]:
    """What is so of somebody in it, in a few words; no more than it takes."""
    match condition:
        case Not(part):
            return because(part, facts, not wanted)
        case AllOf(parts) | AnyOf(parts):
            met = (part for part in parts if holds(part, facts, wanted))
            told = (it for part in met for it in because(part, facts, wanted))
            return list(dict.fromkeys(told))
    return [is_so(condition, facts)]


def said(leaf: Leaf) -> str:
    """The condition."""
    match leaf:
        case Tagged(key):
            return f"标签“{key}”"
        case Leveled(low, high, names):
            return f"等级{_range(names[low], names[high], low == 0, high == len(names) - 1, low == high)}"
        case Spends(low, high):
            return f"购物{_range(f'V{low}', f'V{high}', low == 0, high == GRADES, low == high)}"
        case Active(days, within):
            return f"{within}天里有{days}天说过话"
        case Silent(within):
            return f"{within}天没说话"
        case InRoom(keys):
            return f"在{'或'.join(sorted(keys))}"


def _range(low: str, high: str, is_first: bool, is_last: bool, is_one: bool) -> str:
    if is_one:
        return low
    return "不限" if is_first and is_last else f"{low}以上" if is_last else f"{high}以下"


def is_so(leaf: Leaf, facts: Facts) -> str:
    """What is so of somebody."""
    if isinstance(leaf, InRoom):
        return f"在{'、'.join(sorted(facts.rooms))}"
    if not facts.personal:
        return _ALONE
    match leaf:
        case Tagged(key):
            return f"{key}{facts.tags[key]:+.1f}" if key in facts.tags else f"没有“{key}”"
        case Leveled(names=names):
            return names[min(facts.level, len(names) - 1)]
        case Spends():
            return f"购物V{facts.grade}" if facts.grade else "没有购物级别"
        case Active(within=within):
            return f"{within}天里{facts.present(within)}天"
        case Silent(within):
            return _silence(facts, within)


def _silence(facts: Facts, within: int) -> str:
    if facts.days and facts.today - facts.days[-1] < within:
        return f"{_ago(facts.today - facts.days[-1])}说过话"
    came = facts.today - facts.came
    return f"{_ago(came)}才进群" if came < within else f"{within}天没说话"


def _ago(days: int) -> str:
    return f"{days}天前" if days > 0 else "今天"
