"""What operators write of a theme day, and what its templates may use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from bot.sop import doubts
from bot.sop.catalog import Catalog
from bot.sop.kinds.theme_day import exceptions
from bot.sop.kinds.theme_day.exceptions import Exceptions
from bot.sop.language import (
    Days,
    Duration,
    Every,
    Finding,
    Mistake,
    Model,
    Moments,
    Name,
    ShelfName,
    Sop,
    TemplateOf,
    as_tuple,
    one_or_several,
)
from bot.sop.problems import closest
from bot.sop.schedule import write_duration
from bot.sop.shelves import ShelfItem
from bot.sop.templates import check_with_items

SAMPLE = ShelfItem("01-番茄", "番茄大棚", "清晨的番茄最甜。", {})
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@dataclass(frozen=True, slots=True)
class PostWords:
    """What a post's template may use; ``ask`` is what its window asks, or empty."""

    item: ShelfItem = SAMPLE
    community: str = "原野之味"
    mission: str = "让每一餐都知道来处"
    room: str = "会员1群"
    bot: str = "小野"
    ask: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What somebody said in a window, short and harmless."""

    name: str = "阿青"
    text: str = "拿它炖了牛腩"


@dataclass(frozen=True, slots=True)
class DigestWords:
    """What a digest's template may use; ``count`` views came from ``people``."""

    views: tuple[View, ...] = (View(), View("老周", "凉拌也好吃"))
    count: int = 5
    people: int = 4
    name: str = "周一溯源日"
    ask: str = "你家这周用它做了什么？"


@dataclass(frozen=True, slots=True)
class LectureWords:
    """What the templates of a lecture may use; ``notes`` are the operators', for the recap."""

    title: str = "番茄怎么挑"
    speaker: str = "营养师小林"
    link: str = ""
    when: str = "周六 20:00"
    questions: int = 3
    notes: tuple[str, ...] = ("看蒂，青的新鲜",)


class ThemePost(Model):
    """What is posted: an item of ``shelf``, worded by ``template``, and ``pictures`` that the item names.

    ``repeat: safe`` says that it may come twice rather than not at all, if nobody knows that it arrived.
    """

    intent: Literal["give", "ask", "promo", "service"] = "give"
    shelf: ShelfName
    template: Annotated[str, TemplateOf(PostWords)]
    pictures: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = ()
    repeat: Literal["never", "safe"] = "never"


def _count(unit: str, value: object) -> object:
    match = re.fullmatch(rf"(\d{{1,4}})\s*(?:{unit})?", value.strip()) if isinstance(value, str) else None
    if match is None and not isinstance(value, int):
        raise Mistake(f"这里要写数量，例如 10{unit[0]}", f"10{unit[0]}")
    return value if match is None else int(match[1])


Letters = Annotated[int, BeforeValidator(lambda it: _count("字", it)), Field(ge=1, le=500)]
Pieces = Annotated[int, BeforeValidator(lambda it: _count("条", it)), Field(ge=1, le=500)]


class Collect(Model):
    """What counts in a window: words of ``at_least`` letters; ``tag`` goes to whoever took part."""

    at_least: Letters = 10
    tag: dict[Name, Annotated[float, Field(ge=-1, le=1)]] = Field({})


def _clock(value: object) -> time:
    match = re.fullmatch(r"(\d{1,2})[:：](\d{2})", value.strip()) if isinstance(value, str) else None
    if isinstance(value, time):
        return value
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise Mistake(f"看不懂时刻“{value}”，从 00:00 到 23:59", "21:30")
    return time(int(match[1]), int(match[2]))


