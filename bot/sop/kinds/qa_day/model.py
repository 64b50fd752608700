"""What operators write of a Q&A day, and what its templates may use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from bot.sop import doubts
from bot.sop.language import Duration, Every, Finding, Mistake, Model, Name, Sop, TemplateOf
from bot.sop.problems import closest
from bot.sop.schedule import write_duration

if TYPE_CHECKING:
    from bot.sop.catalog import Catalog

MENTION = "@机器人"
"""In ``accept``: a question that mentions the bot."""
Call = Literal["能答的会员", "专家", "运营群"]


@dataclass(frozen=True, slots=True)
class Card:
    """A question as it is shown; ``text`` is short and harmless, ``seconds`` how many others ask it too."""

    number: int = 12
    text: str = "羽衣甘蓝要焯水吗"
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class DayWords:
    """What the announcement and the reminders may use. ``carried`` are questions that nobody answered yet."""

    starts: str = "19:30"
    until: str = "21:00"
    expert: str = "营养师"
    ask: str = "提问"
    carried: tuple[Card, ...] = (Card(),)
    room: str = "会员1群"
    bot: str = "小野"


@dataclass(frozen=True, slots=True)
class CardsWords:
    """What the template of the cards may use: the questions that came, the number first."""

    cards: tuple[Card, ...] = (Card(), Card(13, "燕麦泡多久才不硬"))


@dataclass(frozen=True, slots=True)
class OfferWords:
    """An earlier answer, offered to somebody who asks much the same; ``number`` is the earlier question's."""

    number: int = 8
    answer: str = "水开下锅，焯20秒就好"
    name: str = "阿青"


@dataclass(frozen=True, slots=True)
class CallWords:
    """Who is called to a question that waits; ``role`` is the expert's, empty for members."""

    card: Card = Card()
    names: tuple[str, ...] = ("老周",)
    role: str = ""
    room: str = "会员1群"


@dataclass(frozen=True, slots=True)
class KindWords:
    """What one person is told at once; ``expert`` is who answers, ``when`` the next day begins."""

    name: str = "阿青"
    number: int = 12
    expert: str = "营养师"
    when: str = "周五19:30"
    ask: str = "提问"


