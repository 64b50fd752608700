"""One process owns an account, so that nothing is said twice: a lock that ends with the process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot.errors import StoreError
from bot.store import session


@contextmanager
def owning(url: str, account: str) -> Iterator[None]:
    """Own ``account`` on the database at ``url``; raises ``StoreError`` where another process does.

    For SQLite the lock is the kernel's, on a file beside the database: a SIGKILL leaves nothing to clean up.
    """
    parsed = session.parse_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        yield  # there is no file to put a lock beside
        return
    with _open(Path(f"{parsed.database}.{account}.lock")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(_held(file, account)) from None
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


def _held(file: TextIO, account: str) -> str:
    file.seek(0)
    holder = file.read(20).strip() or "不明"
    return f"账号 {account} 正由另一个进程在跑（进程号 {holder}）。先停掉它，再启动这一个。"
