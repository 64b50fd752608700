"""What is done at the command line, beside a bot that may be running."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.errors import BotError
from bot.rights import due, keeping
from bot.store import log, retention
from bot.store.tables import identity, member
from bot.store.transaction import Transaction

EXPORTED = "data_exported"


def next_night(now: datetime, zone: ZoneInfo) -> datetime:
    """When words go for the next time."""
    return retention.keep_until(now + timedelta(microseconds=1), 0, zone)


def keep_no_longer(tx: Transaction, key: bytes | None, files: Path, days: int) -> None:
    """What the night does, now; what is outside of the database follows with the errands."""
    retention.purge(tx, days)
    keeping.forget_answers(tx)
    due.tick(tx, key, files)


def note_export(tx: Transaction, named: str) -> tuple[int, int]:
    """Put on record that everything about a member (M37) is taken out; gives their id and number.

    Raises ``BotError`` where there is nobody of this number.
    """
    typed = re.fullmatch(r"[Mm]?(\d{1,9})", named)
    query = select(func.coalesce(member.c.merged_into, member.c.id), member.c.number)
    row = typed and tx.connection.execute(query.where(member.c.number == int(typed[1]))).first()
    if not row:
        raise BotError(f"没有 {named} 这个编号，要写成 M37；群里发 /成员 名字 能查到编号。")
    accounts = select(func.max(identity.c.id)).where(identity.c.member_id == row[0])
    about = {"target_identity_id": tx.connection.execute(accounts).scalar(), "actor_role": "staff"}
    log.append(tx, [log.entry(tx, "cli", str(tx.new_id()), EXPORTED, tx.now, channel="offline", **about)])
    return row[0], row[1]
