"""The channel against the real Node gateway; only the WeChat account behind that is mocked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.channels.base import Message
from bot.channels.wechaty import WechatyChannel
from bot.errors import SendFailed, SendLost
from bot.events import (
    LinkDown,
    LinkUp,
    LoginCode,
    Malformed,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
    RoomRenamed,
)
from tests.channels.contract import Heard, LinkContract, listening
from tests.gateway.gateway import BOT, EXPERT, FRIEND, ROOM, TOKEN, Gateway


class WechatyDriver:
    """WeChat, as the gateway's control port plays it."""

    room, friend = ROOM, FRIEND

    def __init__(self, gateway: Gateway, channel: WechatyChannel) -> None:
        self.gateway, self.channel = gateway, channel

    async def say(self, text: str) -> None:
        await self.gateway.say(text)

    async def whisper(self, text: str) -> None:
        await self.gateway.say(text, room=None)

    async def shown(self, count: int) -> list[str]:
        sent = await self.gateway.wait_for_sent(lambda sent: len(sent) >= count)
        return [message["text"] for message in sent]

    async def cut(self) -> None:
        self.gateway.kill()

    async def mend(self) -> None:
        await self.gateway.start()


class TestWechatyChannel(LinkContract):
    @pytest.fixture
    def driver(self, gateway: Gateway, channel: WechatyChannel) -> WechatyDriver:
        return WechatyDriver(gateway, channel)


