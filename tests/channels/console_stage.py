"""What the console's tests share: a clock that is moved by hand, and a way to play a script from a pipe."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.channels.base import Message
from bot.channels.console import Cast, ConsoleChannel
from bot.events import ChannelEvent

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=SHANGHAI)
Answer = Callable[[ChannelEvent], list[Message]]


class FakeStage:
    """Hours and minutes are all it understands; ``due`` holds the moments for ``next``."""

    zone = SHANGHAI

    def __init__(self, can_move: bool = True, due: list[tuple[datetime, Message]] | None = None) -> None:
        self.can_move = can_move
        self.moment = MONDAY
        self.unanswered: list[Awaitable[object]] = []
        self.due = due or []
        self.send: Callable[[Message], Awaitable[object]]

    def now(self) -> datetime:
        return self.moment

    async def settle(self) -> None:
        while self.unanswered:
            await self.unanswered.pop(0)

    async def next(self) -> bool:
        if not self.due:
            return False
        self.moment, message = self.due.pop(0)
        await self.send(message)
        return True

    async def advance(self, words: str) -> None:
        if not words.endswith("h"):
            raise ValueError(f"看不懂“{words}”，可以写 3h。")
        self.moment += timedelta(hours=int(words[:-1]))

    async def to(self, words: str) -> None:
        hour, minute = words.split(":")
        self.moment = self.moment.replace(hour=int(hour), minute=int(minute))


def build(
    stage: FakeStage, stdin: TextIO, *, bot_name: str = "小野", cast: Cast | None = None
) -> tuple[ConsoleChannel, io.StringIO]:
    """A console that reads ``stdin``, and what it will have written."""
    out = io.StringIO()
    channel = ConsoleChannel(
        stage, bot_name=bot_name, room_title="会员1群", cast=cast, stdin=stdin, stdout=out
    )
    stage.send = channel.send
    return channel, out


async def play(
    script: str, stage: FakeStage | None = None, answer: Answer = lambda event: [], bot_name: str = "小野"
) -> tuple[list[str], list[ChannelEvent]]:
    """Run ``script`` to its end: the lines shown after the welcome, and the events after the first one.

    What ``answer`` gives for an event is said once the stage is asked to settle, as a runtime would.
    """
    stage = stage or FakeStage()
    channel, out = build(stage, io.StringIO(script), bot_name=bot_name)
    events: list[ChannelEvent] = []

    async def deliver(event: ChannelEvent) -> None:
        events.append(event)
        stage.unanswered.extend(channel.send(message) for message in answer(event))

    await channel.run(deliver)
    return out.getvalue().splitlines()[3 if stage.can_move else 1 :], events[1:]
