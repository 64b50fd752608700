"""What every channel has to keep, written once.

An implementation's test module subclasses ``ChannelContract`` (or ``LinkContract``, where the link can be
lost) and provides a ``driver`` fixture: the other side of the platform, which can speak and can be looked at.
``listening`` runs a channel and collects what it delivers; the modules' own tests use it as well.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Protocol, TypeVar

import pytest

from bot.channels.base import Channel, Message
from bot.errors import NotConnected, SendFailed
from bot.events import ChannelEvent, FriendMade, LinkDown, LinkUp, MessageKind, MessageReceived

PATIENCE = 15.0
E = TypeVar("E")


class Driver(Protocol):
    """The platform as a test sees it: ``room`` and ``friend`` are ids that the channel can send to."""

    channel: Channel
    room: str
    friend: str

    async def say(self, text: str) -> None:
        """Somebody says this in the room."""

    async def whisper(self, text: str) -> None:
        """The friend says this to the bot in private."""

    async def befriend(self) -> None:
        """The friend and the bot become friends."""

    async def show(self) -> tuple[str, bytes]:
        """Somebody shows a picture in the room; gives its name, and its bytes."""

    async def shown(self, count: int) -> list[str]:
        """The texts that the platform shows of ours, oldest first, once there are ``count``."""


class LinkDriver(Driver, Protocol):
    """A platform whose link can be cut."""

    async def cut(self) -> None:
        """The platform cannot be reached from now on."""

    async def mend(self) -> None:
        """The platform can be reached again."""


class Heard:
    """What a channel delivered so far."""

    def __init__(self, pause: float = 0.0) -> None:
        self.events: list[ChannelEvent] = []
        self._pause = pause
        self._grown = asyncio.Condition()

    async def deliver(self, event: ChannelEvent) -> None:
        await asyncio.sleep(self._pause)
        self.events.append(event)
        async with self._grown:
            self._grown.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience), self._grown:
            await self._grown.wait_for(holds)

    async def some(self, kind: type[E], count: int = 1, patience: float = PATIENCE) -> list[E]:
        """The events of this kind, as soon as there are ``count``."""
        await self.until(lambda: len(self.of(kind)) >= count, patience)
        return self.of(kind)

    async def said(self, count: int = 1, patience: float = PATIENCE) -> list[MessageReceived]:
        """The messages of others, as soon as there are ``count``."""
        await self.until(lambda: len(self._said()) >= count, patience)
        return self._said()

    def _said(self) -> list[MessageReceived]:
        return [message for message in self.of(MessageReceived) if not message.is_self]


@contextlib.asynccontextmanager
async def listening(channel: Channel, pause: float = 0.0) -> AsyncIterator[Heard]:
    """Run the channel for the length of the block; ``pause`` slows its listener down."""
    heard = Heard(pause)
    running = asyncio.create_task(channel.run(heard.deliver))
    try:
        yield heard
    finally:
        await stop(running)


async def stop(running: asyncio.Task[None]) -> None:
    """Cancel a running channel, which has a second to end; its own error is the test's error."""
    running.cancel()
    async with asyncio.timeout(1):
        await asyncio.wait({running})
    if not running.cancelled():
        running.result()


