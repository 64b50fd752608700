"""Who was forgotten stays so: no import and no restored backup brings them back.

Of their accounts and phones keyed hashes are kept, in the database and in a file that no backup of it holds.
Who speaks again is somebody new: what is heard is not held against these.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from bot.errors import StoreError
from bot.people import phones
from bot.store.rights import tombstone
from bot.store.session import insert_new, one_of
from bot.store.tables import identity, member
from bot.store.transaction import Transaction
from bot.store.types import EPOCH

FILE = "erased.jsonl"
_MILLISECOND = timedelta(milliseconds=1)
Account = tuple[str, str]
"""A source, and what somebody is called there."""


class Known(NamedTuple):
    """An account, with the phone that a shop has for it, and whose it is."""

    identity_id: int
    account: Account
    phone: str | None
    member_id: int | None
    since: datetime | None


def digest(key: bytes, account: Account) -> str:
    return hmac.digest(key, "\0".join(("erased", *account)).encode(), "sha256").hex()


def _digests(key: bytes, account: Account, phone: str | None) -> list[str]:
    found = [digest(key, account)]
    return found if phone is None else [*found, digest(key, (phones.SOURCE, phone))]


def bury(tx: Transaction, key: bytes, accounts: Iterable[tuple[Account, str | None]]) -> dict[str, datetime]:
    """Note that these are not to come back; gives what the file has to know."""
    digests = {it for account, phone in accounts for it in _digests(key, account, phone)}
    insert_new(tx.connection, tombstone, [{"digest": it, "at": tx.now} for it in sorted(digests)])
    return dict.fromkeys(digests, tx.now)


def keep(tx: Transaction, dead: Mapping[str, datetime]) -> None:
    """Have the database know them, too."""
    rows = [{"digest": known, "at": at} for known, at in sorted(dead.items())]
    insert_new(tx.connection, tombstone, rows)


def buried(
    tx: Transaction, key: bytes | None, accounts: Iterable[tuple[Account, str | None]]
) -> set[Account]:
    """Those of ``accounts`` that belonged to somebody who was forgotten; by themselves or by their phone."""
    if key is None or tx.connection.execute(select(tombstone.c.at).limit(1)).first() is None:
        return set()
    mine = {account: _digests(key, account, phone) for account, phone in set(accounts)}
    asked = {it for digests in mine.values() for it in digests}
    query = select(tombstone.c.digest).where(one_of(tombstone.c.digest, "digests"))
    found = set(tx.connection.scalars(query, {"digests": asked}))
    return {account for account, digests in mine.items() if not found.isdisjoint(digests)}


# --- the file beside the database ---


def write(folder: Path, dead: Mapping[str, datetime]) -> None:
    """Add to the file; what is in it twice does no harm."""
    lines = [
        json.dumps({"digest": known, "at": (at - EPOCH) // _MILLISECOND}) + "\n"
        for known, at in sorted(dead.items())
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(os.open(folder / FILE, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"忘记过谁，要记在 {folder / FILE}，写不成：{error.strerror}") from error


def read(folder: Path) -> dict[str, datetime]:
    """A line that was cut off by a crash is left out."""
    path, found = folder / FILE, {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
            found[row["digest"]] = EPOCH + row["at"] * _MILLISECOND
        except (ValueError, KeyError, TypeError):
            continue
    return found


def agree(tx: Transaction, folder: Path) -> dict[str, datetime]:
    """Have the file know what the database does; gives what the file alone knows, as after a restore."""
    rows = tx.connection.execute(select(tombstone.c.digest, tombstone.c.at))
    here, there = {row.digest: row.at for row in rows}, read(folder)
    if missing := {it: at for it, at in here.items() if it not in there}:
        write(folder, missing)
    return {it: at for it, at in there.items() if it not in here}


def risen(tx: Transaction, key: bytes, dead: Mapping[str, datetime]) -> Iterator[Known]:
    """The accounts that ``dead`` are, as far as they were met before they were forgotten."""
    for it in _accounts(tx):
        bears = [dead[known] for known in _digests(key, it.account, it.phone) if known in dead]
        if bears and (it.since is None or it.since <= max(bears)):
            yield it


def _accounts(tx: Transaction) -> Iterator[Known]:
    i = identity.c
    joined = identity.outerjoin(member, member.c.id == i.member_id)
    columns = (i.id, i.source, i.external_id, i.phone, i.member_id, member.c.created_at)
    for id, source, external_id, *rest in tx.connection.execute(select(*columns).select_from(joined)):
        yield Known(id, (source, external_id), *rest)
