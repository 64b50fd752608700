"""Why a database cannot be used and what to do about it, in the words that operators read.

Some troubles pass: a lock, a full disk, a server that is away; at the start they are told, later they are
waited for (``session.is_passing``). Others last: a damaged file, one that takes no writing. Those are a
``StoreError`` wherever they arise, and end the process.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError

from bot.errors import StoreError
from bot.store import archive

BUSY_TIMEOUT = 10.0
"""Seconds for which another program's lock on a SQLite file is waited for."""
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_CLOSED = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR")
_FORBIDDEN = "42501"
_REASONS = {
    r'database ".*" does not exist': "没有这个数据库，请先建好",
    r'role ".*" does not exist|authentication failed|no password supplied': "用户名或密码不对",
    r"permission denied": "这个用户没有权限",
    r"connection failed|failed to resolve|timeout expired": "连不上，服务没有开，或者地址不对",
}


def raise_lasting(context: ExceptionContext) -> None:
    """For an engine's ``handle_error``: a file that is damaged or closed is the fault of no step or batch."""
    if context.engine is not None:
        raise_if_lasting(context.original_exception, context.engine.url)


def raise_if_lasting(error: BaseException, url: URL) -> None:
    if _name(error).startswith(_DAMAGED + _CLOSED):
        raise StoreError(explain(url, error)) from error


@contextmanager
def told(url: URL) -> Iterator[None]:
    """While the database at ``url`` is opened, what keeps it from opening is a ``StoreError``."""
    try:
        yield
    except DatabaseError as error:
        if _is_a_bug(error):
            raise
        raise StoreError(explain(url, error.orig or error)) from error


def _is_a_bug(error: DatabaseError) -> bool:
    """A statement that is wrong, and not the database."""
    if getattr(error.orig, "sqlstate", None) == _FORBIDDEN:
        return False
    return not isinstance(error, OperationalError) or _name(error.orig) == "SQLITE_ERROR"


def explain(url: URL, error: BaseException) -> str:
    """One sentence: what is wrong with the database, and what to do."""
    if url.get_backend_name() == "sqlite":
        return explain_file(Path(url.database or ""), error)
    said = str(error).strip()
    reason = next((words for pattern, words in _REASONS.items() if re.search(pattern, said)), "原因是")
    return f"数据库打不开（{url.render_as_string()}）：{reason}（{said}）"


def explain_file(database: Path, error: BaseException) -> str:
    name = _name(error)
    if name.startswith(_DAMAGED):
        return damaged(database, str(error))
    if name.startswith(_LOCKED):
        return (
            f"数据库 {database} 正被别的程序占着，等了 {BUSY_TIMEOUT:.0f} 秒。"
            f"多半是有人用数据库工具打开着它，或者在拷贝、同步；关掉再来（fuser {database} 能看到是谁）。"
        )
    if is_full(error):
        return f"数据库 {database} 写不进去：磁盘满了或者出错了（{error}）。腾出地方再来一次，已有的都在。"
    if name.startswith(_CLOSED):
        return (
            f"数据库打不开或写不进去（{database}）：{error}。"
            "看看文件和文件夹在不在、归谁、有没有写的权限，磁盘是不是只读。"
        )
    return f"数据库打不开（{database}）：原因是（{error}）"


def damaged(database: Path, how: str) -> str:
    """What is said of a damaged file, which stays as it is."""
    backup = archive.newest(database)
    if backup is None:
        advice = "没有找到备份。把它和旁边的 -wal 文件一起留好，请懂的人用 sqlite3 的 .recover 抢救。"
    else:
        advice = f"最近的备份是 {backup}，换回它：bot db restore {shlex.quote(str(backup))}"
    return f"数据库 {database} 坏了，或者不是数据库（{how}），没有动它。{advice}"


def is_full(error: BaseException) -> bool:
    return _name(error).startswith(_FULL)


def _name(error: BaseException | None) -> str:
    """SQLite's name of an error; of another's there is none."""
    return getattr(error, "sqlite_errorname", "")
