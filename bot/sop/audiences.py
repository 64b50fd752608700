"""``audiences.yaml``: names for those who are meant, put together from what is known of members.

爱做饭的: {tag: 烹饪热情}
要多关心的: {level: 同行者 以上, silent: 30d}      # both
想多聊的: {any: [爱做饭的, {tag: 有机认同}], not: {tag: 办公室}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    RootModel,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from bot.audience.conditions import (
    GRADES,
    Active,
    AllOf,
    AnyOf,
    Condition,
    InRoom,
    Leveled,
    Not,
    Silent,
    Spends,
    Tagged,
    leaves,
)
from bot.errors import BotError
from bot.sop import yaml_reader
from bot.sop.language import Model, Name, RoomNames, as_tuple
from bot.sop.problems import Finding, Loc, Mistake, Problem, closest, did_you_mean
from bot.sop.problems import shown as shown_value
from bot.sop.schedule import parse_duration
from bot.sop.validation import located, validate
from bot.sop.yaml_reader import Document

LONGEST_NAME = 20
MOST_DAYS = 366
_AS_ON_A_PHONE = str.maketrans({"：": ": ", "，": ", ", "｛": "{", "｝": "}"})
_EXAMPLE = "{tag: 烹饪热情}"
_BOUNDED = re.compile(r"(.+?)\s*(以上|以下)?")
_GRADE = re.compile(r"[Vv]([1-3])\s*(以上|以下)?")
_TIMES = re.compile(r"(\d{1,3})\s*天\s*/\s*(.+)")


@dataclass(frozen=True, slots=True)
class Known:
    """What conditions may name: rooms and sets of rooms, and the levels; None where they are not known."""

    rooms: Mapping[str, tuple[str, ...]] | None
    levels: tuple[str, ...] | None


def _text(value: object, example: str) -> str:
    if isinstance(value, str):
        return value.strip()
    raise Mistake(f"这里要写成“{example}”这样的文字，写成了{shown_value(value)}", example)


def _level(value: object, info: ValidationInfo) -> Leveled:
    match = _BOUNDED.fullmatch(_text(value, "同行者 以上"))
    name, bound = ("", None) if match is None else match.groups()
    levels = None if info.context is None else info.context.levels
    if levels is None:
        raise Mistake("scoring.yaml 有错，先改好它，这里才认得等级")
    if name not in levels:
        meant = closest(name, levels)
        raise Mistake(
            f"scoring.yaml 里没有“{name}”这一级", f"{meant} {bound or ''}".rstrip() if meant else ""
        )
    return Leveled(*_between(levels.index(name), bound, len(levels) - 1), levels)


def _between(at: int, bound: str | None, most: int) -> tuple[int, int]:
    return 0 if bound == "以下" else at, most if bound == "以上" else at


def _spend(value: object) -> Spends:
    match = _GRADE.fullmatch(_text(value, "V2 以上"))
    if match is None:
        raise Mistake("这里写购物级别：V1、V2 或 V3，后面可以加“以上”“以下”", "V2 以上")
    return Spends(*_between(int(match[1]), match[2], GRADES))


def _active(value: object) -> Active:
    """``3天/30d``: on three of thirty days; ``30d``: on one of them."""
    text = _text(value, "3天/30d")
    match = _TIMES.fullmatch(text)
    times, span = (1, text) if match is None else (int(match[1]), match[2])
    within = _days(span, "3天/30d")
    if not 1 <= times <= within:
        raise Mistake(f"{within}天里来过{times}天，谁也做不到", f"3天/{within}d")
    return Active(times, within)


def _silent(value: object) -> Silent:
    return Silent(_days(_text(value, "30d"), "30d"))


def _days(span: str, example: str) -> int:
    length = parse_duration(span)
    if length % timedelta(days=1) or not 1 <= length.days <= MOST_DAYS:
        raise Mistake(f"这里按整天算，最多 {MOST_DAYS} 天", example)
    return length.days


def _by_name(value: object) -> object:
    """Another audience may stand for a condition."""
    if isinstance(value, list):
        raise Mistake("几个条件一起写，要说明是都要还是有一个就行", "{all: […]} 或 {any: […]}")
    return {"audience": value} if isinstance(value, str) else value


def _as_text(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [example]})


Part = Annotated["Clause", BeforeValidator(_by_name)]
Parts = Annotated[tuple[Part, ...], BeforeValidator(as_tuple), Field(min_length=1)]


class Clause(Model):
    """What has to be so, all of it; ``audience``: the name of another."""

    tag: Name | None = None
    level: Annotated[Leveled, PlainValidator(_level), _as_text("同行者 以上")] | None = None
    spend: Annotated[Spends, PlainValidator(_spend), _as_text("V2 以上")] | None = None
    active: Annotated[Active, PlainValidator(_active), _as_text("3天/30d")] | None = None
    silent: Annotated[Silent, PlainValidator(_silent), _as_text("30d")] | None = None
    room: RoomNames | None = None
    audience: Name | None = None
    all: Parts | None = None
    any: Parts | None = None
    without: Annotated[Part | None, Field(alias="not")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Clause:
        if not self.model_fields_set:
            raise Mistake("这里要写条件", _EXAMPLE)
        return self

    def condition(self, others: Mapping[str, Condition]) -> Condition:
        """The same as data; ``others`` are the audiences that it may name."""
        parts: list[Condition] = [
            it for it in (self.level, self.spend, self.active, self.silent) if it is not None
        ]
        if self.tag is not None:
            parts.insert(0, Tagged(self.tag))
        if self.room is not None:
            parts.append(InRoom(frozenset(self.room)))
        if self.audience is not None:
            parts.append(others[self.audience])
        parts += [it.condition(others) for it in self.all or ()]
        if self.any is not None:
            parts.append(AnyOf(tuple(it.condition(others) for it in self.any)))
        if self.without is not None:
            parts.append(Not(self.without.condition(others)))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def within(self, loc: Loc) -> Iterator[tuple[Loc, Clause]]:
        """It and all clauses in it, each with its place; it stands at ``loc``."""
        yield loc, self
        for key, parts in (("all", self.all), ("any", self.any)):
            for n, part in enumerate(parts or ()):
                yield from part.within((*loc, key, n))
        if self.without is not None:
            yield from self.without.within((*loc, "not"))

    def names(self, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
        """The audiences that it names, and where."""
        found = ((at, it.audience) for at, it in self.within(loc))
        return (((*at, "audience"), name) for at, name in found if name is not None)


def _plain(name: str) -> str:
    if not name or any(it.isspace() for it in name):
        raise Mistake("人群的名字写成一个词，不能有空格", "".join(name.split()))
    if len(name) > LONGEST_NAME:
        raise Mistake(f"人群的名字最多 {LONGEST_NAME} 个字")
    return name


class AudienceFile(RootModel[dict[Annotated[str, AfterValidator(_plain)], Part]]):
    """All audiences, by name."""

    def check(self) -> Iterator[Finding]:
        """Names that nobody has, and audiences that are said by themselves."""
        for loc, name in self._named():
            if name not in self.root:
                yield Finding(loc, f"没有“{name}”这群人", closest(name, self.root))
        for name in self.root:
            if name in self._behind(name):
                yield Finding((name,), f"“{name}”绕了一圈又说回自己", "换成条件")

    def _named(self) -> Iterator[tuple[Loc, str]]:
        return (it for name, clause in self.root.items() for it in clause.names((name,)))

    def _behind(self, name: str) -> set[str]:
        """All that an audience goes by, through however many others."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            clause = self.root.get(waiting.pop())
            new = {it for _, it in clause.names()} - found if clause else set()
            found |= new
            waiting += new
        return found

    def audiences(self, document: Document) -> Audiences:
        """The same as data, where nothing is wrong with it."""
        conditions: dict[str, Condition] = {}
        for name in sorted(self.root, key=lambda it: len(self._behind(it))):  # who is named comes first
            conditions[name] = self.root[name].condition(conditions)
        in_order = {name: conditions[name] for name in self.root}
        clauses = [it for name, clause in self.root.items() for it in clause.within((name,))]
        tags = tuple(((*loc, "tag"), it.tag) for loc, it in clauses if it.tag is not None)
        return Audiences(in_order, dict.fromkeys(in_order, True), tags, document)


