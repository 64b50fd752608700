"""Pictures that messages bear: which are wanted, which lie in the media folder, and until when.

A row is ``wanted`` until its bytes lie in the folder under their hash (``kept``), or cannot be had
(``failed``). When its time is over, ``keep_until`` is past: the file goes first, then the row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, delete, func, literal_column, or_, select, update

from bot.events import MessageKind, MessageReceived
from bot.store.quick import once
from bot.store.session import insert_new, one_of, update_by_id
from bot.store.tables import media
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

TRIES = (timedelta(minutes=1), timedelta(minutes=10))
"""How long to wait after the first failure and the second; the third is the last."""

GONE_AT_ONCE = 500


class State(StrEnum):
    """wanted → kept | failed."""

    WANTED = "wanted"
    KEPT = "kept"
    FAILED = "failed"


class Wanted(NamedTuple):
    """A picture to be fetched; ``ref`` is the channel's."""

    id: int
    ref: str


class Over(NamedTuple):
    """A picture whose time is over; ``hash`` is that of its file, None if that has to stay (or never was)."""

    id: int
    hash: str | None


def of_message(
    tx: Transaction, account: str, interaction_id: int, message: MessageReceived, keep_until: datetime
) -> list[dict[str, Any]]:
    """The rows for the pictures of a message. The names that people gave their files are not kept."""
    if message.kind is not MessageKind.IMAGE:
        return []
    about = {"account": account, "interaction_id": interaction_id, "state": State.WANTED}
    rest = {"name": "", "attempts": 0, "keep_until": keep_until}
    return [{"id": tx.new_id(), "ref": it.ref, **about, **rest} for it in message.media]


def want(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Have these fetched."""
    insert_new(tx.connection, media, rows)
    tx.pictures = tx.pictures or bool(rows)


def let_go(tx: Transaction, interaction_id: int) -> None:
    """The message was taken back: the time of its pictures is over."""
    here = media.c.interaction_id == interaction_id
    changed = tx.connection.execute(update(media).where(here).values(keep_until=tx.now))
    tx.pictures = tx.pictures or changed.rowcount > 0


class ToDo(NamedTuple):
    """What has to go now, and what is to be fetched; ``again_at``: when there is more of either."""

    over: list[Over]
    wanted: list[Wanted]
    again_at: datetime | None


def to_do(tx: Transaction, account: str, most: int) -> ToDo:
    """All that the fetcher has to know, in one transaction; ``most``: how many it fetches at once."""
    return ToDo(over(tx, account, GONE_AT_ONCE), next_wanted(tx, account, most), next_due(tx, account))


def next_wanted(tx: Transaction, account: str, most: int) -> list[Wanted]:
    """The pictures to be fetched now, the oldest first."""
    asked = {"mine": account, "now": tx.now, "most": most}
    return [Wanted(*row) for row in tx.connection.execute(_NEXT_WANTED, asked)]


def arrived(tx: Transaction, id: int, hash: str, size: int, dhash: int | None = None) -> None:
    """Its bytes are here, and about to be written: no file is there that no row knows of."""
    _change(tx, id, hash=hash, bytes=size, dhash=dhash)


def kept(tx: Transaction, id: int) -> None:
    """Its bytes lie in the folder."""
    _change(tx, id, state=State.KEPT)


def failed(tx: Transaction, id: int, *, for_good: bool) -> None:
    """It could not be had, this time or at all."""
    attempts = tx.connection.execute(select(media.c.attempts).where(media.c.id == id)).scalar()
    if attempts is None:
        return  # it was forgotten meanwhile
    if for_good or attempts >= len(TRIES):
        _change(tx, id, state=State.FAILED, attempts=attempts + 1)
    else:
        _change(tx, id, attempts=attempts + 1, not_before=tx.now + TRIES[attempts])


def _change(tx: Transaction, id: int, **values: object) -> None:
    update_by_id(tx.connection, media, id, values)


def over(tx: Transaction, account: str, most: int) -> list[Over]:
    """What has to go now. A file stays as long as another picture has the same bytes."""
    rows = tx.connection.execute(_OVER, {"mine": account, "now": tx.now, "most": most}).all()
    asked = {"hashes": [row.hash for row in rows if row.hash is not None], "now": tx.now}
    shared = set(tx.connection.scalars(_SHARED, asked)) if rows else set()
    return [Over(row.id, None if row.hash in shared else row.hash) for row in rows]


def forget(tx: Transaction, ids: Collection[int]) -> None:
    """Their files are gone, and so are they."""
    tx.connection.execute(delete(media).where(media.c.id.in_(ids)))


def next_due(tx: Transaction, account: str) -> datetime | None:
    """When a picture is to be tried again, or goes."""
    asked = {"mine": account, "now": tx.now}
    moments = (tx.connection.execute(query, asked).scalar() for query in (_NEXT_TRY, _NEXT_END))
    return min((moment for moment in moments if moment is not None), default=None)


# Built once: each picture asks for them several times.
_MINE = media.c.account == bindparam("mine")
_NOW, _MOST = bindparam("now", type_=UtcTime), bindparam("most", type_=Integer)
# The partial index's own words: with a parameter SQLite does not see that it may use it.
_WANTED = _MINE & (media.c.state == literal_column(f"'{State.WANTED}'"))
_NEXT_WANTED = once(
    select(media.c.id, media.c.ref)
    .where(_WANTED, media.c.keep_until > _NOW)
    .where(or_(media.c.not_before.is_(None), media.c.not_before <= _NOW))
    .order_by(media.c.id)
    .limit(_MOST)
)
_OVER = once(
    select(media.c.id, media.c.hash)
    .where(_MINE, media.c.keep_until <= _NOW)
    .order_by(media.c.keep_until, media.c.id)
    .limit(_MOST)
)
_SHARED = once(select(media.c.hash).where(one_of(media.c.hash, "hashes"), media.c.keep_until > _NOW))
_NEXT_TRY = once(select(func.min(media.c.not_before)).where(_WANTED, media.c.not_before > _NOW))
_NEXT_END = once(select(func.min(media.c.keep_until)).where(_MINE, media.c.keep_until > _NOW))
