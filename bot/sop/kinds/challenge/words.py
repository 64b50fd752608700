"""What the templates of a challenge's own posts may use: its launch, its news, its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaunchWords:
    """Of the first day."""

    challenge: str = "我的原野餐桌"
    hashtag: str = "我的原野餐桌"
    days: int = 21
    until: str = "12月20日"
    community: str = "原野之味"
    bot: str = "小野"


@dataclass(frozen=True, slots=True)
class NewsWords:
    """Of a week in a room. ``newcomers`` set their first table; ``left`` days are to come after today."""

    challenge: str = "我的原野餐桌"
    week: int = 1
    people: int = 23
    tables: int = 61
    newcomers: tuple[str, ...] = ("阿青", "老周")
    featured: tuple[str, ...] = ("小满",)
    left: int = 14
    community: str = "原野之味"


@dataclass(frozen=True, slots=True)
class Won:
    """A prize and whose it is; ``gift`` may be empty."""

    prize: str = "坚持奖"
    names: tuple[str, ...] = ("阿青", "老周")
    gift: str = "农场主的信"


@dataclass(frozen=True, slots=True)
class CloseWords:
    """Of the whole challenge, over all rooms; names are those of the room."""

    challenge: str = "我的原野餐桌"
    days: int = 21
    people: int = 68
    tables: int = 214
    winners: tuple[Won, ...] = (Won(), Won("故事奖", ("小满",), ""))
    featured: tuple[str, ...] = ("小满",)
    community: str = "原野之味"


@dataclass(frozen=True, slots=True)
class ReuseWords:
    """Of a table that may be used again if its author wants it; ``text`` is what they wrote, short."""

    name: str = "阿青"
    text: str = "番茄牛腩"
    challenge: str = "我的原野餐桌"
    community: str = "原野之味"


@dataclass(frozen=True, slots=True)
class EntryWords:
    """Of one entry, to its author; ``reason`` is an operator's, and may be empty."""

    challenge: str = "我的原野餐桌"
    reason: str = "图里看不到饭菜"
