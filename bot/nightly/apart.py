"""The night's reading in a process of its own: there it shares no interpreter lock with what members say."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import TypeVar

from bot.errors import NightFailed
from bot.store import failures

T = TypeVar("T")


def apart(read: Callable[[], Iterator[T]]) -> Iterator[T]:
    """What ``read`` gives; it and its parts go from process to process, so they can be pickled.

    Raises ``NightFailed`` where it fails there, or the process ends before its time.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(read, theirs), name="night", daemon=True)
    process.start()
    theirs.close()
    try:
        while (part := _receive(ours)) is not None:
            yield part
    finally:
        ours.close()  # who is still writing ends by that
        process.join()


def _receive(ours: Connection) -> T | None:
    """The next part; None: that was all."""
    try:
        part, failed = ours.recv()
    except EOFError:
        raise NightFailed("the process that read the log ended before its time") from None
    if failed:
        raise NightFailed(failed)
    return part  # type: ignore[no-any-return]


def _read(read: Callable[[], Iterator[T]], theirs: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the bot stops its parent
    try:
        for part in read():
            theirs.send((part, None))
        theirs.send((None, None))
    except BrokenPipeError:
        pass
    except Exception as error:
        theirs.send((None, failures.without_words(error)))