class ChannelContract:
    """Holds for every channel."""

    async def test_the_first_event_says_that_messages_can_be_sent(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            (up,) = await heard.some(LinkUp)
            assert heard.events[0] == up
            assert up.gap is None
            await driver.channel.send(Message(1, "早上好", chat_id=driver.room))

    async def test_what_is_said_in_a_room_arrives_with_who_where_and_when(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.say("番茄熟了")
            (message,) = await heard.said()
            assert message.text == "番茄熟了"
            assert message.chat is not None
            assert message.chat.id == driver.room
            assert message.sender.id
            assert message.occurred_at.utcoffset() is not None

    async def test_what_is_said_in_private_has_no_chat(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.whisper("我想报名")
            (message,) = await heard.said()
            assert (message.text, message.chat, message.sender.id) == ("我想报名", None, driver.friend)

    async def test_who_becomes_a_friend_is_told_with_their_name(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.befriend()
            (made,) = await heard.some(FriendMade)
            assert made.id
            assert (made.person.id, made.person.name) == (driver.friend, "小满")
            assert made.occurred_at.utcoffset() is not None

    async def test_messages_arrive_once_and_in_order_however_slow_the_listener(self, driver: Driver) -> None:
        async with listening(driver.channel, pause=0.002) as heard:
            await heard.some(LinkUp)
            for number in range(50):
                await driver.say(f"第{number}句")
            messages = await heard.said(50)
            assert [message.text for message in messages] == [f"第{number}句" for number in range(50)]
            assert len({message.id for message in messages}) == 50

    async def test_a_message_to_a_room_is_shown_there(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.channel.send(Message(1, "今晚7桌啦\n番茄牛腩看饿了", chat_id=driver.room))
            assert await driver.shown(1) == ["今晚7桌啦\n番茄牛腩看饿了"]

    async def test_a_message_to_a_person_is_shown_to_them(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.channel.send(Message(1, "收到您的问卷了", person_id=driver.friend))
            assert await driver.shown(1) == ["收到您的问卷了"]

    async def test_who_is_mentioned_stands_before_the_text(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            mentions = ((driver.friend, "小满"),)
            await driver.channel.send(Message(1, "您的问题有答案了", chat_id=driver.room, mentions=mentions))
            (text,) = await driver.shown(1)
            assert text.split() == ["@小满", "您的问题有答案了"]

    async def test_everybody_is_called_before_the_text_where_the_platform_can(self, driver: Driver) -> None:
        message = Message(1, "明天开村口大会", chat_id=driver.room, at_all=True)
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            if driver.channel.capabilities.mention_all:
                await driver.channel.send(message)
                assert await driver.shown(1) == ["@所有人 明天开村口大会"]
            else:
                with pytest.raises(SendFailed):
                    await driver.channel.send(message)
                assert await driver.shown(0) == []

    async def test_a_picture_is_announced_and_its_bytes_can_be_fetched(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            name, content = await driver.show()
            (message,) = await heard.said()
            assert (message.kind, message.text) == (MessageKind.IMAGE, "")
            (media,) = message.media
            assert media.name == name
            assert await driver.channel.fetch(media.ref) == content
        with pytest.raises(NotConnected):
            await driver.channel.fetch(media.ref)

    async def test_ids_of_sent_messages_are_all_different(self, driver: Driver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            ids = [await driver.channel.send(Message(n, f"{n}", chat_id=driver.room)) for n in range(3)]
            assert len({id for id in ids if id is not None}) == 3 - ids.count(None)

    async def test_nothing_can_be_sent_before_it_runs(self, driver: Driver) -> None:
        with pytest.raises(NotConnected):
            await driver.channel.send(Message(1, "太早了", chat_id=driver.room))

    async def test_it_stops_at_once_and_leaves_no_task_behind(self, driver: Driver) -> None:
        before = asyncio.all_tasks()
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.say("还在")
            await heard.said()
        assert asyncio.all_tasks() - before == set()
        with pytest.raises(NotConnected):
            await driver.channel.send(Message(1, "太晚了", chat_id=driver.room))


class LinkContract(ChannelContract):
    """Holds besides for a channel whose link can be lost."""

    async def test_a_lost_link_is_told_and_comes_back_by_itself(self, driver: LinkDriver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.cut()
            (down,) = await heard.some(LinkDown)
            assert down.reason
            with pytest.raises(NotConnected):
                await driver.channel.send(Message(1, "没人听见", chat_id=driver.room))
            await driver.mend()
            ups = await heard.some(LinkUp, 2)
            assert ups[1].gap is not None
            assert ups[1].gap >= timedelta(0)

    async def test_it_listens_and_speaks_after_the_link_came_back(self, driver: LinkDriver) -> None:
        async with listening(driver.channel) as heard:
            await heard.some(LinkUp)
            await driver.cut()
            await heard.some(LinkDown)
            await driver.mend()
            await heard.some(LinkUp, 2)
            await driver.say("我回来了")
            assert [message.text for message in await heard.said()] == ["我回来了"]
            await driver.channel.send(Message(1, "欢迎回来", chat_id=driver.room))
            assert (await driver.shown(1))[-1] == "欢迎回来"
