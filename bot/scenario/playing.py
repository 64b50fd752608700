"""A scenario being played: how far it is, and how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.channels.base import Message
from bot.events import Chat, MessageReceived, Person
from bot.scenario.folder import Folder
from bot.scenario.script import RELOAD, Line, Script
from bot.scenario.world import World

_SHOWN_BEFORE = 6


@dataclass(slots=True)
class Play:
    """A scenario being played: the transcript, and why it failed (empty: it has not).

    ``nominal`` is the moment of the last line, before the pace and delays; ``matched`` counts the bot's
    messages that lines took; ``renumbered`` how often the platform gave a room or person another id;
    ``folder`` is what lines may change (None: no line wants to).
    """

    script: Script
    world: World
    nominal: datetime
    folder: Folder | None
    transcript: list[str] = field(default_factory=list)
    failure: str = ""
    said: dict[str, list[MessageReceived]] = field(default_factory=dict)
    matched: int = 0
    renumbered: Counter[str] = field(default_factory=Counter)

    @property
    def pending(self) -> Sequence[tuple[datetime, Message]]:
        """What the bot said that no line took yet."""
        return self.world.sent[self.matched :]

    def person(self, name: str) -> Person:
        return Person(self._id(f"person-{name}"), name)

    def chat(self, key: str) -> Chat:
        return Chat(self._id(f"room-{key}"), key)

    def _id(self, first: str) -> str:
        """The platform's id of today."""
        return first + "'" * self.renumbered[first]


def local_time(playing: Play, moment: datetime) -> str:
    local = moment.astimezone(playing.world.sops.community.zone)
    return f"{local.month}月{local.day}日 周{'一二三四五六日'[local.weekday()]} {local:%H:%M}"


def said(playing: Play, at: datetime, message: Message) -> str:
    place = message.chat_id or f"私聊 {message.person_id}"
    text = message.text.replace("\n", "\n      ")
    return f"{local_time(playing, at)} 机器人（{place.removeprefix('room-')}）：{text}"


def place(line: Line) -> str:
    return f"私聊 {line.private}" if line.private is not None else f"在{line.room}"


_ACTS = {
    "image": "图片",
    "voice": "语音",
    "sticker": "表情",
    "recall": "撤回",
    "join": "进群",
    "leave": "退群",
    "befriend": "加了机器人好友",
    "removed": "移走了机器人",
    "reload": RELOAD,
}


def changed(line: Line) -> str:
    """What the bot runs on from now on."""
    if line.reload is not None:
        return f"改了 {'、'.join(line.reload)}" if line.reload else "再读一遍"
    if line.renumbered:
        return f"{line.who or line.room}换了编号"
    return "机器人停了" if line.stop else "机器人重启"


def shown(line: Line) -> str:
    act = next(iter(line.acts), "")
    what = getattr(line, act, "")
    words = [_ACTS[act]] if act in _ACTS else []
    words += [str(what)] if isinstance(what, str | list) else []
    who = "、".join(line.join) if isinstance(line.join, list) else line.who
    return f"{who}（{'私聊' if line.private is not None or line.privately else line.room}） {' '.join(words)}"


def report(playing: Play) -> str:
    """Why it failed, with what was said before."""
    before = playing.transcript[-_SHOWN_BEFORE:]
    return (
        "\n".join([playing.failure, "之前：", *(f"  {line}" for line in before)])
        if before
        else playing.failure
    )
