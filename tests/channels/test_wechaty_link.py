"""How the channel keeps its link to the real Node gateway, whatever the gateway does."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from bot.channels.base import Message
from bot.channels.wechaty import Timing, WechatyChannel
from bot.errors import ConfigError, SendLost
from bot.events import LinkDown, LinkUp, MessageReceived
from tests.channels.contract import listening
from tests.gateway.gateway import BOT, ROOM, TOKEN, Gateway, require

BACK_WITHIN = 3.0
"""Seconds from a gateway that is there again to a channel that is up again."""


def is_the_gap(gap: timedelta | None, between: tuple[LinkDown, LinkUp]) -> bool:
    """Whether the gap that was told is the time that really went by."""
    down, up = between
    return gap is not None and abs(gap - (up.occurred_at - down.occurred_at)) < timedelta(seconds=0.2)


async def refuse(endpoint: str, times: int) -> None:
    """Stand where the gateway was and hang up on who comes, so often."""
    came = asyncio.Semaphore(0)

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        came.release()

    host, _, port = endpoint.partition(":")
    async with await asyncio.start_server(hang_up, host, int(port)):
        for _ in range(times):
            await came.acquire()


class TestStayingConnected:
    async def test_a_gateway_that_comes_late_is_found(self, quick: Timing) -> None:
        require()
        gateway = Gateway()
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=quick)
        async with listening(channel) as heard:
            (down,) = await heard.some(LinkDown)
            assert not down.fatal
            assert gateway.endpoint in down.reason
            await gateway.start()
            (up,) = await heard.some(LinkUp, patience=BACK_WITHIN)
            assert up.gap is None
            assert heard.of(LinkDown) == [down]
        gateway.kill()

    async def test_a_gateway_that_speaks_tls_is_told_how_not_to(self, quick: Timing) -> None:
        require()
        gateway = Gateway(tls=True)
        await gateway.start()
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=quick)
        async with listening(channel) as heard:
            (down,) = await heard.some(LinkDown)
            assert "WECHATY_PUPPET_SERVICE_NO_TLS_INSECURE_SERVER=true" in down.reason
        gateway.kill()

    async def test_after_a_long_absence_it_is_back_within_three_seconds(
        self, gateway: Gateway, channel: WechatyChannel
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            gateway.kill()
            await refuse(gateway.endpoint, times=6)  # by then the pauses are as long as they get
            await gateway.start()
            up = (await heard.some(LinkUp, 2, patience=BACK_WITHIN))[1]
            assert is_the_gap(up.gap, between=(heard.of(LinkDown)[0], up))

    async def test_a_wrong_token_is_fatal_and_tried_again(self, gateway: Gateway, quick: Timing) -> None:
        channel = WechatyChannel(gateway.endpoint, "another", account="main", timing=quick)
        async with listening(channel) as heard:
            (down,) = await heard.some(LinkDown)
            assert down.fatal
            assert "token" in down.reason
            gateway.token = "another"
            await gateway.restart()
            await heard.some(LinkUp)
        gateway.token = TOKEN
        gateway.kill()

    async def test_a_killed_gateway_is_told_and_nothing_is_heard_twice(
        self, gateway: Gateway, channel: WechatyChannel
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            for round in range(1, 4):
                gateway.kill()
                await heard.some(LinkDown, round)
                await gateway.start()
                await heard.some(LinkUp, round + 1, patience=BACK_WITHIN)
                await gateway.say(f"第{round}次")
                await heard.said(round)
            assert [message.text for message in heard.of(MessageReceived)] == ["第1次", "第2次", "第3次"]
            links = [event for event in heard.events if isinstance(event, LinkUp | LinkDown)]
            assert [type(event) for event in links] == [LinkUp, *[LinkDown, LinkUp] * 3]
            for down, up in zip(heard.of(LinkDown), heard.of(LinkUp)[1:], strict=True):
                assert is_the_gap(up.gap, between=(down, up))

    async def test_a_stream_that_ends_cleanly_is_a_loss_as_well(
        self, gateway: Gateway, channel: WechatyChannel
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.ask("hangup")
            (down,) = await heard.some(LinkDown)
            up = (await heard.some(LinkUp, 2, patience=BACK_WITHIN))[1]
            assert is_the_gap(up.gap, between=(down, up))

    async def test_an_old_gateway_that_does_not_repeat_the_login_is_asked(self, gateway: Gateway) -> None:
        timing = Timing(greeting=0.1, login_grace=0.1)
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=timing)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(old=True)
            await gateway.ask("hangup")
            ups = await heard.some(LinkUp, 2)
            assert ups[1].account_id == BOT

    async def test_a_gateway_that_passes_no_events_on_is_left(self, gateway: Gateway) -> None:
        timing = Timing(ding_every=0.05, deaf_after=0.3)
        channel = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=timing)
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.ask("dinged")
            await gateway.faults(deaf=True)
            (down,) = await heard.some(LinkDown)
            assert "不再传来消息" in down.reason

    async def test_a_second_program_on_the_same_token_waits_for_its_turn(
        self, gateway: Gateway, channel: WechatyChannel, quick: Timing
    ) -> None:
        second = WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=quick)
        async with contextlib.AsyncExitStack() as first_runs:
            heard = await first_runs.enter_async_context(listening(channel))
            await heard.some(LinkUp)
            async with listening(second) as heard_by_second:
                (down,) = await heard_by_second.some(LinkDown)
                assert "已有程序连着" in down.reason
                await first_runs.aclose()
                await heard_by_second.some(LinkUp, patience=BACK_WITHIN)

    async def test_a_frozen_gateway_is_noticed_and_heard_again_when_it_thaws(
        self, gateway: Gateway, channel: WechatyChannel
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            gateway.freeze()
            try:
                with pytest.raises(SendLost):
                    await channel.send(Message(1, "早", chat_id=ROOM))
                (down,) = await heard.some(LinkDown)
            finally:
                gateway.thaw()
            up = (await heard.some(LinkUp, 2, patience=BACK_WITHIN))[1]
            assert is_the_gap(up.gap, between=(down, up))
            await gateway.say("醒了")
            assert [message.text for message in await heard.said()] == ["醒了"]

    async def test_messages_that_could_not_be_fetched_before_the_loss_are_heard_after_it_in_order(
        self, gateway: Gateway, channel: WechatyChannel
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
            await gateway.faults(slow=True)
            await gateway.burst("别丢了我", 40)
            await gateway.ask("hangup")
            await heard.some(LinkDown)
            assert heard.of(MessageReceived) == []
            await gateway.faults()
            await heard.some(LinkUp, 2)
            await gateway.say("后来的")
            expected = [*(f"别丢了我{n}" for n in range(40)), "后来的"]
            assert [message.text for message in await heard.said(41)] == expected

    async def test_an_error_of_the_listener_ends_it(self, gateway: Gateway, channel: WechatyChannel) -> None:
        async def refuse(_: object) -> None:
            raise RuntimeError("the core is dead")

        with pytest.raises(ExceptionGroup) as raised:
            await channel.run(refuse)
        assert raised.group_contains(RuntimeError)

    async def test_stopping_does_not_log_the_account_out(
        self, gateway: Gateway, channel: WechatyChannel
    ) -> None:
        async with listening(channel) as heard:
            await heard.some(LinkUp)
        assert (await gateway.ask("state"))["loggedIn"]
        async with listening(channel) as heard:
            (up,) = await heard.some(LinkUp)
            assert up.gap is None


class TestAddresses:
    @pytest.mark.parametrize("endpoint", ["127.0.0.1:8788", "grpc://localhost:8788", "[::1]:8788"])
    def test_this_machine_may_be_plain(self, endpoint: str) -> None:
        WechatyChannel(endpoint, TOKEN, account="main")

    def test_another_machine_may_not_unless_it_is_allowed(self) -> None:
        with pytest.raises(ConfigError, match="没有加密"):
            WechatyChannel("gateway.example:8788", TOKEN, account="main")
        WechatyChannel("gateway.example:8788", TOKEN, account="main", allow_insecure=True)

    @pytest.mark.parametrize("endpoint", ["", "localhost", "http://localhost:80", "localhost:port", ":8788"])
    def test_what_is_no_address_is_refused(self, endpoint: str) -> None:
        with pytest.raises(ConfigError, match="主机:端口"):
            WechatyChannel(endpoint, TOKEN, account="main")
