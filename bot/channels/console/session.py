"""One sitting at the console: obeys typed lines, one after the other."""

from __future__ import annotations

from bot.channels.base import Deliver
from bot.channels.console.grammar import (
    Act,
    Hint,
    Line,
    Move,
    MoveBy,
    MoveNext,
    MoveTo,
    Quit,
    ShowCast,
    ShowHelp,
    SpeakAs,
)
from bot.channels.console.group import Group, Refused
from bot.channels.console.screen import Screen
from bot.channels.console.stage import Stage

HELP = """\
直接打字，就是在群里说话。还可以：
某某: 大家好          某某在群里说
@某某 你好            提到某某，@机器人的名字也行
:as 某某              换某某来说话
:image dinner.jpg     发图片，可以一次发几张
:recall               撤回刚说的一条
:dm 我想报名          私聊机器人
:join 某某            某某进群；:join 某某 by 邀请人
:leave 某某           某某离开群
:friend 某某          某某加了机器人好友
:who                  看看都有谁
:next                 跳到下一件到点的事
:+3h                  往后拨 3 小时，也可以是 30s、5m、2d
:to 周五 19:00        拨到某个时刻
:quit                 结束
发图片、撤回和私聊前面也能写名字，比如 某某: :image dinner.jpg"""
REAL_CLOCK = "现在走的是真实时间，不能拨。想快进，请用 bot demo。"


class Session:
    """``obey`` shows what a line does and tells the runtime; the clock is moved by ``stage``."""

    def __init__(self, stage: Stage, group: Group, screen: Screen, deliver: Deliver) -> None:
        self._stage, self._group, self._screen, self._deliver = stage, group, screen, deliver

    @property
    def prompt(self) -> str:
        return f"{self._group.speaker.shown} ▸ "

    def welcome(self) -> None:
        title, bot = self._group.chat.title, self._group.bot.shown
        self._screen.note(f"这里是“{title}”，{bot}也在群里。直接打字就能说话，打 :help 看看还能做什么。")
        if self._stage.can_move:
            self._screen.note("这里的时间可以拨，打 :next 跳到下一件到点的事。现在是：")
            self._screen.clock(self._stage.now())

    async def obey(self, line: Line) -> bool:
        """Do what ``line`` says; False when it says that this is the end."""
        match line:
            case Quit():
                return False
            case Hint():
                self._screen.note(line.text)
            case ShowHelp():
                self._screen.note(HELP)
            case ShowCast():
                self._show_cast()
            case SpeakAs():
                self._speak_as(line.name)
            case MoveNext() | MoveBy() | MoveTo():
                await self._move(line)
            case _:
                await self._act(line)
        return True

    def _show_cast(self) -> None:
        group = self._group
        inside = "、".join(person.shown for person in (*group.cast.members, group.bot))
        outside = "、".join(person.shown for person in group.cast.strangers)
        self._screen.note(f"群里有：{inside}")
        if outside:
            self._screen.note(f"不在群里：{outside}")
        self._screen.note(f"现在是{group.speaker.shown}在说话")

    def _speak_as(self, name: str) -> None:
        try:
            self._group.speak_as(name)
        except Refused as refusal:
            self._screen.note(str(refusal))
        else:
            self._screen.note(f"现在是{name}在说话")

    async def _act(self, act: Act) -> None:
        try:
            events = self._group.events(act)
        except Refused as refusal:
            self._screen.note(str(refusal))
            return
        for event in events:
            self._screen.show(event)
            await self._deliver(event)

    async def _move(self, move: Move) -> None:
        problem = await self._moved(move) if self._stage.can_move else REAL_CLOCK
        if problem is not None:
            self._screen.note(problem)
            return
        await self._stage.settle()
        self._screen.clock(self._stage.now())

    async def _moved(self, move: Move) -> str | None:
        """Move the clock, or tell why not."""
        try:
            match move:
                case MoveNext():
                    return None if await self._stage.next() else "后面没有安排了。"
                case MoveBy():
                    await self._stage.advance(move.words)
                case MoveTo():
                    await self._stage.to(move.words)
        except ValueError as problem:
            return str(problem)
        return None
