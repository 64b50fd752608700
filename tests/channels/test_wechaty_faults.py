"""What a real gateway does wrong, and what becomes of it; ``test_wechaty_link`` has the lost links."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.base import Message
from bot.channels.wechaty import Timing, WechatyChannel
from bot.errors import NotConnected, SendFailed, SendLost
from bot.events import LinkDown, LinkUp, Malformed, MembersJoined, MembersLeft, MessageReceived, RoomRenamed
from tests.channels.contract import Heard, listening
from tests.gateway.gateway import BOT, EXPERT, ROOM, TOKEN, Gateway

PROJECT = Path(__file__).parents[2]


@pytest.fixture
async def heard(channel: WechatyChannel) -> AsyncIterator[Heard]:
    """What the channel hears, from when it is up."""
    async with listening(channel) as heard:
        await heard.some(LinkUp)
        yield heard


@pytest.fixture
def freeze(gateway: Gateway) -> Iterator[Callable[[], None]]:
    """Freezes the gateway until the test has ended."""
    yield gateway.freeze
    gateway.thaw()


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """The test leaves no task behind."""
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}


def is_now(moment: datetime) -> bool:
    return abs(datetime.now(UTC) - moment) < timedelta(seconds=5)


class TestEventsThatLackFields:
    async def test_people_come_without_inviter_and_time(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.event("room-join", roomId=ROOM, inviteeIdList=[EXPERT])
        (joined,) = await heard.some(MembersJoined)
        assert [person.id for person in joined.people] == [EXPERT]
        assert joined.inviter is None
        assert is_now(joined.occurred_at)

    async def test_people_go_without_remover_and_time(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.event("room-leave", roomId=ROOM, removeeIdList=[EXPERT])
        (left,) = await heard.some(MembersLeft)
        assert [person.id for person in left.people] == [EXPERT]
        assert left.remover is None
        assert is_now(left.occurred_at)

    async def test_a_room_is_renamed_by_nobody_at_no_time(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.event("room-topic", roomId=ROOM, newTopic="番茄群")
        (renamed,) = await heard.some(RoomRenamed)
        assert (renamed.chat.title, renamed.by) == ("番茄群", None)
        assert is_now(renamed.occurred_at)

    async def test_errors_of_the_gateway_and_what_is_new_to_us_disturb_nothing(
        self, heard: Heard, gateway: Gateway
    ) -> None:
        await gateway.event("heartbeat")
        await gateway.event("error", data="Error: something broke")
        await gateway.event("error", code=2, message="something broke")
        await gateway.event("post", postId="a-type-of-event-that-came-after-us")
        await gateway.say("还听得见")
        await heard.said()
        assert [type(event) for event in heard.events] == [LinkUp, MessageReceived]


class TestMessagesThatWereOnTheirWay:
    async def test_those_that_died_with_the_gateway_are_told_as_lost(
        self, heard: Heard, gateway: Gateway
    ) -> None:
        await gateway.faults(slow=True)
        asked = await gateway.asked("messages")
        await gateway.burst("没取到", 3)
        await gateway.wait_until_asked("messages", asked + 3)
        await gateway.restart()
        await heard.some(Malformed, 3)
        assert {lost.summary for lost in heard.of(Malformed)} == {"event message: its payload: UNKNOWN"}

    async def test_the_same_event_told_twice_has_the_same_id(self, heard: Heard, gateway: Gateway) -> None:
        said = await gateway.say("我报名")
        await gateway.event("message", messageId=said)
        coming = {"roomId": ROOM, "inviteeIdList": [EXPERT], "timestamp": 1_764_000_000}
        await gateway.event("room-join", **coming)
        await gateway.event("room-join", **coming)
        assert {message.id for message in await heard.said(2)} == {said}
        assert len({joined.id for joined in await heard.some(MembersJoined, 2)}) == 1


class TestSending:
    async def test_a_message_that_hangs_holds_up_no_other(self, gateway: Gateway) -> None:
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", send_timeout=0.2)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(sendLate=-1)
            with pytest.raises(SendLost):
                await channel.send(Message(1, "没人知道", chat_id=ROOM))
            await gateway.faults()
            await channel.send(Message(2, "这条到了", chat_id=ROOM))
            assert [sent["text"] for sent in await gateway.wait_for_sent()] == ["这条到了"]

    async def test_a_message_that_arrives_after_we_gave_it_up_is_seen(self, gateway: Gateway) -> None:
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", send_timeout=0.1)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(sendLate=500)
            with pytest.raises(SendLost):
                await channel.send(Message(1, "晚到", chat_id=ROOM))
            assert await gateway.sent() == []
            (echo,) = await heard.some(MessageReceived)
            assert (echo.text, echo.is_self) == ("晚到", True)
            assert echo.chat is not None
            assert echo.chat.id == ROOM

    async def test_what_was_not_tried_before_the_link_went_still_waits(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        before = len(asyncio.all_tasks())
        await gateway.faults(nameless=True)
        asked = await gateway.asked("members")
        mention = Message(1, "有人问您", chat_id=ROOM, mentions=((EXPERT, "老周"),))
        sending = asyncio.create_task(channel.send(mention))
        await gateway.wait_until_asked("members", asked + 1)
        await gateway.ask("hangup")
        with pytest.raises(NotConnected):
            await sending
        await heard.some(LinkUp, 2)
        for _ in range(200):  # the tasks of the link that went may still be ending
            if len(asyncio.all_tasks()) <= before:
                break
            await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) <= before


class TestIdsThatChangeAtALogin:
    async def test_the_account_is_known_by_its_new_id(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await gateway.login_anew("bot-2", members="members-2")
        ups = await heard.some(LinkUp, 2)
        assert [up.account_id for up in ups] == [BOT, "bot-2"]
        assert ups[1].gap is not None
        await gateway.say("@小原 排行", room="members-2", mentions=["bot-2"])
        (message,) = await heard.said()
        assert message.to_bot
        assert message.chat is not None
        assert (message.chat.id, message.chat.title) == ("members-2", "会员群")

    async def test_what_we_say_is_ours_and_the_old_room_is_refused(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await gateway.login_anew("bot-2", members="members-2")
        await heard.some(LinkUp, 2)
        with pytest.raises(SendFailed, match="no such conversation"):
            await channel.send(Message(1, "还在吗", chat_id=ROOM))
        id = await channel.send(Message(2, "还在", chat_id="members-2"))
        (echo,) = await heard.some(MessageReceived)
        assert (echo.id, echo.sender.id, echo.is_self) == (id, "bot-2", True)

    async def test_what_we_said_under_the_old_id_stays_ours(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await gateway.faults(slow=True)
        id = await channel.send(Message(1, "换号前说的", chat_id=ROOM))
        await gateway.login_anew("bot-2")
        await gateway.ask("hangup")  # before it was fetched: the next connection knows another account
        (echo,) = await heard.some(MessageReceived)
        assert (echo.id, echo.is_self) == (id, True)

    async def test_a_gateway_may_come_back_with_another_id(self, heard: Heard, gateway: Gateway) -> None:
        await gateway.restart(login=False)
        await gateway.login_anew("bot-2")
        ups = await heard.some(LinkUp, 2)
        assert ups[1].account_id == "bot-2"


class TestAGatewayThatIsThereAndDoesNotServe:
    async def test_one_that_came_back_signed_out_is_not_taken_for_signed_in(
        self, heard: Heard, channel: WechatyChannel, gateway: Gateway
    ) -> None:
        await gateway.restart(login=False)
        await heard.until(
            lambda: "没有登录" in heard.of(LinkDown)[-1].reason if heard.of(LinkDown) else False
        )
        with pytest.raises(NotConnected):
            await channel.send(Message(1, "没人听见", chat_id=ROOM))
        await gateway.login()
        ups = await heard.some(LinkUp, 2)
        first_loss = heard.of(LinkDown)[0].occurred_at
        assert ups[1].gap is not None
        assert ups[1].gap >= ups[1].occurred_at - first_loss

    async def test_an_old_one_is_not_asked_for_an_account_that_signed_out(self, gateway: Gateway) -> None:
        timing = Timing(greeting=0.1, login_grace=0.1)
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=timing)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(old=True)
            await gateway.logout()
            await heard.some(LinkDown)
            await gateway.ask("hangup")
            assert "没有登录" in (await heard.some(LinkDown, 3))[2].reason
            assert len(heard.of(LinkUp)) == 1

    async def test_a_dead_event_path_is_left_and_the_gap_is_told_from_its_death(
        self, gateway: Gateway
    ) -> None:
        timing = Timing(ding_every=0.1, deaf_after=0.6)
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=timing)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.ask("dinged")
            await gateway.say("听见了")
            await heard.said()
            died_at = datetime.now(UTC)
            await gateway.ask("mute")
            await gateway.say("没听见")
            (down,) = await heard.some(LinkDown)
            assert "不再传来消息" in down.reason
            up = (await heard.some(LinkUp, 2, patience=3))[1]
            assert up.gap is not None
            assert up.gap >= up.occurred_at - died_at - timedelta(seconds=0.2)
            await gateway.say("又听见了")
            assert [message.text for message in await heard.said(2)] == ["听见了", "又听见了"]

    async def test_a_token_in_use_is_told_once_tried_on_and_its_holder_left_alone(
        self, heard: Heard, gateway: Gateway, quick: Timing
    ) -> None:
        second = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=quick)
        async with listening(second) as heard_by_second:
            await heard_by_second.some(LinkDown)
            await gateway.wait_until_asked("streams", await gateway.asked("streams") + 3)
            assert [type(event) for event in heard_by_second.events] == [LinkDown]
        await gateway.say("我还在")
        await heard.said()
        assert heard.of(LinkDown) == []


LOOK_AROUND = """
import asyncio, json, logging, os, sys, threading
from bot.channels.wechaty import WechatyChannel

