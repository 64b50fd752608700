"""The secret by which phone numbers are hashed: beside the database, and in no backup of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.errors import StoreError
from bot.store import session

BYTES = 32


def beside(url: str) -> bytes | None:
    """The key in the file beside a SQLite database, made at the first time; a server has no such file."""
    parsed = session.parse_url(url)
    if parsed.get_backend_name() != "sqlite" or session.is_in_memory(parsed):
        return None
    path = Path(f"{parsed.database}.key")
    session.make_folder(path.parent)
    try:
        return _read(path) if path.exists() else _make(path)
    except OSError as error:
        raise StoreError(f"手机号的密钥 {path} 读不到也写不成：{error.strerror}") from error


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise StoreError(f"手机号的密钥 {path} 坏了：换回它的备份；没有就删掉它，以后的号码对不上以前的。")
    return key


def _make(path: Path) -> bytes:
    """Whole or not at all, and whoever comes second reads what the first one made."""
    key, part = secrets.token_bytes(BYTES), path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        return _read(path)
    finally:
        part.unlink()
    return key
