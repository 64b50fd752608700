"""Backups of a SQLite database: whole and sound, or not there at all."""

from __future__ import annotations

import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from bot.errors import StoreError
from bot.store import archive, session, trouble

_PRIVATE = 0o600
_SERVER_TOOLS = """PostgreSQL 的备份和恢复用它自己的工具（密码它会问）：
  备份  pg_dump --format=custom --file=bot.dump {url}
  恢复  pg_restore --clean --if-exists --single-transaction --dbname={url} bot.dump"""


def file_of(url: str) -> Path:
    """The file of a SQLite database. Raises ``StoreError`` for a server, naming its tools."""
    parsed = session.parse_url(url)
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        raise StoreError(_SERVER_TOOLS.format(url=shlex.quote(_without_password(parsed))))
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise StoreError("DATABASE_URL 要写明数据库文件，例如 sqlite:///data/bot.db")
    return Path(str(parsed.database))


def _without_password(url: URL) -> str:
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.difference_update_query(["password"]).render_as_string()


def write(database: Path, target: Path) -> None:
    """Copy ``database`` as it is now, whoever is writing in it, to ``target``, a new file.

    Its owner alone may read it, and it gets its name once it was checked and is on the disk.
    """
    if not database.is_file():
        raise StoreError(f"没有数据库文件 {database}")
    part = target.with_name(f"{target.name}.part")
    with _told_about(target):
        session.make_folder(target.parent)
        _create(target, part)
        try:
            _copy(database, part)
            on_disk(part)
            _refuse_existing(target)
            part.rename(target)
            on_disk(target.parent)
        except BaseException:
            discard(part)
            raise


def on_disk(path: Path) -> None:
    """Return once a file, or what is in a folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(database: Path) -> None:
    """Delete a database, with the logs beside it."""
    for path in (database, *archive.logs(database)):
        path.unlink(missing_ok=True)


@contextmanager
def _told_about(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"备份 {target} 写不成：{error.strerror}") from error


def _create(target: Path, part: Path) -> None:
    """Only one can write to a name: whoever makes its part."""
    _refuse_existing(target)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))
    except FileExistsError:
        raise StoreError(f"{part} 还在：有人正在写，或者上次没写完。没有人在写就删掉它。") from None


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} 已经有了，备份不盖掉任何文件。换个名字。")


def _copy(database: Path, part: Path) -> None:
    try:
        with closing(_open(database, "ro")) as source, closing(_open(part, "rw")) as copy:
            _hold(source)
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, that can be read wherever it lies
            (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        wrong = part if trouble.is_full(error) else database
        raise StoreError(trouble.explain_file(wrong, error)) from error
    if found != "ok":
        raise StoreError(trouble.damaged(database, found))


def _open(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=trouble.BUSY_TIMEOUT, isolation_level=None)


def _hold(source: sqlite3.Connection) -> None:
    """Read from one moment on; a lock is waited for here, because ``backup`` waits for ever."""
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
