"""What waits: people to be forgotten, and files to be deleted.

It waits a moment, so that who asked for it can still be answered.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, bindparam, delete, func, select, update

from bot.rights import tombstones
from bot.rights.erase import Traces, erase, of_account, of_member
from bot.rights.folder import Folder
from bot.store import failures
from bot.store.quick import once
from bot.store.rights import erasure, export_file
from bot.store.session import insert_new, one_of
from bot.store.transaction import Errand, Transaction

logger = logging.getLogger(__name__)

SOON = timedelta(minutes=1)
TRY_AGAIN = timedelta(minutes=5)
_NOW = bindparam("now", type_=erasure.c.due_at.type)
_DUE = once(select(erasure.c.member_id).where(erasure.c.due_at <= _NOW).order_by(erasure.c.member_id))
_OVER = once(select(export_file.c.name).where(export_file.c.until <= _NOW))
_FIRSTS = (once(select(func.min(erasure.c.due_at))), once(select(func.min(export_file.c.until))))
"""Built once: each tick asks."""


def plan(tx: Transaction, member_id: int) -> None:
    """Have a member forgotten soon."""
    insert_new(tx.connection, erasure, [{"member_id": member_id, "due_at": tx.now + SOON}])
    tx.rescheduled = True


def is_planned(tx: Transaction, member_id: int) -> bool:
    query = select(erasure.c.due_at).where(erasure.c.member_id == member_id)
    return tx.connection.execute(query).first() is not None


def next_due(tx: Transaction) -> datetime | None:
    moments = (tx.connection.execute(query).scalar() for query in _FIRSTS)
    return min((moment for moment in moments if moment is not None), default=None)


def tick(tx: Transaction, key: bytes | None, folder: Path | None) -> None:
    """Forget whose time has come, and delete the files that nobody fetches any more."""
    members = list(tx.connection.scalars(_DUE, {"now": tx.now}))
    dead: dict[str, datetime] = {}
    for member_id in members:
        _forget_due(tx, member_id, key, dead)
    if members:  # another's file may name who is forgotten
        files = list(tx.connection.scalars(select(export_file.c.name)))
    else:
        files = list(tx.connection.scalars(_OVER, {"now": tx.now}))
    if members or files:
        tx.connection.execute(
            delete(export_file).where(one_of(export_file.c.name, "names")), {"names": files}
        )
        _clear_up(tx, None if folder is None else Folder(folder), files, dead)


def _forget_due(tx: Transaction, member_id: int, key: bytes | None, dead: dict[str, datetime]) -> None:
    """What fails stays small, and is tried again."""

    def do() -> None:
        dead.update(forget(tx, of_member(tx, member_id), key))

    if not failures.attempt(tx, "erasure", do):
        later = update(erasure).where(erasure.c.member_id == member_id).values(due_at=tx.now + TRY_AGAIN)
        tx.connection.execute(later)


def forget(tx: Transaction, who: Traces, key: bytes | None) -> Mapping[str, datetime]:
    """Forget somebody now; gives what the file beside the database has to know."""
    erase(tx, who)
    logger.info("somebody was forgotten, with %d accounts", len(who.accounts))
    if key is None:
        logger.warning("without BOT_PHONE_KEY an import may bring back who was forgotten")
        return {}
    return tombstones.bury(tx, key, who.accounts)


def apply_file(tx: Transaction, key: bytes | None, folder: Folder) -> int:
    """Forget again whom a restored backup brought back; gives how many accounts that were."""
    dead = tombstones.agree(tx, folder.path)
    if key is None or not dead:
        return 0
    found = list(tombstones.risen(tx, key, dead))
    for member_id in sorted({it.member_id for it in found if it.member_id is not None}):
        forget(tx, of_member(tx, member_id), key)
    for it in found:
        if it.member_id is None:
            forget(tx, of_account(tx, it.identity_id), key)
    tombstones.keep(tx, dead)
    return len(found)


def _clear_up(
    tx: Transaction, folder: Folder | None, files: Collection[str], dead: Mapping[str, datetime]
) -> None:
    """What is outside of the database follows after the commit."""
    url = tx.connection.engine.url

    def do() -> None:
        if folder is not None:
            folder.delete(files)
            tombstones.write(folder.path, dead)
        shrink_log(url)

    tx.errands.append(Errand("clearing up", do, lambda tx, _: None, otherwise=None))


def shrink_log(url: URL) -> None:
    """What was overwritten may still stand in SQLite's log: bring it into the file, and empty it."""
    if url.get_backend_name() == "sqlite" and url.database and Path(url.database).is_file():
        with closing(sqlite3.connect(url.database, timeout=5)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
