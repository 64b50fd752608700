"""How the group looks: a line for everything that happens, with the local time, and a rule for each new day.

What people write is data: control characters (and with them terminal escapes) and marks that turn the
direction of writing round are taken out before anything is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo

from bot.channels.console.group import Happening
from bot.events import FriendMade, MembersJoined, MembersLeft, MessageRecalled, MessageReceived, Person

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_WEEKDAYS = "一二三四五六日"


class Screen:
    """Writes lines; ``write`` puts text where the person at the keyboard, or a pipe, sees it."""

    def __init__(self, write: Callable[[str], object], zone: tzinfo, bot: Person) -> None:
        self._write, self._zone, self._bot = write, zone, bot
        self._day: date | None = None
        self._time = ""

    def show(self, event: Happening) -> None:
        """What somebody of the group did."""
        self._line(event.occurred_at, self._described(event))

    def say(self, now: datetime, text: str, listener: Person | None = None) -> None:
        """What the bot says, to ``listener`` alone or to all."""
        self._line(now, _said(self._bot, text, listener))

    def note(self, text: str) -> None:
        """What the console itself has to tell."""
        self._write(f"· {_laid_out(text)}\n")

    def clock(self, now: datetime) -> None:
        """Tell the time, unless the last line did."""
        before = self._time
        if not self._turn_to(now) and self._time != before:
            self._write(f"—— {self._time} ——\n")

    def _line(self, now: datetime, text: str) -> None:
        self._turn_to(now)
        self._write(f"[{self._time}] {_laid_out(text)}\n")

    def _turn_to(self, now: datetime) -> bool:
        """Make ``now`` the time shown; True if that begins a day, which gets its rule."""
        local = now.astimezone(self._zone)
        self._time = f"周{_WEEKDAYS[local.weekday()]} {local:%H:%M}"
        if local.date() == self._day:
            return False
        self._day = local.date()
        self._write(f"—— {local.month}月{local.day}日 {self._time} ——\n")
        return True

    def _described(self, event: Happening) -> str:
        match event:
            case MessageReceived():
                listener = None if event.chat is not None else self._bot
                return _said(event.sender, _content(event), listener)
            case MessageRecalled():
                return f"{event.sender.shown} 撤回了一条消息"
            case MembersJoined():
                invited = f"（{event.inviter.shown} 邀请）" if event.inviter is not None else ""
                return f"{_names(event.people)} 进群了{invited}"
            case MembersLeft():
                return f"{_names(event.people)} 离开了群"
            case FriendMade():
                return f"{event.person.shown} 和{self._bot.shown}成了好友"


def _said(speaker: Person, text: str, listener: Person | None) -> str:
    to = f"（私聊给 {listener.shown}）" if listener is not None else " "
    return f"{speaker.shown}{to}▸ {text}"


def _content(message: MessageReceived) -> str:
    return message.text or "".join(f"[图片] {media.name}" for media in message.media)


def _names(people: Iterable[Person]) -> str:
    return "、".join(person.shown for person in people)


def _laid_out(text: str) -> str:
    """``text`` without what could play tricks on a terminal, its further lines indented."""
    first, *others = _UNSAFE.sub("", text).split("\n")
    return "\n".join((first, *(f"    {line}".rstrip() for line in others)))
