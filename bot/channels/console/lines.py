"""Where lines come from and go to: a terminal with a line editor, or plain streams (a pipe, a file)."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession


READER = "console-reader"


class Lines(Protocol):
    """One end of a conversation in lines."""

    def write(self, text: str) -> None:
        """Show whole lines."""

    async def read(self, prompt: str) -> str | None:
        """The next line; None at the end of the input."""


class Streams:
    """Plain UTF-8 streams, whatever the locale says; the prompt is not shown."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        self._in = _utf8(stdin, "utf-8-sig")  # files from Windows begin with a mark
        self._out = _utf8(stdout)

    def write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    async def read(self, prompt: str) -> str | None:
        """Reads in a daemon thread of its own, so that waiting holds up neither the loop nor the exit."""
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str] = loop.create_future()
        threading.Thread(target=_read_into, args=(line, loop, self._in), name=READER, daemon=True).start()
        return await line or None


def _utf8(stream: TextIO, encoding: str = "utf-8") -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors="replace")
    return stream


def _read_into(line: asyncio.Future[str], loop: asyncio.AbstractEventLoop, stream: TextIO) -> None:
    try:
        text = stream.readline()
    except (OSError, ValueError):  # the stream was closed, or its terminal is gone
        text = ""
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
        loop.call_soon_threadsafe(_settle, line, text)


def _settle(line: asyncio.Future[str], text: str) -> None:
    if not line.done():
        line.set_result(text)


class Terminal:
    """A line editor on the process's terminal; what is written appears above the line being typed."""

    def __init__(self, session: PromptSession[str], out: TextIO) -> None:
        self._session, self._out = session, out
        self._unshown: list[str] = []
        self._showing: asyncio.Future[None] | None = None

    def write(self, text: str) -> None:
        from prompt_toolkit.application import run_in_terminal

        self._unshown.append(text)
        if self._showing is None or self._showing.done():
            self._showing = asyncio.ensure_future(run_in_terminal(self._show))

    async def read(self, prompt: str) -> str | None:
        """Ctrl-C is a key here and ends the input; signals and stray errors stay the program's business."""
        try:
            return await self._session.prompt_async(prompt, handle_sigint=False, set_exception_handler=False)
        except (EOFError, KeyboardInterrupt):
            return None

    def close(self) -> None:
        if self._showing is not None:
            self._showing.cancel()
        self._show()

    def _show(self) -> None:
        self._out.write("".join(self._unshown))
        self._out.flush()
        self._unshown.clear()


@contextlib.contextmanager
def open_terminal() -> Iterator[Terminal]:
    """A ``Terminal``; while it is open, what others print goes above the line being typed as well."""
    from prompt_toolkit import PromptSession  # here, because importing it takes 90 ms
    from prompt_toolkit.patch_stdout import patch_stdout

    terminal = Terminal(PromptSession(erase_when_done=True), sys.stdout)
    with patch_stdout(), contextlib.closing(terminal):
        yield terminal
