"""Fetches the pictures that messages bear into the media folder, and removes them when their time is over.

An edge like the sender, outside pace and guard: it asks the core what is wanted, a few at a time, and tells
it what became of it. Rows of ``media`` are its memory, so a restart loses nothing. Files are named by the
hash of their bytes, and by what these bytes are; nobody's words get into a name.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from bot.channels.base import Channel
from bot.clock import Clock
from bot.errors import FetchFailed, NotConnected
from bot.likeness import dhash
from bot.store import failures, pictures
from bot.store.pictures import Over, Wanted
from bot.store.transaction import AskCore

logger = logging.getLogger(__name__)

T = TypeVar("T")
AT_ONCE = 3
PATIENCE = 60.0
"""Seconds for a picture to arrive."""
_MAGIC = {
    "jpg": rb"\xff\xd8\xff",
    "png": rb"\x89PNG\r\n\x1a\n",
    "gif": rb"GIF8[79]a",
    "webp": rb"RIFF.{4}WEBP",
    "bmp": rb"BM",
    "tif": rb"II\*\0|MM\0\*",
    "heic": rb".{4}ftyp(heic|heix|hevc|mif1|msf1)",
    "avif": rb".{4}ftypavi[fs]",
}
_HASH = re.compile(r"[0-9a-f]{64}")


class Beside(Protocol):
    """How long work is done off the loop."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


class Fetcher:
    """Works for one account; ``wake`` it when pictures are wanted or not any more, or the link is up.

    ``beside`` does what takes long. Files are ``lasting`` where they are to outlive the machine's crash.
    """

    def __init__(
        self,
        account: str,
        channel: Channel,
        ask_core: AskCore,
        clock: Clock,
        folder: Path,
        beside: Beside,
        *,
        lasting: bool = True,
    ) -> None:
        self._account, self._channel, self._ask_core, self._folder = account, channel, ask_core, folder
        self._beside, self._lasting = beside, lasting
        self._mail, self._rest, self._disk = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        self._alarm = clock.alarm(self.wake)

    def wake(self) -> None:
        self._rest.clear()
        self._mail.set()

    async def rest(self) -> None:
        """Return once there is nothing to fetch or to remove now."""
        await self._rest.wait()

    async def run(self) -> None:
        """Fetch and tidy for ever."""
        while True:
            self._mail.clear()
            to_do = await self._ask_core(partial(pictures.to_do, account=self._account, most=AT_ONCE))
            if not (await self._tidy(to_do.over) or await self._fetch_some(to_do.wanted)):
                self._alarm.set(to_do.again_at)
                if not self._mail.is_set():
                    self._rest.set()
                await self._mail.wait()

    async def _fetch_some(self, wanted: list[Wanted]) -> bool:
        """Fetch these; False if there are none, or no link to fetch them over."""
        return bool(wanted) and all(await asyncio.gather(*map(self._fetch, wanted)))

    async def _fetch(self, wanted: Wanted) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                content = await self._channel.fetch(wanted.ref)
            await self._keep(wanted, content)
        except NotConnected:
            return False
        except FetchFailed as error:
            await self._note_failure(wanted, str(error), for_good=error.for_good)
        except (OSError, TimeoutError) as error:  # a full disk; a platform that does not answer
            await self._note_failure(wanted, type(error).__name__)
        except Exception as error:
            await self._note_failure(wanted, failures.without_words(error))
        return True

    async def _keep(self, wanted: Wanted, content: bytes) -> None:
        """The row knows of the file before it is there, so that nothing is left behind by a crash."""
        name, looks = name_of(content), await self._beside(partial(dhash, content))
        await self._ask_core(lambda tx: pictures.arrived(tx, wanted.id, name.hash, len(content), looks))
        async with self._disk:
            await self._beside(partial(store, self._folder, name, content, lasting=self._lasting))
        await self._ask_core(lambda tx: pictures.kept(tx, wanted.id))
        logger.info("picture kept media=%d bytes=%d", wanted.id, len(content))

    async def _note_failure(self, wanted: Wanted, reason: str, *, for_good: bool = False) -> None:
        logger.warning("picture not fetched media=%d: %s", wanted.id, reason)
        await self._ask_core(lambda tx: pictures.failed(tx, wanted.id, for_good=for_good))

    async def _tidy(self, over: list[Over]) -> bool:
        """Remove what is over, files before rows: what a crash leaves is removed at the next start.

        False if nothing could be.
        """
        gone = await self._beside(partial(self._remove, over)) if over else []
        if gone:
            await self._ask_core(lambda tx: pictures.forget(tx, gone))
        return bool(gone)

    def _remove(self, over: list[Over]) -> list[int]:
        """Remove their files; gives those whose file is gone."""
        gone = []
        for picture in over:
            try:
                for path in _files(self._folder, picture.hash or ""):
                    path.unlink(missing_ok=True)
                gone.append(picture.id)
            except OSError as error:
                logger.error("a picture cannot be removed media=%d: %s", picture.id, type(error).__name__)
        return gone


class Name(NamedTuple):
    """What a picture's file is called."""

    hash: str
    suffix: str


def name_of(content: bytes) -> Name:
    """By the hash of the bytes, and what kind of picture they are, whatever somebody called it."""
    for suffix, magic in _MAGIC.items():
        if re.match(magic, content, re.DOTALL):
            return Name(hashlib.sha256(content).hexdigest(), suffix)
    raise FetchFailed("these bytes are no picture", for_good=True)


def store(folder: Path, name: Name, content: bytes, *, lasting: bool = True) -> None:
    """Write a picture to its place. A crash leaves it whole or not there, where it is to be ``lasting``."""
    place = folder / name.hash[:2] / f"{name.hash}.{name.suffix}"
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        if lasting:
            os.fsync(file.fileno())
    part.replace(place)


def find(folder: Path, hash: str) -> Path | None:
    """The file of a kept picture."""
    return next((file for file in _files(folder, hash) if file.suffix != ".part"), None)


def _files(folder: Path, hash: str) -> list[Path]:
    """Its file, whole or half written; nothing but a hash leads to one, so to none outside of ``folder``."""
    return sorted((folder / hash[:2]).glob(f"{hash}.*")) if _HASH.fullmatch(hash) else []
