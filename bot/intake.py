"""``POST /ingest``: signed messages of other systems, taken by the core in its next transaction."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from bot.errors import ConfigError
from bot.ingest import messages
from bot.ingest.messages import Unreadable
from bot.ingest.signing import Bucket, is_signed
from bot.store.transaction import AskCore

logger = logging.getLogger(__name__)

LARGEST = 1024 * 1024
"""Bytes of a body."""


@dataclass(slots=True)
class Intake:
    """What answers requests; ``zone`` is that of moments without one, ``key`` hashes phone numbers."""

    secret: str
    zone: ZoneInfo
    key: bytes | None
    now: Callable[[], datetime]
    ask_core: AskCore
    _bucket: Bucket = field(default_factory=Bucket)

    def app(self) -> Quart:
        app = Quart(__name__)
        app.config["MAX_CONTENT_LENGTH"] = LARGEST
        app.add_url_rule("/ingest", view_func=self._ingest, methods=["POST"])
        app.register_error_handler(RequestEntityTooLarge, lambda _: ({"error": "the body is too large"}, 413))
        return app

    async def _ingest(self) -> ResponseReturnValue:
        if not self._bucket.lets_in(self.now()):
            return {"error": "too many requests"}, 429, {"Retry-After": "1"}
        body, told = await request.body, request.headers
        stamp, given = told.get("X-Timestamp", ""), told.get("X-Signature", "")
        if not is_signed(self.secret, stamp, given, body, self.now()):
            return {"error": "the signature is wrong, or older than five minutes"}, 401
        try:
            found = messages.read(body)
        except Unreadable as why:
            return {"error": str(why)}, 400
        answer = await self.ask_core(lambda tx: messages.take(tx, found, self.zone, self.key))
        logger.info(
            "ingest new=%d unchanged=%d refused=%d", answer.new, answer.unchanged, len(answer.refused)
        )
        return asdict(answer), 200


@asynccontextmanager
async def served(intake: Intake, host: str, port: int) -> AsyncIterator[None]:
    """Listen meanwhile. Raises ``ConfigError`` where that cannot be."""
    config, ended = Config(), asyncio.Event()
    config.bind, config.accesslog, config.errorlog = [f"fd://{_listening(host, port)}"], None, None
    config.graceful_timeout = 1
    server = asyncio.create_task(serve(intake.app(), config, shutdown_trigger=ended.wait), name="intake")
    try:
        yield
    finally:
        ended.set()
        await server


def _listening(host: str, port: int) -> int:
    """A socket's number, for whoever serves to close."""
    try:
        return socket.create_server((host, port)).detach()
    except OSError as error:
        raise ConfigError([f"INGEST_PORT={port}：在 {host} 上听不了：{error.strerror}"]) from error