@dataclass(frozen=True, slots=True)
class Audiences:
    """What SOPs may name: none where anything is wrong; ``names`` says of each whether it can be used.

    ``tags`` are those that they go by, and where ``document`` says so.
    """

    conditions: Mapping[str, Condition] = field(default_factory=dict)
    names: Mapping[str, bool] = field(default_factory=dict)
    tags: tuple[tuple[Loc, str], ...] = ()
    document: Document | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def heed_grades(self) -> bool:
        """Whether any goes by what members spend."""
        return any(isinstance(leaf, Spends) for it in self.conditions.values() for leaf in leaves(it))


def load(path: Path, shown: str, known: Known) -> Audiences:
    """Read the file, which problems call ``shown``; none is no mistake."""
    if known.rooms is None or not path.is_file():
        return Audiences()
    document = yaml_reader.read(path, shown)
    read, wrong = (None, []) if document.is_lost else validate(AudienceFile, document, known)
    problems = (*document.problems, *wrong, *(located(read.check(), document) if read else ()))
    if read is None or problems:
        return Audiences(names=dict.fromkeys(document.data, False), problems=problems)
    return read.audiences(document)


def named_or_said(text: str, audiences: Audiences, known: Known) -> Condition:
    """What is meant by the name of an audience, or by a condition as it is written in the file.

    Raises ``BotError`` where it is neither.
    """
    conditions = audiences.conditions
    if text in conditions:
        return conditions[text]
    if ":" not in text and "：" not in text:
        meant = did_you_mean(text, conditions, f"。现写一个试试：bot audience '{_EXAMPLE}'")
        raise BotError(f"audiences.yaml 里没有“{text}”这群人{meant}")
    plain = text.translate(_AS_ON_A_PHONE)
    document = yaml_reader.parse(plain if plain.startswith("{") else f"{{{plain}}}", "")
    clause, wrong = (None, []) if document.problems else validate(Clause, document, known)
    said = [_told(it) for it in (*document.problems, *wrong)]
    if clause is not None:
        said += [
            f"没有“{name}”这群人{did_you_mean(name, conditions)}"
            for _, name in clause.names()
            if name not in conditions
        ]
    if clause is None or said:
        raise BotError("这样写看不懂：" + "；".join(said))
    return clause.condition(conditions)


def _told(problem: Problem) -> str:
    return problem.message + (f"（建议：{problem.suggestion}）" if problem.suggestion else "")
