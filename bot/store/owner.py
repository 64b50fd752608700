"""One process owns an account, so that nothing is said twice: a lock that ends with the process.

SQLite: the kernel's lock on a file beside the database. PostgreSQL: an advisory lock of the very session in
which the writer writes, so that who writes has it, and who lost it can write nothing.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO
from zlib import crc32

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from bot.errors import AccountTaken, StoreError
from bot.store import session
from bot.store.writer import Claim, unclaimed

PATIENCE = "2s"
"""How long the server may take to notice that the last owner died; a process that lives is not waited for."""
_KEEPALIVE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""So that a machine that is gone owns nothing half a minute later; the server's own patience is two hours."""
_LONGEST_NAME = 63  # what PostgreSQL keeps of an application_name
_OWNING = 0x626F74
"""Beside it stands the account's number: a pair of ours alone among the database's advisory locks."""
_LOCK_TIMEOUT = "55P03"

_END_FORMER = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = :name AND pid <> pg_backend_pid()"
)
_LOCK = text("SELECT pg_advisory_lock(:owning, :number)")
_HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    " AND classid = :owning AND objid = :number AND objsubid = 2"
)


@contextmanager
def owning(url: str, account: str) -> Iterator[Claim]:
    """Own ``account`` on the database at ``url``; gives what the writer is to call on each new connection.

    Where another process owns it, ``AccountTaken`` is raised: on SQLite at once, on PostgreSQL by that call.
    """
    parsed = session.parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        yield partial(_claim, account=account, name=_name(account))
    elif parsed.database:
        with _locked(Path(f"{parsed.database}.{account}.lock"), account):
            yield unclaimed
    else:
        yield unclaimed  # there is no file to put a lock beside


# --- SQLite ---


@contextmanager
def _locked(path: Path, account: str) -> Iterator[None]:
    """A SIGKILL leaves nothing to clean up: the lock is the kernel's, the file may stay."""
    with _open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AccountTaken(_held(account, file.read(20).strip())) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _open(path: Path) -> TextIO:
    session.make_folder(path.parent)
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"锁文件 {path} 打不开：{error.strerror}") from error


# --- PostgreSQL ---


def _name(account: str) -> str:
    """How the sessions of this process are called on the server, and those of no other."""
    name = f"bot {account} {secrets.token_hex(4)} {os.getpid()}@{socket.gethostname()}"
    return name[:_LONGEST_NAME]


def _claim(connection: Connection, account: str, name: str) -> None:
    """Take the account's lock for as long as ``connection`` lives.

    What is left on the server of a connection that we lost is ended first: it may hold the lock still, and
    must not commit any more.
    """
    connection.detach()  # the pool would keep the session, and with it the lock
    lock = {"owning": _OWNING, "number": crc32(account.encode()) >> 1}  # fits an int4
    try:
        with connection.begin():
            _set(connection, {**_KEEPALIVE, "application_name": name})
            connection.execute(_END_FORMER, {"name": name})
            _set(connection, {"lock_timeout": PATIENCE}, for_transaction=True)
            connection.execute(_LOCK, lock)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_TIMEOUT:
            raise
        raise AccountTaken(_held(account, _holder(connection, lock))) from None


def _set(connection: Connection, settings: Mapping[str, str], *, for_transaction: bool = False) -> None:
    for name, value in settings.items():
        connection.execute(select(func.set_config(name, value, for_transaction)))


def _holder(connection: Connection, lock: Mapping[str, int]) -> str:
    """The process and machine of the session that holds the lock, as far as its name tells."""
    name = connection.execute(_HOLDER, lock).scalar() or ""
    found = re.search(r" (\d+)@(\S+)$", name)
    return f"{found[1]}，在 {found[2]} 上" if found else ""


def _held(account: str, holder: str) -> str:
    return f"账号 {account} 正由另一个进程在跑（进程号 {holder or '不明'}）。先停掉它，再启动这一个。"
