"""The words of which kinds make their YAML models: the base models and the types of fields.

Validated with a ``Catalog`` as context, fields also know whether the names in them exist; without one they
only read their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from bot.sop import hashtags
from bot.sop.problems import MAX_PROBLEMS, Finding, Loc, Mistake, caused_by, closest, shown
from bot.sop.schedule import EXAMPLE, DateRange, Schedule, parse_duration, write_duration

if TYPE_CHECKING:
    from bot.sop.catalog import Catalog

__all__ = [
    "Days",
    "Duration",
    "Every",
    "Finding",
    "Mistake",
    "Model",
    "Moments",
    "Name",
    "ShelfName",
    "Sop",
    "Tag",
    "TemplateOf",
    "as_tuple",
    "one_or_several",
]


LONGEST_ID = 60


class Model(BaseModel):
    """What stands between braces: no unknown keys, nothing taken for another type, never changed."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _id(text: str) -> str:
    if len(text) > LONGEST_ID:
        raise Mistake(f"编号最多 {LONGEST_ID} 个字")
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        return text
    plain = "-".join(re.findall(r"[a-z0-9]+", text.lower()))
    raise Mistake(f"编号“{text}”只能用小写字母、数字和“-”", plain or "monday-origin")


def one_line(text: str) -> str:
    """A name: not empty, and without line breaks."""
    if not text.strip() or len(text.splitlines()) > 1:
        raise Mistake("这里要写一行文字，不能空着")
    return text.strip()


def _as_keys(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        raise Mistake("这里要写群的键，或者它们的列表", "[会员1群, 会员2群]")
    return (value,) if isinstance(value, str) else tuple(value)


def _expanded(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Sets become their room keys."""
    known = None if info.context is None else info.context.rooms
    if known is None:
        return names
    unknown = (
        Finding((n,), f"community.yaml 里没有群“{name}”", closest(name, known))
        for n, name in enumerate(names)
        if name not in known
    )
    if found := list(islice(unknown, MAX_PROBLEMS)):
        raise Mistake("", findings=found)
    return tuple(dict.fromkeys(key for name in names for key in known[name]))


def as_tuple(value: object) -> object:
    """A list of YAML as the tuple that a model holds, which never changes."""
    return tuple(value) if isinstance(value, list) else value


def one_or_several(value: object) -> object:
    """The same, where the only item may stand by itself."""
    return (value,) if isinstance(value, dict) else as_tuple(value)


def _audience(name: str, info: ValidationInfo) -> str:
    known = None if info.context is None else info.context.audiences
    if known is None:
        return name
    if name not in known:
        raise Mistake(f"audiences.yaml 里没有“{name}”这群人", closest(name, known))
    if not known[name]:
        raise Mistake(f"audiences.yaml 有错，先改好它，才认得“{name}”")
    return name


RoomNames = Annotated[
    tuple[str, ...],
    BeforeValidator(_as_keys),
    AfterValidator(_expanded),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "examples": ["会员1群"],
        }
    ),
]
Name = Annotated[str, AfterValidator(one_line)]
Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]+$"})]


class Sop(Model):
    """What every SOP has; kinds add their own keys. ``rooms``: None means all enabled rooms.

    ``audience``: whom it turns to and hears; None means everybody.
    """

    sop: str
    id: Id
    name: Name
    rooms: RoomNames | None = None
    audience: Annotated[Name, AfterValidator(_audience)] | None = None
    enabled: bool = True

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        """Mistakes that no single field shows; called once all fields are right, and again once the file or
        the catalog is another."""
        return ()

    def doubts(self, zone: ZoneInfo, today: date) -> Iterable[Finding]:
        """What is no mistake and hardly meant: steps that are never reached (``bot.sop.doubts``)."""
        return ()

    def explain(self) -> Iterable[str]:
        """What it does and when, a sentence each, in plain Chinese."""
        return ()

    def for_audience(self) -> str:
        """What its audience means, as a sentence in Chinese; empty: it turns to nobody and hears nobody."""
        return "只听其中的人说的话，也只对他们说"

    def told(self) -> Iterable[str]:
        """``explain``, and for whom."""
        yield from self.explain()
        if self.audience is not None and (meaning := self.for_audience()):
            yield f"人群“{self.audience}”：{meaning}。"

    def gives_tags(self) -> Iterable[str]:
        """The tags that members may get by it."""
        return ()

    def heeds_tags(self) -> Iterable[tuple[str, Loc]]:
        """The tags that it goes by, and where it says so."""
        return ()


def _words(value: object, example: str) -> str:
    if isinstance(value, str):
        return value
    raise Mistake(f"这里要写成“{example}”这样的文字，写成了{shown(value)}", example)


def _every(value: object) -> Schedule:
    if isinstance(value, Schedule):
        return value
    if isinstance(value, dict) and list(value) == ["cron"]:
        value = f"cron: {value['cron']}"
    return Schedule.parse(_words(value, EXAMPLE))


def _moments(value: object) -> tuple[Schedule, ...]:
    return tuple(_every(it) for it in (value if isinstance(value, list | tuple) else [value]))


def _duration(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(_words(value, "30m"))


def _days(value: object) -> DateRange:
    return (
        value if isinstance(value, DateRange) else DateRange.parse(_words(value, "2026-11-30 到 2026-12-20"))
    )


def _tag(text: str) -> str:
    tag = hashtags.normalize(text)
    if tag.startswith(hashtags.SIGN_UP):
        raise Mistake("#接龙 是大家报名用的，不能当话题", "我的原野餐桌")
    if not tag:
        raise Mistake("话题里要有文字或数字", "我的原野餐桌")
    return tag


def _shelf_name(name: str, info: ValidationInfo) -> str:
    if info.context is None:
        return name
    shelf = info.context.shelves.get(name)
    if shelf is None:
        raise Mistake(f"没有货架“{name}”", closest(name, info.context.shelves))
    if not shelf.items:
        raise Mistake(f"货架“{name}”是空的", f"在 shelves/{name}/ 里放一篇 .md")
    return name


Duration = Annotated[
    timedelta,
    PlainValidator(_duration),
    PlainSerializer(write_duration, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["40s", "30m", "4h", "3d", "1h30m"]}),
]
Every = Annotated[
    Schedule,
    PlainValidator(_every),
    PlainSerializer(lambda schedule: schedule.words, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["周一 09:30", "每天 12:10", "每月1日 10:00"]}),
]
Moments = Annotated[
    tuple[Schedule, ...],
    PlainValidator(_moments),
    PlainSerializer(lambda it: [each.words for each in it], when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "examples": ["周一 09:30"],
        }
    ),
]
Days = Annotated[
    DateRange,
    PlainValidator(_days),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2026-11-30 到 2026-12-20"]}),
]
Tag = Annotated[str, AfterValidator(_tag)]
ShelfName = Annotated[str, AfterValidator(_shelf_name)]


@dataclass(frozen=True, slots=True)
class TemplateOf:
    """Marks a text as the name of a template that gets ``words``.

    ``words`` is a frozen dataclass; everything that the template uses must be among its fields, and their
    defaults are a sample with which it must render.
    """

    words: type

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def _check(self, name: str, info: ValidationInfo) -> str:
        if info.context is None:
            return name
        known = info.context.checks.names
        if name not in known:
            raise Mistake(f"没有模板 {name}", closest(name, known))
        if problems := info.context.checks.problems(name, self.words):
            raise Mistake("", findings=caused_by(problems))
        return name