Clock = Annotated[
    time,
    PlainValidator(_clock),
    PlainSerializer(lambda it: f"{it:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["21:30"]}),
]


class Window(Model):
    """From the post until ``until`` (that day, or the next if that is over) views are collected."""

    until: Clock
    ask: Name
    collect: Collect = Collect()


class Digest(Model):
    """The best views, at the next such moment after the window; ``pick``: by whom they are chosen."""

    at: Every
    template: Annotated[str, TemplateOf(DigestWords)]
    at_least: Pieces = 3
    pick: Literal["运营", "自动"] = "运营"
    late_after: Duration = timedelta(hours=2)


class Notice(Model):
    """A message before the lecture, at a moment of its own."""

    at: Every
    template: Annotated[str, TemplateOf(LectureWords)]


class Recap(Model):
    """What is told ``after`` the lecture, from the operators' notes."""

    after: Duration = timedelta(hours=14)
    template: Annotated[str, TemplateOf(LectureWords), Field(validate_default=True)] = "lecture_recap.j2"


class Lecture(Model):
    """A talk or a live stream at the day's moment: announced, reminded of, questions collected, recapped."""

    title: Name
    speaker: Name
    link: str = ""
    template: Annotated[str, TemplateOf(LectureWords), Field(validate_default=True)] = "lecture_begins.j2"
    notices: Annotated[tuple[Notice, ...], BeforeValidator(one_or_several), Field(max_length=4)] = ()
    collect: tuple[Name, ...] = ("提问", "问一下")
    recap: Recap | None = None


class ThemeDay(Sop):
    """``every`` 周一 12:10, post; found later than ``late_after`` it is not posted any more.

    ``days`` bounds it to a time of the year. On holidays it is skipped, or put off to the next working day,
    if ``on_holiday`` says so; ``except`` knows single days.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", populate_by_name=True)

    every: Moments
    days: Days | None = None
    late_after: Duration = timedelta(hours=2)
    on_holiday: Literal["跳过", "照发", "顺延"] = "照发"
    exceptions: Annotated[Exceptions, Field(alias="except")] = Field({})
    post: Annotated[tuple[ThemePost, ...], BeforeValidator(one_or_several), Field(max_length=4)] = ()
    lecture: Lecture | None = None
    window: Window | None = None
    digest: Digest | None = None

    def post_of(self, nth: int) -> ThemePost:
        """What is posted at the ``nth`` of its moments."""
        return self.post[min(nth, len(self.post) - 1)]

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        if not self.post and self.lecture is None:
            yield Finding(("id",), "要写发什么：post 或者 lecture", "post: {shelf: …, template: …}")
        if self.digest is not None and self.window is None:
            yield Finding(("digest",), "没有 window 就没有可以汇总的话", "window: {until: 21:30, ask: …}")
        if len(self.post) > 1 and len(self.post) != len(self.every):
            yield Finding(
                ("post",), f"every 有 {len(self.every)} 个时刻，post 有 {len(self.post)} 个", "一一对应"
            )
        yield from exceptions.check(self.exceptions, self.every)
        for n, post in enumerate(self.post):
            yield from _check_post(catalog, post, n, several=len(self.post) > 1)

    def for_audience(self) -> str:
        return "" if self.window is None and self.lecture is None else "帖子谁都看得到，只收其中的人的话"

    def explain(self) -> Iterable[str]:
        when = "、".join(each.words for each in self.every)
        if self.days is not None:
            when += f"（{self.days}）"
        shelves = "、".join(dict.fromkeys(f"“{post.shelf}”" for post in self.post))
        what = f"从内容架{shelves}里轮着发一篇" if self.post else "开讲" if self.lecture else "开场"
        yield f"{when}{what}。过了{write_duration(self.late_after)}不补发，法定假日{self.on_holiday}。"
        if self.lecture is not None:
            notices = "、".join(notice.at.words for notice in self.lecture.notices)
            told = f"{notices}预告，" if notices else ""
            yield f"小课“{self.lecture.title}”，{self.lecture.speaker}讲：{told}开讲前把收到的问题交给同事。"
        if self.window is not None:
            until, least = f"{self.window.until:%H:%M}", self.window.collect.at_least
            yield f"发完问一句“{self.window.ask}”，到{until}收大家的话，{least}个字以上才算。"
        if self.digest is not None:
            picked = "同事挑几条" if self.digest.pick == "运营" else "自动挑几条"
            yield f"{self.digest.at.words}发合集：{picked}，不到{self.digest.at_least}条就不发。"

    def doubts(self, zone: ZoneInfo, today: date) -> Iterable[Finding]:
        for every in self.every:
            if self.days is not None:
                yield from doubts.never(every, self.days, zone, ("every",))
            if self.window is not None:
                yield from doubts.long_open(every, self.window.until, zone, ("window", "until"))
            for n, notice in enumerate(self.lecture.notices if self.lecture else ()):
                yield from doubts.just_after(notice.at, every, zone, ("lecture", "notices", n, "at"))
        if self.days is not None:
            yield from doubts.over(self.days, today)

    def gives_tags(self) -> Iterable[str]:
        return () if self.window is None else self.window.collect.tag


def _check_post(catalog: Catalog, post: ThemePost, n: int, *, several: bool) -> Iterator[Finding]:
    where: tuple[str | int, ...] = ("post", n) if several else ("post",)
    items = catalog.shelves[post.shelf].items
    yield from check_with_items(catalog, (*where, "template"), post.template, _sample, items)
    known = {key for item in items for key, file in item.fields.items() if _is_picture(file)}
    for name in post.pictures:
        if name not in known and (meant := closest(name, known - {*post.pictures})):
            yield Finding((*where, "pictures"), f"货架“{post.shelf}”没有哪一篇写了图片“{name}”", meant)
        for item in items:
            path = picture_of(catalog.templates.folder, post.shelf, item, name)
            if path is not None and not path.is_file():
                yield Finding((*where, "pictures"), f"{item.file} 的图片“{name}”找不到：{path.name}")


def _is_picture(file: object) -> bool:
    return str(file).lower().endswith(PICTURES)


def _sample(item: ShelfItem) -> PostWords:
    return PostWords(item=item)


def picture_of(templates: Path, shelf: str, item: ShelfItem, name: str) -> Path | None:
    """The file that an item has for ``name``: what its front matter says of it; None if it says nothing."""
    file = item.fields.get(name)
    return templates / "shelves" / shelf / Path(str(file)).name if file else None
