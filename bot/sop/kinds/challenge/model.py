"""What operators write of a challenge, and what its templates may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.sop import doubts
from bot.sop.catalog import Catalog
from bot.sop.kinds.challenge.words import CloseWords, EntryWords, LaunchWords, NewsWords, ReuseWords
from bot.sop.language import Days, Duration, Every, Finding, Mistake, Model, Name, Sop, Tag, TemplateOf
from bot.sop.schedule import Schedule, write_duration

DAY_BEGINS = timedelta(hours=4)
"""A dinner after midnight belongs to the evening before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody's table in a receipt; ``text`` is what they wrote beside the tag, short and harmless."""

    name: str = "阿青"
    text: str = "番茄牛腩"


@dataclass(frozen=True, slots=True)
class Badge:
    """Somebody whose table, among those thanked for, made it so many days in a row."""

    name: str = "阿青"
    days: int = 7


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """What a receipt's template may use. ``count`` came since the last one, ``today`` on this day here.

    ``hint`` is the name of somebody whose picture had no words, told once how it would count with ``tag``.
    ``badges`` are new ones. ``ask`` is what ``asked`` is asked to tell, ``reuse`` the name of whom we ask
    whether their table may be used again; empty: nothing is asked.
    """

    entries: tuple[Entry, ...] = (Entry(), Entry("老周", ""))
    count: int = 2
    today: int = 6
    when: str = "今晚"
    challenge: str = "我的原野餐桌"
    badges: tuple[Badge, ...] = (Badge(),)
    ask: str = "用了哪样"
    asked: str = "阿青"
    reuse: str = "老周"
    hint: str = "小满"
    tag: str = "我的原野餐桌"


def _clock(at: str) -> str:
    """``12:10``: an hour and a minute of the day."""
    Schedule.parse(f"每天 {at}")
    return at


Prompt = Literal["用了哪样", "家里的故事"]


class EntryRules(Model):
    """What makes an entry: picture and words at most ``join_within`` apart.

    ``ask_for`` is what a receipt asks of an entry that does not tell it, one thing of one entry.
    """

    needs: list[Literal["图片", "文字"]] = Field(default=["图片", "文字"], min_length=1)
    join_within: Duration = timedelta(minutes=10)
    per_day: Literal[1] = 1
    ask_for: list[Prompt] = Field(default=[])


class Receipt(Model):
    """The bot's thanks: the first entry opens the gathering, one message ends it."""

    gather: Duration = timedelta(minutes=30)
    template: Annotated[str, TemplateOf(ReceiptWords)]


def _ascending(days: list[int]) -> list[int]:
    if days != sorted(set(days)) or days[:1] == [0]:
        raise Mistake("天数要从小到大写，不能重复", "[7, 14, 21]")
    return days


class Streak(Model):
    """Days in a row: at which of them there is a badge, and how many missed days may be made up in all."""

    badge_at: Annotated[list[Annotated[int, Field(ge=0)]], AfterValidator(_ascending)] = Field(default=[])
    make_up: Annotated[int, Field(ge=0, le=31)] = 0


class Prize(Model):
    """``seats`` for the first by a rule, by lot, or as the operators choose; ``points`` go to the ledger."""

    by: Literal["days", "streak", "tables", "抽签", "运营挑选"]
    seats: Annotated[int, Field(ge=1, le=20)]
    gift: Annotated[str, Field(max_length=20)] = ""
    points: Annotated[int, Field(ge=0, le=100)] = 0


Clock = Annotated[str, AfterValidator(_clock)]


class News(Model):
    """What the week brought, while the challenge runs. It tells and asks nothing: the launch did."""

    every: Every
    template: Annotated[str, TemplateOf(NewsWords), Field(validate_default=True)] = "table_week.j2"
    intent: Literal["give", "ask"] = "give"


class Launch(Model):
    """What is said on the first day."""

    at: Clock = "12:10"
    template: Annotated[str, TemplateOf(LaunchWords), Field(validate_default=True)] = "table_launch.j2"
    intent: Literal["give", "ask"] = "ask"


class Close(Model):
    """What is said on the day after the last one: who took part, and who won."""

    at: Clock = "12:10"
    template: Annotated[str, TemplateOf(CloseWords), Field(validate_default=True)] = "table_close.j2"


