from __future__ import annotations

import asyncio
import json
import socket
from datetime import datetime, timedelta
from typing import Any

import pytest
from quart.testing import QuartClient

from bot.errors import ConfigError
from bot.ingest.signing import AT_ONCE, WINDOW, signature
from bot.intake import LARGEST, Intake, served
from bot.scenario.world import World
from bot.store.tables import interaction
from bot.store.types import EPOCH
from tests.builders import look
from tests.ingest.test_messages import KEY, OPENED, PAID, SECRET, ZONE


@pytest.fixture
def intake(world: World) -> Intake:
    assert world._runtime is not None
    return Intake(SECRET, ZONE, KEY, world.clock.now, world._runtime.ask_core)


@pytest.fixture
def client(intake: Intake) -> QuartClient:
    return intake.app().test_client()  # type: ignore[return-value]


def signed(body: bytes, now: datetime, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int((now - EPOCH).total_seconds()))
    return {"X-Timestamp": stamp, "X-Signature": signature(secret, stamp, body)}


async def post(client: QuartClient, told: Any, now: datetime, **headers: str) -> tuple[int, Any]:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    answer = await client.post("/ingest", data=body, headers={**signed(body, now), **headers})
    return answer.status_code, await answer.get_json()


async def test_what_is_posted_is_recorded_by_the_running_bot(world: World, client: QuartClient) -> None:
    now = world.clock.now()
    told = await post(client, {"batch": [PAID, OPENED]}, now)
    assert told == (200, {"new": 2, "unchanged": 0, "refused": []})
    names = [row["name"] for row in look(world, interaction)]
    assert sorted(names) == ["content_opened", "order_paid"]


async def test_what_is_posted_again_changes_nothing(world: World, client: QuartClient) -> None:
    now = world.clock.now()
    await post(client, PAID, now)
    before = look(world, interaction)
    assert await post(client, PAID, now) == (200, {"new": 0, "unchanged": 1, "refused": []})
    assert look(world, interaction) == before


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"X-Signature": "0" * 64}, timedelta()),
        ({"X-Signature": ""}, timedelta()),
        ({"X-Timestamp": "0"}, timedelta()),
        ({}, WINDOW + timedelta(seconds=1)),
        ({}, -WINDOW - timedelta(seconds=1)),
    ],
)
async def test_what_is_forged_or_old_is_refused(
    world: World, client: QuartClient, headers: dict[str, str], age: timedelta
) -> None:
    status, told = await post(client, PAID, world.clock.now() - age, **headers)
    assert (status, list(told)) == (401, ["error"])
    assert look(world, interaction) == []


async def test_what_is_no_message_is_told(world: World, client: QuartClient) -> None:
    assert (await post(client, b"{", world.clock.now()))[0] == 400
    assert (await post(client, b" " * (LARGEST + 1), world.clock.now()))[0] == 413
    assert (await client.get("/ingest")).status_code == 405
    assert (await client.get("/")).status_code == 404


async def test_who_posts_too_much_has_to_wait(world: World, client: QuartClient) -> None:
    now = world.clock.now()
    codes = [(await post(client, PAID, now))[0] for _ in range(int(AT_ONCE) + 2)]
    assert codes == [200] * int(AT_ONCE) + [429] * 2


# --- the socket ---


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def over_the_wire(port: int, body: bytes, now: datetime) -> str:
    """The first line of the answer."""
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.02)
    headers = {**signed(body, now), "Host": "x", "Content-Length": str(len(body)), "Connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /ingest HTTP/1.1\r\n{head}\r\n".encode() + body)
    line = (await reader.readline()).decode().strip()
    writer.close()
    return line


async def test_it_listens_while_it_is_wanted(world: World, intake: Intake) -> None:
    port, now = free_port(), world.clock.now()
    async with served(intake, "127.0.0.1", port):
        assert await over_the_wire(port, json.dumps(PAID).encode(), now) == "HTTP/1.1 200"
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", port)
    assert len(look(world, interaction)) == 1


async def test_a_port_that_is_taken_is_told(intake: Intake) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"INGEST_PORT={port}"):
            async with served(intake, "127.0.0.1", port):
                pass
