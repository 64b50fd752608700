"""The state from which time is played ahead: a copy of the live one, or a new one with all rooms enabled."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from bot import app
from bot.events import Chat
from bot.sop.loader import SopSet
from bot.store import backup, copy, session
from bot.store.tables import room

IN_MEMORY = "sqlite://"
"""A database of the connection's own, and of its thread's."""


@dataclass(frozen=True, slots=True)
class Start:
    """A database that may be played in, and the rooms that are to be enabled in it (None: those that are)."""

    url: str
    enabled: Mapping[str, Chat] | None = None


@contextmanager
def fresh(sops: SopSet, rooms: Sequence[str] = ()) -> Iterator[Start]:
    """A new database; all rooms of ``community.yaml`` are enabled, or these ``rooms``."""
    chats = {key: Chat(f"room-{key}", key) for key in rooms or sops.community.rooms}
    yield Start(IN_MEMORY, chats)


@contextmanager
def kept(sops: SopSet, file: Path) -> Iterator[Start]:
    """A new database at ``file``, that stays and is as those that the bot makes."""
    url = f"sqlite:///{file}"
    app.open_database(url).dispose()
    with fresh(sops) as start:
        yield replace(start, url=url)


@contextmanager
def as_it_is(live: str, account: str, sops: SopSet) -> Iterator[Start]:
    """A copy of the database at ``live``, whoever is at work in it; where ``account`` has no enabled room
    there, a new one."""
    if not _is_there(live):
        with fresh(sops) as start:
            yield start
        return
    with _new_database() as url:
        _copy(live, url)
        if _has_rooms(url, account):
            yield Start(url)
            return
    with fresh(sops) as start:
        yield start


@contextmanager
def _new_database() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ahead-") as folder:
        yield f"sqlite:///{Path(folder) / 'ahead.db'}"


def _is_there(live: str) -> bool:
    url = session.parse_url(live)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _copy(live: str, url: str) -> None:
    if session.parse_url(live).get_backend_name() == "sqlite":
        backup.write(backup.file_of(live), backup.file_of(url))
        app.open_database(url).dispose()  # the bot that runs may be older than this program
    else:
        copy.snapshot(live, url)


def _has_rooms(url: str, account: str) -> bool:
    engine = session.open_engine(url)
    try:
        with engine.connect() as connection:
            mine = select(room.c.id).where(room.c.account == account, room.c.disabled_at.is_(None))
            return connection.execute(mine.limit(1)).first() is not None
    finally:
        engine.dispose()
