"""The Node gateway and a channel connected to it; tests that use neither start nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.channels.wechaty import Timing, WechatyChannel
from tests.gateway.gateway import TOKEN, Gateway, require


@pytest.fixture(scope="session")
def gateway_process() -> Iterator[Gateway]:
    """One process for all tests: it starts in a second, and is reset in a millisecond."""
    require()
    gateway = Gateway()
    yield gateway
    gateway.kill()


@pytest.fixture
async def gateway(gateway_process: Gateway) -> Gateway:
    """The gateway as it is at its start, whatever the last test did to it."""
    await (gateway_process.reset() if gateway_process.is_running else gateway_process.start())
    return gateway_process


@pytest.fixture
def quick() -> Timing:
    return Timing(login_grace=0.2, fatal_retry=0.05)


@pytest.fixture
def channel(gateway: Gateway, quick: Timing) -> WechatyChannel:
    return WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=quick)
