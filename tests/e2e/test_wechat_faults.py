"""What members and operators see of a gateway that misbehaves: the real runtime on the real Node gateway."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.outbox.queue import State
from bot.sop.loader import SopSet
from bot.store.tables import interaction, outgoing
from tests.builders import with_kinds
from tests.e2e.staff import Staff, staffing
from tests.gateway.gateway import EXPERT, FRIEND, ROOM, Gateway

BACK_WITHIN = 3.0
SENT, SENDING, QUEUED, UNKNOWN = State.SENT, State.SENDING, State.QUEUED, State.UNKNOWN

Staffing = Callable[..., AbstractAsyncContextManager[Staff]]


@pytest.fixture
def staffed(gateway: Gateway, sops: SopSet, tmp_path: Path) -> Staffing:
    """Runs the bot on the gateway, each time on the same database."""
    return lambda **more: staffing(gateway, with_kinds(sops), tmp_path, **more)


async def ask(gateway: Gateway, text: str = "/帮助") -> str:
    """The admin asks in private; gives the message's id."""
    return await gateway.say(text, by=FRIEND, room=None)


class TestAnswers:
    async def test_one_each_though_the_gateway_dies_three_times(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed() as staff:
            for life in range(1, 5):
                await staff.up(life, patience=BACK_WITHIN)
                await ask(gateway)
                await staff.until_states(*[SENT] * life)
                assert len(await gateway.sent()) == 1
                if life < 4:
                    gateway.kill()
                    await staff.down(life)
                    await gateway.start()
            assert staff.count("command_given") == staff.count("content_sent") == 4

    async def test_health_shows_for_how_long_the_bot_was_deaf(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed() as staff:
            await staff.up()
            gateway.kill()
            await staff.down()
            await asyncio.sleep(1.5)  # so long that it can be told in whole seconds
            await gateway.start()
            await staff.up(2, patience=BACK_WITHIN)
            await ask(gateway, "/健康")
            await staff.until_states(SENT)
            (answer,) = await gateway.sent()
            assert re.search(r"^连接：在线，.*起\n上次断了[1-9]秒，", answer["text"])

    @pytest.mark.parametrize(("fault", "becomes"), [("sendDelay", SENT), ("sendLate", UNKNOWN)])
    async def test_those_that_wait_when_the_gateway_dies_go_out_once_and_the_lost_one_is_not_repeated(
        self, gateway: Gateway, staffed: Staffing, fault: str, becomes: State
    ) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.faults(**{fault: -1})
            sends = await gateway.asked("sends")
            for _ in range(3):
                await ask(gateway)
            await gateway.wait_until_asked("sends", sends + 1)
            under_way = SENT if fault == "sendDelay" else SENDING  # it was shown, and its echo seen
            await staff.until_states(under_way, QUEUED, QUEUED)
            gateway.kill()
            await staff.down()
            await gateway.start()
            await staff.until_states(becomes, SENT, SENT)
            assert len(await gateway.sent()) == 2

    async def test_one_that_arrives_after_its_time_is_unknown_until_it_is_seen(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed(send_timeout=0.3) as staff:
            await staff.up()
            await gateway.faults(sendLate=1500)
            await ask(gateway)
            await staff.until_states(UNKNOWN)
            assert await gateway.sent() == []
            await staff.until_states(SENT)
            assert len(await gateway.sent()) == 1
            assert staff.count("content_sent") == 1

    async def test_one_that_hangs_holds_up_the_others_no_longer_than_its_time(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed(send_timeout=0.3) as staff:
            await staff.up()
            await gateway.faults(sendLate=-1)
            await ask(gateway)
            await staff.until_states(UNKNOWN)
            await gateway.faults()
            await ask(gateway)
            await staff.until_states(UNKNOWN, SENT)
            assert len(await gateway.sent()) == 1

    async def test_one_that_is_refused_holds_up_no_other_place(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.faults(sendError="对方还不是您的朋友")
            await ask(gateway)
            await staff.until(lambda: any("还不是您的朋友" in row["reason"] for row in staff.rows(outgoing)))
            assert staff.states() != [UNKNOWN]
            await gateway.faults()
            await gateway.say("/状态", by=FRIEND)
            (sent,) = await gateway.wait_for_sent()
            assert sent["conversationId"] == ROOM
            assert "在线" in sent["text"]

    async def test_one_to_what_is_heard_again_and_again(self, gateway: Gateway, staffed: Staffing) -> None:
        async with staffed() as staff:
            await staff.up()
            question = await ask(gateway)
            await gateway.event("message", messageId=question)
            await staff.until_states(SENT)
            await gateway.event("message", messageId=question)
            await gateway.ask("hangup")
            await staff.up(2)
            await gateway.event("message", messageId=question)
            await ask(gateway, "/状态")
            await staff.until_states(SENT, SENT)
            assert len(await gateway.sent()) == 2
            assert staff.count("command_given") == 2

    async def test_go_on_under_another_id_of_the_account(self, gateway: Gateway, staffed: Staffing) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.login_anew("bot-2", members="members-2")
            await staff.up(2)
            await gateway.say("没有开通的群", room="members-2")
            await ask(gateway)
            await staff.until_states(SENT)
            assert len(await gateway.sent()) == 1
            assert staff.count("message_posted") == 0
            assert staff.count("command_given") == staff.count("content_sent") == 1


class TestTheRecord:
    async def test_ten_thousand_messages_at_once_are_recorded_once_and_in_order(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.burst("第", 10_000)
            await ask(gateway)
            await gateway.wait_for_sent(patience=60)
            posts = staff.rows(interaction, name="message_posted")
            numbers = [
                int(post["source_id"].split("-")[2]) for post in posts
            ]  # the gateway counts its messages
            assert numbers == list(range(numbers[0], numbers[0] + 10_000))

    async def test_somebody_comes_once_however_often_it_is_told(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.join("newcomer", inviter=EXPERT)
            await gateway.event("room-join", roomId=ROOM, inviteeIdList=["newcomer"], inviterId=EXPERT)
            await gateway.event("room-join", roomId=ROOM, inviteeIdList=["newcomer"])
            await ask(gateway)
            await staff.until_states(SENT)
            assert staff.count("member_joined") == 1


class TestStopping:
    """``staffing`` asserts that each of them is quick and leaves no task behind."""

    async def test_before_there_is_a_gateway(self, gateway: Gateway, staffed: Staffing) -> None:
        gateway.kill()
        async with staffed() as staff:
            await staff.until(lambda: staff.status.link == "掉线，重连中")

    async def test_while_the_gateway_does_not_want_us(self, gateway: Gateway, staffed: Staffing) -> None:
        async with staffed(token="another") as staff:
            await staff.until(lambda: staff.status.link == "掉线，等人处理")

    async def test_while_the_gateway_is_frozen(self, gateway: Gateway, staffed: Staffing) -> None:
        try:
            async with staffed() as staff:
                await staff.up()
                gateway.freeze()
        finally:
            gateway.thaw()

    async def test_when_the_gateway_just_died(self, gateway: Gateway, staffed: Staffing) -> None:
        async with staffed() as staff:
            await staff.up()
            gateway.kill()

    async def test_in_the_midst_of_a_flood(self, gateway: Gateway, staffed: Staffing) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.burst("涌来", 5000)
            await staff.until(lambda: staff.count("message_posted") > 0)
        assert (await gateway.ask("state"))["loggedIn"]

    async def test_while_a_message_is_under_way_which_is_not_repeated_after_the_start(
        self, gateway: Gateway, staffed: Staffing
    ) -> None:
        async with staffed() as staff:
            await staff.up()
            await gateway.faults(sendLate=-1)
            sends = await gateway.asked("sends")
            await ask(gateway)
            await ask(gateway)
            await gateway.wait_until_asked("sends", sends + 1)
            await staff.until_states(SENDING, QUEUED)
        await gateway.faults()
        async with staffed() as staff:
            await staff.until_states(UNKNOWN, SENT)
            assert len(await gateway.sent()) == 1
