from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.base import Message
from bot.channels.fake import Echo, FakeChannel, Fault, shown_text
from bot.clock import VirtualClock
from bot.errors import FetchFailed, SendFailed, SendLost
from bot.events import Chat, FriendMade, LinkDown, LinkUp, Media, MessageKind, MessageReceived, Person
from tests.channels.contract import LinkContract, listening

MORNING = datetime(2026, 11, 30, 1, tzinfo=UTC)
ROOM = Chat("room-1", "会员群")
FRIEND = Person("xiaoman", "小满")
HELLO = Message(1, "早", chat_id=ROOM.id)


class FakeDriver:
    """Plays the platform by scripting the fake."""

    room, friend = ROOM.id, FRIEND.id

    def __init__(self) -> None:
        self.channel = FakeChannel(VirtualClock(MORNING).now)

    async def say(self, text: str) -> None:
        self.channel.say(text, FRIEND, ROOM)

    async def whisper(self, text: str) -> None:
        self.channel.say(text, FRIEND)

    async def befriend(self) -> None:
        self.channel.feed(FriendMade(self.channel.next_id(), FRIEND, MORNING))

    async def show(self) -> tuple[str, bytes]:
        media = (Media("dinner.jpg", "dinner.jpg"),)
        self.channel.pictures["dinner.jpg"] = b"\xff\xd8\xff"
        message = MessageReceived("m7", FRIEND, MORNING, MessageKind.IMAGE, ROOM, media=media)
        self.channel.feed(message)
        return "dinner.jpg", b"\xff\xd8\xff"

    async def shown(self, count: int) -> list[str]:
        assert len(self.channel.sent) >= count
        return [shown_text(message) for message, _ in self.channel.sent]

    async def cut(self) -> None:
        self.channel.cut()

    async def mend(self) -> None:
        self.channel.mend()


class TestFakeChannel(LinkContract):
    @pytest.fixture
    def driver(self) -> FakeDriver:
        return FakeDriver()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MORNING)


@pytest.fixture
def channel(clock: VirtualClock) -> FakeChannel:
    return FakeChannel(clock.now)


async def test_what_was_not_scripted_is_a_placeholder_and_none_cannot_be_had(channel: FakeChannel) -> None:
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        assert b"placeholder for dinner.jpg" in await channel.fetch("dinner.jpg")
        assert await channel.fetch("a") != await channel.fetch("b")
        channel.pictures["dinner.jpg"] = None
        with pytest.raises(FetchFailed):
            await channel.fetch("dinner.jpg")


async def test_ids_count_up_over_what_comes_in_and_what_goes_out(channel: FakeChannel) -> None:
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        assert channel.say("早", FRIEND, ROOM).id == "m1"
        assert await channel.send(HELLO) == "m2"
        assert channel.sent == [(HELLO, "m2")]


async def test_our_own_message_comes_back_after_the_send_returned(channel: FakeChannel) -> None:
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        sent_id = await channel.send(HELLO)
        assert heard.of(MessageReceived) == []
        (echo,) = await heard.some(MessageReceived)
        assert (echo.id, echo.text, echo.is_self, echo.chat) == (sent_id, "早", True, Chat(ROOM.id))


async def test_our_own_message_can_come_back_before_the_send_returns(channel: FakeChannel) -> None:
    channel.echo = Echo.BEFORE
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        sent_id = await channel.send(Message(1, "您好", person_id=FRIEND.id))
        (echo,) = heard.of(MessageReceived)
        assert (echo.id, echo.recipient, echo.chat) == (sent_id, Person(FRIEND.id), None)


async def test_our_own_message_can_stay_away(channel: FakeChannel) -> None:
    channel.echo = Echo.NEVER
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        await channel.send(HELLO)
        channel.say("早", FRIEND, ROOM)
        await channel.delivered()
        assert [message.is_self for message in heard.of(MessageReceived)] == [False]


async def test_faults_befall_one_message_each(channel: FakeChannel) -> None:
    channel.fail_next(Fault.REFUSED, Fault.LOST)
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        with pytest.raises(SendFailed):
            await channel.send(HELLO)
        with pytest.raises(SendLost):
            await channel.send(HELLO)
        assert channel.sent == []
        assert await channel.send(HELLO) == "m1"


async def test_a_lost_message_may_have_gone_out(channel: FakeChannel) -> None:
    channel.fail_next(Fault.LOST_BUT_SENT)
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        with pytest.raises(SendLost):
            await channel.send(HELLO)
        assert channel.sent == [(HELLO, "m1")]
        (echo,) = await heard.some(MessageReceived)
        assert echo.id == "m1"


async def test_a_send_can_hang(channel: FakeChannel) -> None:
    channel.fail_next(Fault.HANGS)
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.send(HELLO), 0.02)
        assert channel.sent == []


async def test_the_gap_is_measured_on_the_given_clock(channel: FakeChannel, clock: VirtualClock) -> None:
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        channel.cut("换了手机", fatal=True)
        clock.move(MORNING + timedelta(minutes=7))
        channel.mend()
        ups = await heard.some(LinkUp, 2)
        assert heard.of(LinkDown) == [LinkDown(MORNING, "换了手机", fatal=True)]
        assert ups[1].gap == timedelta(minutes=7)


async def test_it_ends_when_its_input_has_ended_and_can_run_again(channel: FakeChannel) -> None:
    async with listening(channel) as heard:
        await heard.some(LinkUp)
    channel.say("一", FRIEND, ROOM)
    channel.end()
    async with listening(channel) as heard:
        (message,) = await heard.said()
        await channel.delivered()
        assert message.id == "m1"
