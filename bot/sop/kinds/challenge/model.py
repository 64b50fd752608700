"""What operators write of a challenge, and what its templates may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.sop.language import Days, Duration, Model, Sop, Tag, TemplateOf

DAY_BEGINS = timedelta(hours=4)
"""A dinner after midnight belongs to the evening before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody's table in a receipt; ``text`` is what they wrote beside the tag, short and harmless."""

    name: str = "阿青"
    text: str = "番茄牛腩"


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """What a receipt's template may use. ``count`` came since the last one, ``today`` on this day here."""

    entries: tuple[Entry, ...] = (Entry(), Entry("老周", ""))
    count: int = 2
    today: int = 6
    when: str = "今晚"
    challenge: str = "我的原野餐桌"


class EntryRules(Model):
    """What makes an entry: picture and words at most ``join_within`` apart."""

    needs: list[Literal["图片", "文字"]] = Field(default=["图片", "文字"], min_length=1)
    join_within: Duration = timedelta(minutes=10)
    per_day: Literal[1] = 1


class Receipt(Model):
    """The bot's thanks: the first entry opens the gathering, one message ends it."""

    gather: Duration = timedelta(minutes=30)
    template: Annotated[str, TemplateOf(ReceiptWords)]


class Challenge(Sop):
    """``hashtag`` counts on ``days``, both ends included; a day ends at 04:00."""

    hashtag: Tag
    days: Days
    entry: EntryRules = EntryRules()
    receipt: Receipt

    def day_of(self, moment: datetime, zone: ZoneInfo) -> date:
        """The challenge's day to which ``moment`` belongs."""
        return (moment.astimezone(zone) - DAY_BEGINS).date()

    def begins(self, day: date, zone: ZoneInfo) -> datetime:
        """The first moment of a day."""
        return datetime(day.year, day.month, day.day, tzinfo=zone) + DAY_BEGINS
