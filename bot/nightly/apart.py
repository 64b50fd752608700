"""The night's reading in a process of its own: there it shares no interpreter lock with what members say."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import NightFailed
from bot.store import failures

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")
SELDOM = 50_000
"""Objects that come to be before the youngest are looked through for garbage: rows are none for long, and at
Python's own 700, looking takes a quarter of what is read."""


class Apart:
    """A process that reads one thing after the other; it begins with the first, and ends when nobody holds
    this any more, or reads a thing to its end no further."""

    def __init__(self) -> None:
        self._pipe: Connection[Any, Any] | None = None

    def __call__(self, read: Callable[[], Iterator[T]]) -> Iterator[T]:
        """What ``read`` gives; it and its parts go from process to process, so they can be pickled.

        Raises ``NightFailed`` where it fails there, or the process ends before its time.
        """
        pipe, self._pipe = self._pipe or _start(), None
        pipe.send(read)
        while (part := _receive(pipe)) is not None:
            yield part
        self._pipe = pipe


def _start() -> Connection[Any, Any]:
    import multiprocessing  # here, because a start should not wait for it

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    context.Process(target=_serve, args=(theirs,), name="night", daemon=True).start()
    theirs.close()
    return ours


def _receive(pipe: Connection[Any, Any]) -> Any:
    """The next part; None: that was all."""
    try:
        part, failed = pipe.recv()
    except EOFError:
        raise NightFailed("the process that read the log ended before its time") from None
    if failed:
        raise NightFailed(failed)
    return part


def _serve(pipe: Connection[Any, Any]) -> None:
    """Until the other end is closed."""
    gc.set_threshold(SELDOM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the bot stops its parent
    try:
        while True:
            _read(pipe.recv(), pipe)
    except (EOFError, ConnectionError):
        pass


def _read(read: Callable[[], Iterator[T]], pipe: Connection[Any, Any]) -> None:
    try:
        for part in read():
            pipe.send((part, None))
        pipe.send((None, None))
    except ConnectionError:
        raise
    except Exception as error:
        pipe.send((None, failures.without_words(error)))
