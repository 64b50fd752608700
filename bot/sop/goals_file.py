"""How ``scoring.yaml`` writes the baseline month and the goals.

baseline: 2026-09
goals: {月活: 60, 人均互动: ×15, LTV: +400%, 沉默: 最多20}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from bot.scoring.goals import Goal, Month
from bot.scoring.kpi.names import NAMES
from bot.sop.problems import Finding, Mistake, closest, shown

_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_TIMES = re.compile(r"[×x*](\d+(?:\.\d+)?)")
_MORE = re.compile(r"\+(\d+(?:\.\d+)?)%")
_AT_MOST = re.compile(r"(?:最多|不超过|<=|≤)(.+)")
_PLAIN = re.compile(r"(-?\d+(?:\.\d+)?)%?")
_EXAMPLES = [60, "×15", "+400%", "最多20"]


def _month(value: object) -> Month:
    if isinstance(value, Month):
        return value
    found = _MONTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[2]) <= 12:
        raise Mistake(f"这里要写哪一年哪一月，写成了{shown(value)}", "2026-09")
    return Month(int(found[1]), int(found[2]))


def _goal(value: object) -> Goal:
    if isinstance(value, Goal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Mistake(f"目标写一个数，写成了{shown(value)}", "60")
    words = unicodedata.normalize("NFKC", str(value)).replace(" ", "")
    at_most = _AT_MOST.fullmatch(words)
    return _read(words if at_most is None else at_most[1], str(value), at_most=at_most is not None)


def _read(words: str, written: str, *, at_most: bool) -> Goal:
    """``words`` are as ``written``, in narrow letters and without what says that it is the most."""
    if times := _TIMES.fullmatch(words):
        return Goal(times=float(times[1]), at_most=at_most)
    if more := _MORE.fullmatch(words):
        return Goal(times=1 + float(more[1]) / 100, at_most=at_most)
    if plain := _PLAIN.fullmatch(words):
        return Goal(float(plain[1]), at_most=at_most)
    raise Mistake(f"看不懂目标“{written}”：写一个数、是基线的几倍（×15）或者最多多少（最多20）", "60")


def write_goal(goal: Goal) -> str:
    """As it may stand in the file."""
    words = f"{goal.value:g}" if goal.times is None else f"×{goal.times:g}"
    return f"最多{words}" if goal.at_most else words


def _by_id(goals: dict[str, Goal]) -> dict[str, Goal]:
    """Figures by their ids; operators write their names."""
    ids = {name: id for id, name in NAMES.items()} | {id: id for id in NAMES}
    unknown = [
        Finding((name,), f"没有“{name}”这个数字", closest(name, [*NAMES.values(), *NAMES]), key=True)
        for name in goals
        if name not in ids
    ]
    twice = [
        Finding((name,), f"“{name}”写了两次", "只留一处", key=True)
        for name in _repeated({name: ids[name] for name in goals if name in ids})
    ]
    if unknown or twice:
        raise Mistake("", findings=[*unknown, *twice])
    return {ids[name]: goal for name, goal in goals.items()}


def _repeated(ids: Mapping[str, str]) -> list[str]:
    first = {id: name for name, id in reversed([*ids.items()])}
    return [name for name, id in ids.items() if first[id] != name]


BaselineMonth = Annotated[
    Month,
    PlainValidator(_month),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2026-09"]}),
]
_Goal = Annotated[
    Goal,
    PlainValidator(_goal),
    PlainSerializer(write_goal, return_type=str, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": _EXAMPLES}),
]
FigureGoals = Annotated[dict[str, _Goal], AfterValidator(_by_id)]