async def main():
    told = asyncio.Queue()
    running = asyncio.create_task(WechatyChannel(*sys.argv[1:], account="main").run(told.put))
    await told.get()
    running.cancel()

asyncio.run(main())
loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
handlers = [handler for logger in loggers for handler in logger.handlers]
foreign = [name for name in ("wechaty", "quart", "apscheduler") if name in sys.modules]
print(json.dumps([os.listdir(), handlers, foreign, threading.active_count()], default=str))
"""


class TestTraces:
    async def test_it_leaves_no_folder_takes_over_no_logger_and_starts_no_server(
        self, gateway: Gateway, tmp_path: Path
    ) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LOOK_AROUND, gateway.endpoint, TOKEN),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 15)
        files, handlers, foreign, threads = json.loads(out)
        assert (files, handlers, foreign, threads) == ([], [], [], 1)


class TestStopping:
    async def test_it_ends_at_once_though_the_gateway_just_died(
        self, gateway: Gateway, channel: WechatyChannel, no_task_left: None
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            gateway.kill()

    async def test_it_ends_at_once_while_it_tries_to_connect(
        self, gateway: Gateway, channel: WechatyChannel, no_task_left: None
    ) -> None:
        gateway.kill()
        async with listening(channel) as heard:
            await heard.some(LinkDown)

    async def test_it_ends_at_once_while_the_gateway_is_frozen(
        self, channel: WechatyChannel, freeze: Callable[[], None], no_task_left: None
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            freeze()

    async def test_it_ends_at_once_in_the_midst_of_a_flood(
        self, gateway: Gateway, channel: WechatyChannel, no_task_left: None
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.burst("涌来", 3000)
            await heard.said(10)

    async def test_a_message_under_way_is_lost(
        self, gateway: Gateway, channel: WechatyChannel, no_task_left: None
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(sendDelay=-1)
            sending = asyncio.create_task(channel.send(Message(1, "早", chat_id=ROOM)))
            await gateway.wait_for_sent()
        with pytest.raises(SendLost):
            await sending