class TestHearing:
    @pytest.fixture
    async def heard(self, channel: WechatyChannel) -> AsyncIterator[Heard]:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            yield heard

    async def test_the_account_is_named_when_it_is_there(self, heard: Heard) -> None:
        (up,) = heard.of(LinkUp)
        assert (up.account_id, up.account_name) == (BOT, "小原")

    async def test_people_and_rooms_have_names(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.say("焯20秒就好", by=EXPERT)
        (message,) = await heard.said()
        assert message.sender == Person(EXPERT, "老周", "周师傅")
        assert message.chat is not None
        assert message.chat.title == "会员群"

    async def test_a_name_that_changed_is_asked_for_again(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.say("一", room=None)
        await heard.said(1)
        await gateway.ask("rename", id=FRIEND, name="小满儿")
        await gateway.say("二", room=None)
        assert [message.sender.name for message in await heard.said(2)] == ["小满", "小满儿"]

    async def test_somebody_without_a_name_is_heard(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.event("message", messageId=await gateway.say("我是谁", by="stranger"))
        await gateway.ask("say", **{"from": "ghost"}, room="no-such-room", text="在吗")
        message = (await heard.said(3))[2]
        assert (message.sender.id, message.text) == ("ghost", "在吗")
        assert message.chat is not None
        assert (message.chat.id, message.chat.title) == ("no-such-room", "")

    async def test_a_picture_is_announced_by_a_reference(self, heard: Heard, gateway: Gateway) -> None:
        picture = await gateway.image()
        (message,) = await heard.said()
        assert (message.id, message.kind, message.text) == (picture, MessageKind.IMAGE, "")
        assert [(media.ref, media.name) for media in message.media] == [(picture, "dinner.jpg")]

    async def test_a_recall_names_the_message_taken_back(self, heard: Heard, gateway: Gateway) -> None:
        said = await gateway.say("发错了")
        await gateway.recall(said)
        (recalled,) = await heard.some(MessageRecalled)
        assert (recalled.message_id, recalled.sender.id) == (said, FRIEND)
        assert recalled.id != said

    async def test_people_who_join_come_with_whom_they_came_by(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.join("apple", "pear", inviter=EXPERT)
        (joined,) = await heard.some(MembersJoined)
        assert [person.id for person in joined.people] == ["apple", "pear"]
        assert joined.inviter == Person(EXPERT, "老周", "周师傅")
        assert not joined.bot_joined

    async def test_nobody_may_have_invited_us(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.join(BOT, room="staff")
        (joined,) = await heard.some(MembersJoined)
        assert (joined.chat.title, joined.inviter, joined.bot_joined) == ("运营群", None, True)

    async def test_people_leave_or_are_removed(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.leave(FRIEND)
        await gateway.leave(BOT, remover=EXPERT)
        gone, removed = await heard.some(MembersLeft, 2)
        assert ([person.id for person in gone.people], gone.remover, gone.bot_left) == ([FRIEND], None, False)
        assert removed.remover is not None
        assert (removed.remover.id, removed.bot_left) == (EXPERT, True)

    async def test_a_room_gets_a_new_title(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.say("早")
        await heard.said()
        await gateway.topic("番茄群")
        (renamed,) = await heard.some(RoomRenamed)
        await gateway.say("改名啦")
        message = (await heard.said(2))[1]
        assert message.chat == renamed.chat
        assert renamed.chat.title == "番茄群"

    @pytest.mark.parametrize("name", ["小原", "小原助手"])
    async def test_our_name_in_the_text_is_a_mention(self, heard: Heard, gateway: Gateway, name: str) -> None:
        await gateway.say(f"@{name}\u2005排行", mentions=[""])
        (message,) = await heard.said()
        assert message.to_bot
        assert message.mentioned == (BOT,)

    async def test_a_mention_of_others_is_not_for_us(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.say("@周师傅\u2005番茄怎么存", mentions=[EXPERT])
        (message,) = await heard.said()
        assert (message.mentioned, message.to_bot) == ((EXPERT,), False)

    async def test_a_thousand_messages_arrive_once_and_in_order(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.burst("第", 1000)
        assert [message.text for message in await heard.said(1000)] == [f"第{n}" for n in range(1000)]

    async def test_malformed_events_are_told_and_do_not_end_the_listening(
        self, heard: Heard, gateway: Gateway
    ) -> None:
        await gateway.event("message")
        await gateway.event("message", messageId="never-was")
        await gateway.event("room-join", roomId=ROOM)
        await gateway.event("room-topic", timestamp="yesterday")
        await gateway.event("dirty", payloadType=3)
        await gateway.event("login")
        for harmless in ("heartbeat", "ready", "dong", "error", "friendship", "room-invite"):
            await gateway.event(harmless)
        await gateway.say("还听得见")
        assert [message.text for message in await heard.said()] == ["还听得见"]
        assert [malformed.summary for malformed in heard.of(Malformed)] == [
            "event message: no messageId",
            "event message: its payload: UNKNOWN",
            "event room_join: no inviteeIdList",
            "event room_topic: no roomId",
            "event dirty: no payloadId",
            "event login: no contactId",
        ]

    async def test_signing_out_and_in_again_is_told(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.logout()
        (down,) = await heard.some(LinkDown)
        assert down.fatal
        await gateway.event("scan", qrcode="https://login.example/1", status=2)
        (code,) = await heard.some(LoginCode)
        assert (code.url, code.status) == ("https://login.example/1", "等待扫码")
        await gateway.login()
        ups = await heard.some(LinkUp, 2)
        assert ups[1].gap is not None


class TestSpeaking:
    @pytest.fixture
    async def heard(self, channel: WechatyChannel) -> AsyncIterator[Heard]:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            yield heard

    async def test_our_own_message_comes_back_with_the_id_of_the_send(
        self, heard: Heard, channel: WechatyChannel
    ) -> None:
        sent_id = await channel.send(Message(1, "您好", person_id=FRIEND))
        (echo,) = await heard.some(MessageReceived)
        assert (echo.id, echo.is_self, echo.chat) == (sent_id, True, None)
        assert (echo.sender.id, echo.recipient) == (BOT, Person(FRIEND, "小满"))

    async def test_a_mention_shows_the_name_that_the_room_knows(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await channel.send(
            Message(1, "有人问您", chat_id=ROOM, mentions=((EXPERT, "老周"), (FRIEND, "小满")))
        )
        (sent,) = await gateway.wait_for_sent()
        assert sent["text"] == "@周师傅\u2005@小满\u2005 有人问您"
        assert sent["mentionIds"] == [EXPERT, FRIEND]

    async def test_a_refusal_says_why_and_that_nothing_went_out(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await gateway.faults(sendError="操作太频繁")
        with pytest.raises(SendFailed, match="操作太频繁"):
            await channel.send(Message(1, "早", chat_id=ROOM))
        assert await gateway.sent() == []

    async def test_a_send_that_takes_too_long_is_lost_though_it_went_out(self, gateway: Gateway) -> None:
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", send_timeout=0.1)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(sendDelay=1000)
            with pytest.raises(SendLost):
                await channel.send(Message(1, "早", chat_id=ROOM))
            (sent,) = await gateway.wait_for_sent()
            (echo,) = await heard.some(MessageReceived)
            assert echo.id == sent["id"]

    async def test_a_send_during_which_the_gateway_dies_is_lost(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await gateway.faults(sendDelay=5000)
        sending = asyncio.create_task(channel.send(Message(1, "早", chat_id=ROOM)))
        await gateway.wait_for_sent()
        gateway.kill()
        with pytest.raises(SendLost):
            await sending
