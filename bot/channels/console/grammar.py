"""What a typed line means: something said, something done (``:recall``), or a wish to the clock (``:+3h``).

A full-width colon works as a half-width one. ``NAME:`` at the start counts for people of the cast alone, so
that 时间：周五 stays a sentence. What cannot be understood becomes a ``Hint``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """Said in the group; ``by`` is a name, None for whoever speaks now."""

    text: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SendPictures:
    """Pictures sent to the group, one message each; the names are only names."""

    files: tuple[str, ...]
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SayPrivately:
    """Said to the bot alone."""

    text: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """The speaker's last message is taken back."""

    by: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """People come into the group together."""

    names: tuple[str, ...]
    inviter: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """People leave the group."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Befriend:
    """Somebody and the bot become friends, whether they are in the group or not."""

    name: str


@dataclass(frozen=True, slots=True)
class SpeakAs:
    """From now on ``name`` speaks."""

    name: str


@dataclass(frozen=True, slots=True)
class ShowCast:
    """Who is there?"""


@dataclass(frozen=True, slots=True)
class ShowHelp:
    """What can be typed?"""


@dataclass(frozen=True, slots=True)
class MoveNext:
    """Move the clock to whatever is due next."""


@dataclass(frozen=True, slots=True)
class MoveBy:
    """Move the clock on by a duration."""

    words: str


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Move the clock on to a moment."""

    words: str


@dataclass(frozen=True, slots=True)
class Quit:
    """The end."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Nothing happens but that this is shown to whoever typed the line."""

    text: str


Act = Say | SendPictures | SayPrivately | Recall | Join | Leave | Befriend
Move = MoveNext | MoveBy | MoveTo
Line = Act | Move | SpeakAs | ShowCast | ShowHelp | Quit | Hint

_NAMED = re.compile(r"([^:：]+?)\s*[:：]\s*(\S.*)", re.DOTALL)
_COMMAND = re.compile(r"[:：]([+＋]|\w+)\s*(.*)", re.DOTALL)
_USAGE = {
    "as": ":as 名字",
    "image": ":image 图片文件名，可以写几个",
    "recall": ":recall",
    "dm": ":dm 要说的话",
    "join": ":join 名字，或者 :join 名字 by 邀请人",
    "leave": ":leave 名字",
    "friend": ":friend 名字",
    "who": ":who",
    "help": ":help",
    "next": ":next",
    "+": ":+3h，也可以是 30s、5m、2d",
    "to": ":to 周五 19:00",
    "quit": ":quit",
}
_OF_SOMEONE = frozenset({"image", "recall", "dm"})


def parse(line: str, names: Collection[str]) -> Line | None:
    """The meaning of ``line`` where ``names`` are the people of the cast; None for an empty line."""
    text = line.strip()
    if not text:
        return None
    named = _NAMED.fullmatch(text)
    if named is not None and named[1] in names:
        return _parse_act(named[2], by=named[1])
    return _parse_act(text, by=None)


def _parse_act(text: str, by: str | None) -> Line:
    command = _COMMAND.fullmatch(text)
    if command is None:
        return Say(text, by)
    word = command[1].replace("＋", "+").lower()
    if word not in _USAGE:
        return Hint(_unknown(word))
    if by is not None and word not in _OF_SOMEONE:
        return Hint(f":{word} 前面不用写名字。")
    return _parse_command(word, command[2], by) or Hint(f"要这样写： {_USAGE[word]}")


def _unknown(word: str) -> str:
    near = difflib.get_close_matches(word, _USAGE, n=1)
    guess = f"是不是想写 :{near[0]}？" if near else ""
    return f"没有 :{word} 这个命令。{guess}打 :help 看看都有什么。"


def _parse_command(word: str, rest: str, by: str | None) -> Line | None:
    """None where ``rest`` lacks what the command needs, or holds what it cannot take."""
    match word, bool(rest):
        case "image", True:
            return SendPictures(tuple(rest.split()), by)
        case "dm", True:
            return SayPrivately(rest, by)
        case "recall", False:
            return Recall(by)
        case "join", True:
            return _parse_join(rest)
        case "leave", True:
            return Leave(_unique(rest))
        case "friend", True if len(rest.split()) == 1:
            return Befriend(rest)
        case "as", True:
            return SpeakAs(rest)
        case "who", False:
            return ShowCast()
        case "help", False:
            return ShowHelp()
        case "next", False:
            return MoveNext()
        case "+", True:
            return MoveBy(rest)
        case "to", True:
            return MoveTo(rest.replace("：", ":"))
        case "quit", False:
            return Quit()
    return None


def _parse_join(rest: str) -> Line | None:
    names, by, inviter = rest.partition(" by ")
    if not names.strip() or len(inviter.split()) != bool(by):
        return None
    return Join(_unique(names), inviter.strip() or None)


def _unique(names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.split()))