@dataclass(frozen=True, slots=True)
class HintWords:
    """``what``: 没说问题 | 哪一号 | 没有这号 | 带到了 | 够了; ``numbers`` are some that are open."""

    what: str = "哪一号"
    number: int = 12
    numbers: tuple[int, ...] = (12, 13)
    ask: str = "提问"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its best answer and who gave it."""

    number: int = 12
    question: str = "羽衣甘蓝要焯水吗"
    answer: str = "焯20秒就好"
    name: str = "阿青"


@dataclass(frozen=True, slots=True)
class DigestWords:
    """The best answers of the day, at most ``top``; ``count`` is how many there are in all."""

    items: tuple[Answered, ...] = (Answered(), Answered(13, "燕麦泡多久", "提前一晚", "老周"))
    count: int = 5
    helpers: tuple[str, ...] = ("阿青", "老周")


def _clock(value: object) -> time:
    """``21:00``, in any width."""
    if isinstance(value, time):
        return value
    plain = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else ""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", plain)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise Mistake("这里要写一天里的几点", "21:00")
    return time(int(match[1]), int(match[2]))


Clock = Annotated[
    time,
    PlainValidator(_clock),
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["21:00"]}),
]


class Reminder(Model):
    """Said before the day; the first one opens the acceptance of questions."""

    at: Every
    template: Annotated[str, TemplateOf(DayWords)] = Field("qa_tomorrow.j2", validate_default=True)


class Cards(Model):
    """Questions are shown together, ``gather`` after the first."""

    gather: Duration = timedelta(minutes=2)
    template: Annotated[str, TemplateOf(CardsWords)] = Field("qa_cards.j2", validate_default=True)


class Rung(Model):
    """Who is called when a question has waited for so long."""

    after: Duration
    call: Call


class Digest(Model):
    """The best answers, ``at`` the first such moment after the day."""

    at: Every
    top: int = Field(8, ge=1, le=50)
    template: Annotated[str, TemplateOf(DigestWords)] = Field("qa_digest.j2", validate_default=True)


class Wording(Model):
    """The templates of what is said on the way."""

    offer: Annotated[str, TemplateOf(OfferWords)] = Field("qa_offer.j2", validate_default=True)
    call: Annotated[str, TemplateOf(CallWords)] = Field("qa_call.j2", validate_default=True)
    ask_expert: Annotated[str, TemplateOf(CallWords)] = Field("qa_ask_expert.j2", validate_default=True)
    relay: Annotated[str, TemplateOf(Answered)] = Field("qa_relay.j2", validate_default=True)
    to_human: Annotated[str, TemplateOf(KindWords)] = Field("qa_to_human.j2", validate_default=True)
    kept: Annotated[str, TemplateOf(KindWords)] = Field("qa_kept.j2", validate_default=True)
    hint: Annotated[str, TemplateOf(HintWords)] = Field("qa_hint.j2", validate_default=True)


LADDER = [
    {"after": "20m", "call": "能答的会员"},
    {"after": "1h", "call": "专家"},
    {"after": "24h", "call": "运营群"},
]


class QaDay(Sop):
    """``every`` 周五 19:30 until ``until`` questions are asked and answered; ``expert`` is a role or M37.

    ``accept`` are the words by which a question is known. What nobody answered is asked again ``carry``
    times; ``most`` is how many questions of one member are shown a day. Questions with a word of
    ``to_human`` are for a human alone.
    """

    every: Every
    until: Clock
    late_after: Duration = timedelta(hours=1)
    expert: Name | None = None
    opening: Annotated[str, TemplateOf(DayWords)] = Field("qa_open.j2", validate_default=True)
    remind: list[Reminder] = Field(default=[])
    accept: list[Name] = Field(default=["提问", "问一下", MENTION], min_length=1)
    number_cards: Annotated[Cards, Field(default={}, validate_default=True)]
    unanswered: Annotated[list[Rung], Field(default=LADDER, validate_default=True)]
    to_human: list[str] = Field(default=["治疗", "停药", "孕期", "过敏"])
    carry: int = Field(1, ge=0, le=4)
    most: int = Field(5, ge=1, le=50)
    digest: Digest | None = None
    wording: Annotated[Wording, Field(default={}, validate_default=True)]

    def ends(self, day: date, zone: ZoneInfo) -> datetime:
        """When the window of ``day`` closes: after midnight, if it closes earlier than it opens."""
        opens = self.every.next_after(datetime.combine(day, time(0), zone), zone)
        over_night = opens is not None and self.until <= opens.astimezone(zone).time()
        return datetime.combine(day, self.until, zone) + timedelta(days=over_night)

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        after = [rung.after for rung in self.unanswered]
        for n, (earlier, later) in enumerate(pairwise(after), 1):
            if later <= earlier:
                yield Finding(("unanswered", n, "after"), "要比前一步更晚", write_duration(earlier * 2))
        known = catalog.roles
        if self.expert is None or known is None or re.fullmatch(r"[Mm]\d+", self.expert):
            return
        if self.expert not in known:
            meant = closest(self.expert, known)
            yield Finding(("expert",), f"community.yaml 里没有角色“{self.expert}”", meant)

    def for_audience(self) -> str:
        return "只收他们的提问和回答，也只请他们来答；专家和同事不受限制"

    def explain(self) -> Iterable[str]:
        notices = "、".join(reminder.at.words for reminder in self.remind)
        yield f"{f'{notices}预告，' if notices else ''}{self.every.words}开场，开到{self.until:%H:%M}。"
        gather = write_duration(self.number_cards.gather)
        yield f"这样开头算提问：{'、'.join(self.accept)}；攒{gather}一起编号。"
        calls = "，".join(f"{write_duration(rung.after)}叫{rung.call}" for rung in self.unanswered)
        yield f"没人答：{calls}。带这些词的马上转给人：{'、'.join(self.to_human)}。"
        if self.digest is not None:
            yield f"{self.digest.at.words}发合集，最多{self.digest.top}个。"
            yield f"没答完的下次接着问，最多{self.carry}次。"

    def doubts(self, zone: ZoneInfo, today: date) -> Iterable[Finding]:
        yield from doubts.long_open(self.every, self.until, zone, ("until",))
        for n, reminder in enumerate(self.remind):
            yield from doubts.just_after(reminder.at, self.every, zone, ("remind", n, "at"))
