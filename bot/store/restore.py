"""Putting a backup in the place of the SQLite database; what was there is kept, so it can be undone."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from glob import escape
from pathlib import Path

from bot.errors import StoreError
from bot.store import archive, migrate
from bot.store.backup import discard, file_of, on_disk, write
from bot.store.owner import owning

_OURS = frozenset({"alembic_version", "interaction", "outgoing"})


def restore(url: str, account: str, backup: Path) -> Path | None:
    """Put ``backup`` in the place of the database at ``url``; gives where that is kept, if there was one.

    Raises ``StoreError`` and changes nothing while a process runs on it, or where the backup is not sound.
    """
    database = file_of(url)
    if not backup.is_file():
        raise StoreError(f"没有备份文件 {backup}")
    if database.exists() and database.samefile(backup):
        raise StoreError(f"{backup} 就是现在的数据库")
    with _nobody_running(url, database, account):
        return _replace(database, backup)


@contextmanager
def _nobody_running(url: str, database: Path, account: str) -> Iterator[None]:
    """Own every account that has ever run on the database."""
    locks = database.parent.glob(f"{escape(database.name)}.*.lock")
    known = {lock.name[len(database.name) + 1 : -len(".lock")] for lock in locks}
    with ExitStack() as stack:
        for name in sorted({account, *known}):
            stack.enter_context(owning(url, name))
        yield


def _replace(database: Path, backup: Path) -> Path | None:
    fresh = database.with_name(f"{database.name}.restoring")
    for leftover in (fresh, fresh.with_name(f"{fresh.name}.part")):
        discard(leftover)
    write(backup, fresh)
    try:
        _check(fresh, backup)
        kept = _keep(database, fresh) if database.exists() else None
        _put(fresh, database)
    except OSError as error:
        raise StoreError(f"{database} 换不了：{error.strerror}（{error.filename}）") from error
    finally:
        discard(fresh)  # it is no more if it took its place
    return kept


def _check(fresh: Path, backup: Path) -> None:
    with closing(sqlite3.connect(fresh)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not tables >= _OURS:
            raise StoreError(f"{backup} 不是这个机器人的数据库")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if migrate.is_newer(revision):
        raise StoreError(f"{backup} 比这个程序新：它是更新的版本留下的。请用那个版本来恢复。")


def _keep(database: Path, fresh: Path) -> Path:
    """Keep a sound database as a backup, a damaged one as it is with its logs; ``fresh`` gets its owner."""
    kept = archive.replaced(database)
    try:
        write(database, kept)
    except StoreError:
        _copy_as_it_is(database, kept)
    else:
        _fold_log(database)
    status = database.stat()
    fresh.chmod(status.st_mode & 0o777)
    with suppress(PermissionError):  # only root can give a file to another
        os.chown(fresh, status.st_uid, status.st_gid)
    return kept


def _fold_log(database: Path) -> None:
    """Bring what the log holds into the file: should we die between the two, the file is whole without it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy_as_it_is(database: Path, kept: Path) -> None:
    for path, copy in zip((database, *archive.logs(database)), (kept, *archive.logs(kept)), strict=True):
        if path.exists():
            copy.touch(0o600, exist_ok=False)
            shutil.copyfile(path, copy)
            on_disk(copy)


def _put(fresh: Path, database: Path) -> None:
    """A log that stayed belongs to what is replaced; with the new file it would spoil it."""
    for log in archive.logs(database):
        log.unlink(missing_ok=True)
    fresh.replace(database)
    on_disk(database.parent)
