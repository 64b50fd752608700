"""The console in a real terminal: a child process on a pty, at which this module types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

PATIENCE = 20.0
ERASED = "⌫"
READY = rf"—— 11月30日 周一 09:00 ——\r\n{ERASED}我 ▸"
CHILD = """
import asyncio, os
from bot.channels.base import Message
from bot.channels.console import ConsoleChannel
from bot.channels.console.channel import ROOM_ID
from bot.events import MessageReceived
from tests.channels.console_stage import FakeStage

SIGNALS = {signals}

async def main():
    loop = asyncio.get_running_loop()
    channel = ConsoleChannel(FakeStage(), bot_name="小野", room_title="会员1群")

    async def deliver(event):
        if isinstance(event, MessageReceived):
            await channel.send(Message(1, f"听到：{{event.text}}", chat_id=ROOM_ID))

    def speak_or_stop():
        if text := os.read(SIGNALS, 1000).decode():
            speaking.append(loop.create_task(channel.send(Message(1, text, chat_id=ROOM_ID))))
        else:
            loop.remove_reader(SIGNALS)
            running.cancel()

    speaking = []
    loop.add_reader(SIGNALS, speak_or_stop)
    running = loop.create_task(channel.run(deliver))
    await asyncio.wait({{running}})
    print(f"再见，还有{{len(asyncio.all_tasks())}}个任务")

asyncio.run(main())
"""


class Desk:
    """A keyboard and a screen with a console on it; ``bot_says`` makes the bot speak of its own accord."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        signals, self._signal = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(signals=signals)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=(signals,),
            env={**os.environ, "PYTHONPATH": os.getcwd(), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        )
        os.close(slave)
        os.close(signals)
        self._raw = b""

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def bot_says(self, text: str) -> None:
        os.write(self._signal, text.encode())

    def cancel(self) -> None:
        """Have the console's ``run`` cancelled."""
        os.close(self._signal)
        self._signal = -1

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as one does that no line editor holds."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    @property
    def written(self) -> str:
        """Everything written so far, ⌫ for what erases the rest, without all other control sequences."""
        text = self._raw.decode(errors="replace").replace("\x1b[J", ERASED)
        return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>])", "", text)

    def wait_for(self, pattern: str) -> None:
        """Read the screen until ``pattern`` is on it."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.written, re.DOTALL):
            ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{pattern} did not appear in {self.written!r}"
            self._raw += os.read(self._master, 10_000)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        if self._signal != -1:
            self.cancel()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


def test_what_the_bot_says_leaves_the_line_being_typed_whole(desk: Desk) -> None:
    desk.wait_for(READY)
    desk.type("说了一半")
    desk.wait_for("说了一半")
    desk.bot_says("今晚两桌")
    desk.wait_for(rf"{ERASED}\[周一 09:00\] 小野 ▸ 今晚两桌\r\n{ERASED}我 ▸ ?说了一半")
    desk.type("说完了\r")
    desk.wait_for(
        rf"{ERASED}\[周一 09:00\] 我 ▸ 说了一半说完了\r\n.*\[周一 09:00\] 小野 ▸ 听到：说了一半说完了\r\n"
    )


def test_the_prompt_shows_who_is_speaking(desk: Desk) -> None:
    desk.wait_for(READY)
    desk.type(":as 阿青\r")
    desk.wait_for(rf"· 现在是阿青在说话\r\n{ERASED}阿青 ▸")


@pytest.mark.parametrize("keys", ["\x04", "\x03", ":quit\r"], ids=["ctrl-d", "ctrl-c", "quit"])
def test_it_ends_when_told_to(desk: Desk, keys: str) -> None:
    desk.wait_for(READY)
    desk.type(keys)
    desk.wait_for("再见，还有1个任务\r\n")
    assert desk.process.wait(timeout=PATIENCE) == 0


def test_a_cancelled_console_leaves_no_task_and_an_ordinary_terminal(desk: Desk) -> None:
    desk.wait_for(READY)
    desk.type("说了一半")
    desk.wait_for("说了一半")
    assert not desk.echoes()
    desk.bot_says("今晚两桌")
    desk.wait_for("今晚两桌")
    desk.cancel()
    desk.wait_for("再见，还有1个任务\r\n")
    assert desk.echoes()
    assert desk.process.wait(timeout=PATIENCE) == 0