class Featured(Model):
    """How an author is asked in private whether a table may be used again, and answered."""

    template: Annotated[str, TemplateOf(ReuseWords), Field(validate_default=True)] = "table_reuse.j2"
    yes: Annotated[str, TemplateOf(ReuseWords), Field(validate_default=True)] = "table_reuse_yes.j2"
    no: Annotated[str, TemplateOf(ReuseWords), Field(validate_default=True)] = "table_reuse_no.j2"


class Review(Model):
    """Where it is ``needed``, an entry counts from the moment that a human approved it."""

    needed: bool = False


EntryTemplate = Annotated[str, TemplateOf(EntryWords), Field(validate_default=True)]


class Wording(Model):
    """What authors hear of what became of an entry; each has a template that comes with the project."""

    withdrawn: EntryTemplate = "table_withdrawn.j2"
    duplicate: EntryTemplate = "table_duplicate.j2"
    rejected: EntryTemplate = "table_rejected.j2"


class Challenge(Sop):
    """``hashtag`` counts on ``days``, both ends included; a day ends at 04:00.

    ``also`` are words that stand for the hashtag, together with a picture.
    """

    hashtag: Tag
    also: list[Name] = Field(default=[], max_length=10)
    days: Days
    entry: EntryRules = EntryRules()
    review: Review = Review()
    wording: Wording = Wording()
    receipt: Receipt
    streak: Streak = Streak()
    prizes: dict[Name, Prize] = Field(default={})
    news: News | None = None
    launch: Launch | None = None
    close: Close | None = None
    featured: Featured = Featured()

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        if self.prizes and self.close is None:
            yield Finding(("prizes",), "写了奖项，还要写收官 close，奖在收官时公布", "close: {at: 12:10}")
        if self.close is not None and int(self.close.at.partition(":")[0]) < 4:
            yield Finding(("close", "at"), "太早了，最后一天要到凌晨4点才算完", "12:10")

    def for_audience(self) -> str:
        return "只算其中的人打的卡"

    def explain(self) -> Iterable[str]:
        also = f"，或者图片配上{'、'.join(self.also)}" if self.also else ""
        yield f"{self.days}，发#{self.hashtag}#{also}，算打卡，一人一天算一次，凌晨4点换天。"
        apart, gather = (write_duration(it) for it in (self.entry.join_within, self.receipt.gather))
        yield f"要有{'和'.join(self.entry.needs)}，分开发隔{apart}以内算一次；攒{gather}一起回应。"
        if self.review.needed:
            yield "同事审过才算：/待审，/过 31，/退 31 原因。"
        if self.launch is not None:
            yield f"第一天 {self.launch.at} 发开场白。"
        if self.news is not None:
            yield f"{self.news.every.words}发小报。"
        if self.close is not None:
            named = f"，公布{'、'.join(self.prizes)}" if self.prizes else ""
            yield f"结束后第二天 {self.close.at} 收官{named}。"

    def doubts(self, zone: ZoneInfo, today: date) -> Iterable[Finding]:
        if self.news is not None:
            yield from doubts.never(self.news.every, self.days, zone, ("news", "every"))
        for n, days in enumerate(self.streak.badge_at):
            if days > self.length():
                why = f"一共才 {self.length()} 天，连续 {days} 天谁也做不到"
                yield Finding(("streak", "badge_at", n), why, str(self.length()))
        yield from doubts.over(self.days, today)

    def day_of(self, moment: datetime, zone: ZoneInfo) -> date:
        """The challenge's day to which ``moment`` belongs."""
        return (moment.astimezone(zone) - DAY_BEGINS).date()

    def why_not_on(self, moment: datetime, zone: ZoneInfo) -> str:
        """In Chinese, why nothing is an entry at ``moment``; empty: it may be."""
        day, first, last = self.day_of(moment, zone), self.days.first, self.days.last
        if day < first:
            return f"{first.month}月{first.day}日才开始"
        return f"{last.month}月{last.day}日就结束了" if day > last else ""

    def begins(self, day: date, zone: ZoneInfo) -> datetime:
        """The first moment of a day."""
        return datetime(day.year, day.month, day.day, tzinfo=zone) + DAY_BEGINS

    def length(self, until: date | None = None) -> int:
        """How many days it has, or had until then."""
        return ((until or self.days.last) - self.days.first).days + 1
