"""A channel without a platform: tests, scenarios and the simulation say what happens and see what was sent.

It does nothing by itself and knows no time but that of ``now``, so that it is deterministic under a
virtual clock. Ids are ``m1``, ``m2`` … for what comes in and what goes out alike, and go on counting when
the same object runs again (a restart of the bot is not a restart of the platform).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import Enum

from bot.channels.base import Capabilities, Deliver, Effect, File, Message, Picture
from bot.channels.placeholder import placeholder
from bot.errors import FetchFailed, NotConnected, SendFailed, SendLost, TooOften
from bot.events import ChannelEvent, Chat, LinkDown, LinkUp, MessageReceived, Person


class Fault(Enum):
    """What happens to a message instead of being sent."""

    REFUSED = "refused"
    TOO_OFTEN = "too often"
    LOST = "lost"
    LOST_BUT_SENT = "lost but sent"
    HANGS = "hangs"


class Echo(Enum):
    """When the platform tells us what we said ourselves."""

    NEVER = "never"
    BEFORE = "before the send returns"
    AFTER = "after the send returned"


class FakeChannel:
    """Scripted by ``feed``, ``say``, ``fail_next``, ``cut``, ``mend``, ``end``.

    Seen through ``sent`` (what was said) and ``done`` (every effect). ``pictures`` are the bytes behind
    references, None where they cannot be had; behind all others is a placeholder.
    """

    name = "fake"
    capabilities = Capabilities(recall=True, mention_all=True, pictures=True, friends=True, invitations=True)

    def __init__(self, now: Callable[[], datetime], *, echo: Echo = Echo.AFTER) -> None:
        self.me = Person("bot", "小原")
        self.sent: list[tuple[Message, str]] = []
        self.done: list[Effect] = []
        self.pictures: dict[str, bytes | None] = {}
        self.echo = echo
        self._now = now
        self._events: asyncio.Queue[ChannelEvent | None] = asyncio.Queue()
        self._faults: deque[Fault] = deque()
        self._last_id = 0
        self._up = False
        self._cut_at: datetime | None = None

    async def run(self, deliver: Deliver) -> None:
        try:
            self._up = True
            await deliver(LinkUp(self._now(), self.me.id, self.me.name))
            while await self._deliver_next(deliver):
                pass
        finally:
            self._up = False

    async def send(self, effect: Effect) -> str | None:
        if not self._up:
            raise NotConnected("the link is down")
        fault = self._faults.popleft() if self._faults else None
        if fault is Fault.REFUSED:
            raise SendFailed("refused, as scripted")
        if fault is Fault.TOO_OFTEN:
            raise TooOften("too often, as scripted")
        if fault is Fault.LOST:
            raise SendLost("lost, as scripted")
        if fault is Fault.HANGS:
            await asyncio.Event().wait()
        self.done.append(effect)
        if isinstance(effect, Message):
            return await self._show(effect, lost=fault is Fault.LOST_BUT_SENT)
        return self.next_id() if isinstance(effect, Picture | File) else None

    async def fetch(self, ref: str) -> bytes:
        if not self._up:
            raise NotConnected("the link is down")
        content = self.pictures.get(ref, placeholder(ref))
        if content is None:
            raise FetchFailed("not to be had, as scripted")
        return content

    def feed(self, *events: ChannelEvent) -> None:
        """Let these happen, after all that was fed before."""
        for event in events:
            self._events.put_nowait(event)

    def say(self, text: str, sender: Person, chat: Chat | None = None) -> MessageReceived:
        """``sender`` says ``text`` now, in ``chat`` or to the bot in private."""
        message = MessageReceived(self.next_id(), sender, self._now(), chat=chat, text=text)
        self.feed(message)
        return message

    def next_id(self) -> str:
        """The platform's next message id."""
        self._last_id += 1
        return f"m{self._last_id}"

    def fail_next(self, *faults: Fault) -> None:
        """Give the next messages these fates, one each."""
        self._faults.extend(faults)

    def cut(self, reason: str = "连接断了", *, fatal: bool = False) -> None:
        """Lose the link at once; the news of it comes after what was fed before."""
        self._up = False
        self._cut_at = self._now()
        self.feed(LinkDown(self._cut_at, reason, fatal))

    def mend(self) -> None:
        """Have the link back."""
        assert self._cut_at is not None, "cut() it first"
        self._up = True
        self.feed(LinkUp(self._now(), self.me.id, self.me.name, gap=self._now() - self._cut_at))
        self._cut_at = None

    def end(self) -> None:
        """No more input will come: ``run`` returns once all that was fed is delivered."""
        self._events.put_nowait(None)

    async def delivered(self) -> None:
        """Wait until all that was fed is delivered."""
        await self._events.join()

    async def _deliver_next(self, deliver: Deliver) -> bool:
        event = await self._events.get()
        try:
            if event is not None:
                await deliver(event)
        finally:
            self._events.task_done()
        return event is not None

    async def _show(self, message: Message, *, lost: bool) -> str:
        shown_id = self.next_id()
        self.sent.append((message, shown_id))
        if self.echo is not Echo.NEVER:
            self.feed(self._echo_of(message, shown_id))
        if self.echo is Echo.BEFORE:
            await self.delivered()
        if lost:
            raise SendLost("sent, but nobody was told, as scripted")
        return shown_id

    def _echo_of(self, message: Message, shown_id: str) -> MessageReceived:
        return MessageReceived(
            shown_id,
            self.me,
            self._now(),
            chat=Chat(message.chat_id) if message.chat_id else None,
            text=shown_text(message),
            mentioned=tuple(id for id, _ in message.mentions),
            is_self=True,
            recipient=Person(message.person_id) if message.person_id else None,
        )


def shown_text(message: Message) -> str:
    """What people see of this message."""
    return "".join(f"@{name} " for name in message.called) + message.text
