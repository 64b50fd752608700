"""The gateway's gRPC calls that we use, over one HTTP/2 connection.

This is the layer that the ``wechaty`` package itself speaks through (docs/adr/0001): its generated stubs,
over grpclib, with pings that notice a peer that is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.const import Cardinality, Status
from grpclib.exceptions import ProtocolError, StreamTerminatedError
from grpclib.protocol import H2Protocol
from wechaty_grpc.wechaty import PuppetStub
from wechaty_grpc.wechaty.puppet import EventRequest, EventResponse

from bot.channels.base import check_size
from bot.errors import ConfigError, NotConnected

CALL_TIMEOUT = 20.0
BASE64 = 1
"""The kind of a file box that carries its bytes."""
LOST = {Status.UNAVAILABLE, Status.CANCELLED, Status.DEADLINE_EXCEEDED}
"""Refusals that say nothing about whether the call was done."""

LINK_ERRORS = (StreamTerminatedError, ProtocolError, OSError, TimeoutError, AssertionError, NotConnected)
"""What a call raises when the connection goes (the stubs assert that an answer came)."""

KEEPALIVE = (
    Configuration(  # private fields, which is why grpclib is pinned; its defaults stop pinging when idle
        _keepalive_time=3,
        _keepalive_timeout=4,
        _keepalive_permit_without_calls=True,
        _http2_max_pings_without_data=0,
        _http2_min_sent_ping_interval_without_data=3,
    )
)


class Address(NamedTuple):
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_endpoint(endpoint: str, *, allow_insecure: bool) -> Address:
    """``host:port`` or ``grpc://host:port``; a plain link is for this machine, unless it is allowed."""
    parts = urlsplit(endpoint if "://" in endpoint else f"grpc://{endpoint}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "grpc" or not parts.hostname or not port:
        raise ConfigError([f"网关地址“{endpoint}”不对，应写成 127.0.0.1:8788 这样的“主机:端口”"])
    address = Address(parts.hostname, port)
    if not (address.is_loopback or allow_insecure):
        way_out = "请走加密隧道，或设 BOT_ALLOW_INSECURE_GATEWAY=true"
        raise ConfigError([f"网关 {address} 不在本机，而连接没有加密，群里的话会被旁人看到：{way_out}"])
    return address


@dataclass(frozen=True, slots=True)
class Response:
    """One event off the stream."""

    type: int
    payload: str


class Connection(Channel):
    """Connects once; grpclib's own connects anew for a call after the loss, and nobody closes that one."""

    _is_closed = False

    async def __connect__(self) -> H2Protocol:
        if self._is_closed or (self._protocol is not None and not self._connected):
            raise NotConnected("the connection is gone")
        protocol = await super().__connect__()
        if self._is_closed:
            self.close()
            raise NotConnected("closed while it was made")
        return protocol

    def close(self) -> None:
        self._is_closed = True
        super().close()


class Wire:
    """One connection; it opens with the first call and has to be closed."""

    def __init__(
        self, address: Address, token: str, *, send_timeout: float, fetch_timeout: float = CALL_TIMEOUT
    ) -> None:
        self._metadata = {"authorization": f"Wechaty {token}"}
        self._channel = Connection(address.host, address.port, config=KEEPALIVE)
        self._calls = PuppetStub(self._channel, metadata=self._metadata, timeout=CALL_TIMEOUT)
        self._sends = PuppetStub(self._channel, metadata=self._metadata, timeout=send_timeout)
        # A gateway that has not got a file may leave its call open instead of refusing it.
        self._files = PuppetStub(self._channel, metadata=self._metadata, timeout=fetch_timeout)

    def close(self) -> None:
        self._channel.close()

    async def events(self) -> AsyncGenerator[Response, None]:
        """The events, until the gateway ends them; to be closed (``aclosing``), or the call stays open."""
        route, kind = "/wechaty.Puppet/Event", Cardinality.UNARY_STREAM
        request = self._channel.request(route, kind, EventRequest, EventResponse, metadata=self._metadata)
        async with request as stream:
            await stream.send_message(EventRequest(), end=True)
            async for response in stream:
                yield Response(int(response.type), response.payload)

    async def start(self) -> None:
        """Have the gateway start its account. There is no ``stop``: that would log the account out."""
        await _call(self._calls.start())

    async def ding(self) -> None:
        await _call(self._calls.ding(data="ding"))

    async def message(self, id: str) -> Any:
        return await _call(self._calls.message_payload(id=id))

    async def contact(self, id: str) -> Any:
        return await _call(self._calls.contact_payload(id=id))

    async def room(self, id: str) -> Any:
        return await _call(self._calls.room_payload(id=id))

    async def member(self, room: str, id: str) -> Any:
        return await _call(self._calls.room_member_payload(id=room, member_id=id))

    async def friendship(self, id: str) -> Any:
        return await _call(self._calls.friendship_payload(id=id))

    async def invitation(self, id: str) -> Any:
        return await _call(self._calls.room_invitation_payload(id=id))

    async def picture(self, id: str, size: int) -> bytes:
        """The picture of a message, in the size of that number (3 is the original)."""
        return await _call(_collect(self._files.message_image_stream(id=id, type=size)))  # type: ignore[no-any-return]

    async def file(self, id: str) -> bytes:
        """The file of a message."""
        return await _call(_collect(self._files.message_file_stream(id=id)))  # type: ignore[no-any-return]

    async def send_text(self, conversation: str, text: str, mentions: Sequence[str]) -> str | None:
        """The id of the sent message, where the puppet tells it."""
        sending = self._sends.message_send_text(
            conversation_id=conversation, text=text, mentonal_ids=list(mentions)
        )
        return (await _call(sending)).id or None

    async def send_file(self, conversation: str, name: str, content: bytes) -> str | None:
        """The id of the sent message, where the puppet tells it."""
        box = {"type": BASE64, "boxType": BASE64, "name": name, "base64": b64encode(content).decode()}
        sending = self._sends.message_send_file(conversation_id=conversation, filebox=json.dumps(box))
        return (await _call(sending)).id or None

    async def accept_friend(self, request_id: str) -> None:
        await _call(self._sends.friendship_accept(id=request_id))

    async def accept_invitation(self, invitation_id: str) -> None:
        await _call(self._sends.room_invitation_accept(id=invitation_id))

    async def add_to_room(self, room: str, contact: str) -> None:
        await _call(self._sends.room_add(id=room, contact_id=contact))


async def _collect(responses: AsyncIterator[Any]) -> bytes:
    """The bytes of a file that comes in parts (one of which is its name)."""
    content = bytearray()
    async with contextlib.aclosing(responses) as parts:  # type: ignore[type-var]
        async for part in parts:
            content += part.file_box_chunk.data
            check_size(len(content))
    return bytes(content)


async def _call(call: Coroutine[Any, Any, Any]) -> Any:
    """Make a call in a task of its own.

    grpclib ends the calls of a lost connection by cancelling the task that made them, and takes a cancel of
    somebody else's at that moment for its own. In a task of its own it confuses nobody, and we can tell.
    """
    try:
        return await asyncio.create_task(call)
    except LINK_ERRORS:
        raise_if_cancelled()
        raise


def raise_if_cancelled() -> None:
    """Go on with a cancel that something on the way swallowed."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
