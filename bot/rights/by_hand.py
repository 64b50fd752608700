"""What is done at the command line, beside a bot that may be running."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.people import numbers
from bot.people.numbers import Numbered
from bot.rights import due, keeping
from bot.rights.export import EXPORTED
from bot.store import log, retention
from bot.store.tables import identity
from bot.store.transaction import Transaction


def next_night(now: datetime, zone: ZoneInfo) -> datetime:
    """When words go for the next time."""
    return retention.keep_until(now + timedelta(microseconds=1), 0, zone)


def keep_no_longer(tx: Transaction, key: bytes | None, files: Path, days: int) -> None:
    """What the night does, now; what is outside of the database follows with the errands."""
    retention.purge(tx, days)
    keeping.forget_answers(tx)
    keeping.forget_lists(tx)
    due.tick(tx, key, files)


def note_export(tx: Transaction, named: str) -> Numbered:
    """Put on record that everything about a member (M37) is taken out, and say who it is.

    Raises ``BotError`` where there is nobody of this number.
    """
    found = numbers.of_typed(tx.connection, named)
    accounts = select(func.max(identity.c.id)).where(identity.c.member_id == found.member_id)
    about = {"target_identity_id": tx.connection.execute(accounts).scalar(), "actor_role": "staff"}
    log.append(tx, [log.entry(tx, "cli", str(tx.new_id()), EXPORTED, tx.now, channel="offline", **about)])
    return found
