"""A channel connected to the Node gateway."""

from __future__ import annotations

import pytest

from bot.channels.wechaty import Timing, WechatyChannel
from tests.gateway.gateway import TOKEN, Gateway


@pytest.fixture
def quick() -> Timing:
    return Timing(login_grace=0.2, fatal_retry=0.05)


@pytest.fixture
def channel(gateway: Gateway, quick: Timing) -> WechatyChannel:
    return WechatyChannel(gateway.endpoint, TOKEN, account="main", timing=quick)
