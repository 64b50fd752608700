"""The console as a channel: the product's embedded default, one group in a terminal or a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from pathlib import Path
from typing import TextIO

from bot.channels.base import Capabilities, Deliver, Effect, File, Message, Picture, check_size
from bot.channels.console.cast import Cast
from bot.channels.console.grammar import parse
from bot.channels.console.group import Group
from bot.channels.console.lines import Lines, Streams, open_terminal
from bot.channels.console.screen import Screen
from bot.channels.console.session import Session
from bot.channels.console.stage import Stage
from bot.channels.placeholder import placeholder
from bot.errors import NotConnected, SendFailed
from bot.events import Chat, LinkUp, Person, clean

ROOM_ID = "console-room"
BOT_ID = "console-bot"


class ConsoleChannel:
    """A group at one keyboard.

    In a terminal (``interactive``) it has a line editor; from a pipe every line is handled to its end before
    the next one is read, so that the same input gives the same transcript. ``stdin`` and ``stdout`` replace
    the process's own streams where there is no line editor.
    """

    name = "console"
    capabilities = Capabilities(mention_all=True, pictures=True)

    def __init__(
        self,
        stage: Stage,
        *,
        bot_name: str,
        room_title: str,
        cast: Cast | None = None,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        interactive: bool | None = None,
    ) -> None:
        self._stage = stage
        self._stdin, self._stdout = stdin or sys.stdin, stdout or sys.stdout
        both = self._stdin.isatty() and self._stdout.isatty()
        self._interactive = both if interactive is None else interactive
        self._ids = (f"{_prefix(stage)}{number}" for number in itertools.count(1))
        self._group = Group(
            Chat(ROOM_ID, room_title),
            Person(BOT_ID, bot_name),
            cast or Cast(),
            new_id=self._ids.__next__,
            now=stage.now,
        )
        self._screen: Screen | None = None

    async def run(self, deliver: Deliver) -> None:
        with self._open() as lines:
            screen = Screen(lines.write, self._stage.zone, self._group.bot)
            session = Session(self._stage, self._group, screen, deliver)
            session.welcome()
            self._screen = screen
            try:
                await deliver(LinkUp(self._stage.now(), BOT_ID, self._group.bot.name))
                await self._talk(lines, session)
            finally:
                self._screen = None

    async def send(self, effect: Effect) -> str | None:
        if self._screen is None:
            raise NotConnected("the console is not open")
        if not isinstance(effect, Message | Picture | File):
            raise SendFailed("the console has no friends and no invitations")
        self._screen.say(self._stage.now(), _shown(effect), self._listener(effect))
        return next(self._ids)

    async def fetch(self, ref: str) -> bytes:
        """The file of that name, where there is one: whoever sits at the keyboard may read it anyway."""
        if self._screen is None:
            raise NotConnected("the console is not open")
        return await asyncio.to_thread(_picture, Path(ref))

    def _open(self) -> contextlib.AbstractContextManager[Lines]:
        if self._interactive:
            return open_terminal()
        return contextlib.nullcontext(Streams(self._stdin, self._stdout))

    async def _talk(self, lines: Lines, session: Session) -> None:
        await self._settle()
        while (text := await lines.read(session.prompt)) is not None:
            line = parse(clean(text), self._group.cast.names)
            if line is not None and not await session.obey(line):
                return
            await self._settle()

    async def _settle(self) -> None:
        if not self._interactive:
            await self._stage.settle()

    def _listener(self, message: Message | Picture | File) -> Person | None:
        """Whom ``message`` is for; None for the whole group."""
        if message.chat_id is not None and message.chat_id != ROOM_ID:
            raise SendFailed(f"the console has no room {message.chat_id}")
        if message.chat_id is not None:
            return None
        person = self._group.cast.with_id(message.person_id or "")
        if person is None:
            raise SendFailed(f"the console knows nobody with the id {message.person_id}")
        return person


def _picture(path: Path) -> bytes:
    if not path.is_file():
        return placeholder(path.name)
    check_size(path.stat().st_size)
    return path.read_bytes()


def _shown(effect: Message | Picture | File) -> str:
    if isinstance(effect, Picture):
        return f"[图片] {effect.path.name}"
    if isinstance(effect, File):
        return f"[文件] {effect.path}"
    return "".join(f"@{name} " for name in effect.called) + effect.text


def _prefix(stage: Stage) -> str:
    """What ids begin with: on a real clock the store outlives us, so the ids of two runs must differ."""
    return "c" if stage.can_move else f"c{int(stage.now().timestamp() * 1000)}-"
