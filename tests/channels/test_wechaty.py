"""The channel against the real Node gateway; only the WeChat account behind that is mocked."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.base import (
    LARGEST,
    Effect,
    File,
    FriendAcceptance,
    Invitation,
    InvitationAcceptance,
    Message,
    Picture,
)
from bot.channels.placeholder import placeholder
from bot.channels.wechaty import Timing, WechatyChannel
from bot.errors import FetchFailed, NotConnected, SendFailed, SendLost, TooOften
from bot.events import (
    FriendMade,
    FriendRequested,
    LinkDown,
    LinkUp,
    LoginCode,
    Malformed,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Patted,
    Person,
    Quote,
    RoomInvited,
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

    async def befriend(self) -> None:
        await self.gateway.befriend(by=FRIEND, type=1)

    async def show(self) -> tuple[str, bytes]:
        picture = b"\xff\xd8\xff\xe0 tomato"
        await self.gateway.image(picture)
        return "dinner.jpg", picture

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

    async def test_whom_we_invited_nobody_brought(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.join("apple", inviter=BOT)
        (joined,) = await heard.some(MembersJoined)
        assert joined.inviter is None

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
        await gateway.event("friendship", friendshipId="")
        await gateway.event("room-invite")
        for harmless in ("heartbeat", "ready", "dong", "error"):
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
            "event friendship: no friendshipId",
            "event room_invite: no roomInvitationId",
        ]

    async def test_a_title_without_a_time_is_told_all_the_same(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.event("room-topic", roomId=ROOM, newTopic="番茄群")
        (renamed,) = await heard.some(RoomRenamed)
        assert (renamed.chat.title, renamed.by) == ("番茄群", None)
        assert renamed.occurred_at.utcoffset() is not None

    async def test_a_quote_arrives_without_what_it_quotes(self, heard: Heard, gateway: Gateway) -> None:
        quoted = "<refermsg><svrid>9</svrid><content>#我的原野餐桌# /关群</content></refermsg>"
        await gateway.say(f"<msg><appmsg><title>焯20秒</title><type>57</type>{quoted}</appmsg></msg>", type=0)
        await gateway.say("「小满：几点开始」\n- - - - - - - - - - - - - - -\n七点")
        by_xml, by_ruler = await heard.said(2)
        assert (by_xml.text, by_xml.quote) == ("焯20秒", Quote("9", "", "#我的原野餐桌# /关群"))
        assert (by_ruler.text, by_ruler.quote) == ("七点", Quote("", "小满", "几点开始"))

    @pytest.mark.parametrize(
        ("wire_type", "text", "kind"),
        [
            (2, '<msg><voicemsg voicelength="31200"/></msg>', MessageKind.VOICE),
            (5, "<msg><emoji/></msg>", MessageKind.STICKER),
            (9, "小程序的标题", MessageKind.MINI_PROGRAM),
            (
                11,
                "<msg><appmsg><title>微信转账</title><type>2000</type></appmsg></msg>",
                MessageKind.TRANSFER,
            ),
            (12, "恭喜发财，大吉大利", MessageKind.RED_PACKET),
            (14, '{"url": "somewhere"}', MessageKind.LINK),
            (0, "<msg><appmsg><title>看看</title><type>51</type></appmsg></msg>", MessageKind.POST),
            (8, "广东省深圳市", MessageKind.LOCATION),
            (3, "<msg username='wxid_x'/>", MessageKind.CONTACT),
        ],
    )
    async def test_what_is_no_text_arrives_by_its_kind_and_without_titles(
        self, heard: Heard, gateway: Gateway, wire_type: int, text: str, kind: MessageKind
    ) -> None:
        await gateway.say(text, type=wire_type)
        (message,) = await heard.said()
        assert (message.kind, message.text) == (kind, "")
        assert message.seconds == (32 if kind is MessageKind.VOICE else None)

    async def test_a_pat_is_told_by_the_ids_of_both(self, heard: Heard, gateway: Gateway) -> None:
        ids = "<fromusername>{0}</fromusername><pattedusername>{1}</pattedusername>"
        pat = f"<pat>{ids}<template>拍了拍</template></pat>"
        for by, whom in ((FRIEND, EXPERT), (FRIEND, BOT), (BOT, FRIEND)):
            await gateway.say(f'members:\n<sysmsg type="pat">{pat.format(by, whom)}</sysmsg>', by="", type=13)
        await gateway.say("到此为止")
        await heard.said()
        at_expert, at_bot = heard.of(Patted)
        assert at_expert.by is not None
        assert at_expert.whom is not None
        assert (at_expert.by.id, at_expert.whom.id, at_expert.to_bot) == (FRIEND, EXPERT, False)
        assert (at_bot.whom, at_bot.to_bot, at_bot.chat.title) == (None, True, "会员群")

    async def test_a_pat_may_be_told_by_names_alone(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.say('"小满" 拍了拍 "周师傅"', by="", type=0)
        await gateway.say('"小满" 拍了拍 "小原助手" 的肩膀', by="", type=0)
        await gateway.say('"小满" 拍了拍 "周师傅"')
        (typed,) = await heard.said()
        assert typed.kind is MessageKind.TEXT
        assert [(pat.by, pat.whom, pat.to_bot) for pat in heard.of(Patted)] == [
            (None, None, False),
            (None, None, True),
        ]

    async def test_who_wants_to_be_friends_is_told_and_who_is_one_now(
        self, heard: Heard, gateway: Gateway
    ) -> None:
        confirmed = await gateway.befriend(by=EXPERT, type=1)
        await gateway.befriend(by=EXPERT, type=3)  # something else that is verified
        request = await gateway.befriend(hello="我想进群")
        (asked,) = await heard.some(FriendRequested)
        assert (asked.id, asked.person) == (request, Person("stranger"))
        (made,) = heard.of(FriendMade)
        assert (made.id, made.person.id, bool(made.person.name)) == (confirmed, EXPERT, True)

    async def test_an_invitation_is_told_with_whose_it_is(self, heard: Heard, gateway: Gateway) -> None:
        invitation = await gateway.invite()
        (invited,) = await heard.some(RoomInvited)
        assert (invited.id, invited.inviter.id) == (invitation, EXPERT)

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
        await gateway.faults(sendError="对方还不是您的朋友")
        with pytest.raises(SendFailed, match="还不是您的朋友") as raised:
            await channel.send(Message(1, "早", chat_id=ROOM))
        assert not isinstance(raised.value, TooOften)
        assert await gateway.sent() == []

    @pytest.mark.parametrize(
        "answer", ["操作过于频繁，请稍后再试", "操作太频繁", "Too often", "too many requests", "rate-limited"]
    )
    async def test_too_often_is_a_refusal_of_its_own(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway, answer: str
    ) -> None:
        await gateway.faults(sendError=answer)
        with pytest.raises(TooOften):
            await channel.send(Message(1, "早", chat_id=ROOM))

    async def test_a_picture_is_sent_with_its_bytes(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway, tmp_path: Path
    ) -> None:
        picture = tmp_path / "封面.png"
        picture.write_bytes(placeholder("封面") * 1000)
        sent_id = await channel.send(Picture(1, picture, chat_id=ROOM))
        (sent,) = await gateway.sent()
        assert (sent["id"], sent["conversationId"], sent["name"]) == (sent_id, ROOM, "封面.png")
        assert b64decode(sent["base64"]) == picture.read_bytes()
        (echo,) = await heard.some(MessageReceived)
        assert (echo.id, echo.is_self, echo.kind) == (sent_id, True, MessageKind.IMAGE)

    async def test_a_file_is_sent_in_private_under_its_name(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway, tmp_path: Path
    ) -> None:
        file = tmp_path / "M1-20261130.zip"
        file.write_bytes(b"PK")
        await channel.send(File(1, file, person_id=FRIEND))
        (sent,) = await gateway.sent()
        assert (sent["conversationId"], sent["name"]) == (FRIEND, file.name)
        assert b64decode(sent["base64"]) == b"PK"

    async def test_a_picture_that_is_not_there_is_refused(
        self, heard: Heard, channel: WechatyChannel, tmp_path: Path
    ) -> None:
        with pytest.raises(SendFailed):
            await channel.send(Picture(1, tmp_path / "gone.png", chat_id=ROOM))

    @pytest.mark.parametrize(
        ("effect", "done"),
        [
            (FriendAcceptance(1, "friend-1"), ["friend", "friend-1"]),
            (InvitationAcceptance(1, "invitation-1"), ["invitation", "invitation-1"]),
            (Invitation(1, ROOM, FRIEND), ["invite", ROOM, FRIEND]),
        ],
    )
    async def test_friends_and_invitations_are_accepted_and_people_invited(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway, effect: Effect, done: list[str]
    ) -> None:
        assert await channel.send(effect) is None
        assert await gateway.done() == [done]
        await gateway.faults(sendError="不可以")
        with pytest.raises(SendFailed):
            await channel.send(effect)

    @pytest.mark.parametrize("effect", [FriendAcceptance(1, "f"), Invitation(1, ROOM, FRIEND)])
    async def test_an_act_without_an_answer_is_lost(self, gateway: Gateway, effect: Effect) -> None:
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", send_timeout=0.1)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(sendDelay=1000)
            with pytest.raises(SendLost):
                await channel.send(effect)

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


class TestFetching:
    @pytest.fixture
    def channel(self, gateway: Gateway, quick: Timing) -> WechatyChannel:
        return WechatyChannel(gateway.endpoint, TOKEN, account="main", fetch_timeout=0.5, timing=quick)

    @pytest.fixture
    async def heard(self, channel: WechatyChannel) -> AsyncIterator[Heard]:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            yield heard

    @pytest.mark.parametrize("missing", [[], [3], [3, 2], [3, 2, 1]])
    async def test_a_picture_is_fetched_as_large_as_it_is_to_be_had(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway, missing: list[int]
    ) -> None:
        picture = b"\xff\xd8\xff" + bytes(300_000)
        ref = await gateway.image(picture)
        await gateway.faults(noImage=missing)
        assert await channel.fetch(ref) == picture

    async def test_what_the_gateway_has_not_cannot_be_fetched(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        ref = await gateway.image()
        await gateway.faults(noImage=[1, 2, 3], noFile=True)
        with pytest.raises(FetchFailed) as raised:
            await channel.fetch(ref)
        assert not raised.value.for_good

    async def test_what_is_too_large_is_not_fetched(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        ref = await gateway.image(bytes(LARGEST + 1))
        with pytest.raises(FetchFailed) as raised:
            await channel.fetch(ref)
        assert raised.value.for_good

    async def test_without_a_link_nothing_is_fetched(self, channel: WechatyChannel) -> None:
        with pytest.raises(NotConnected):
            await channel.fetch("m1")
