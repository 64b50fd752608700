"""The twelve people whose figures are worked out by hand, and what happens to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.scoring import days
from bot.store import log
from bot.store.session import insert_new
from bot.store.tables import identity, member, membership
from bot.store.transaction import Transaction

ZONE = ZoneInfo("Asia/Shanghai")
ROOM = 1
PEOPLE = "ABCDEFGHIKLM"
STAFF, EXPERT = 90, 91
WHO = {name: number for number, name in enumerate(PEOPLE, 1)}


def at(day: int, hour: int = 10, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def day(moment: datetime) -> int:
    return days.number(moment, ZONE)


def live_in(tx: Transaction, ids: Iterable[int], room: int = ROOM, **more: Any) -> None:
    """They have been members in a room for long; ``more`` is what else is known of that."""
    since = at(1, month=1)
    for id in ids:
        insert_new(tx.connection, member, [{"id": id, "number": id, "created_at": since}])
        who = {"id": id, "source": "t", "external_id": str(id), "member_id": id, "name": ""}
        insert_new(tx.connection, identity, [who])
        stay = {"room_id": room, "identity_id": id, "alias": "", "joined_at": since, **more}
        insert_new(tx.connection, membership, [stay])


def happen(tx: Transaction, name: str, who: str | int | None, when: datetime, **more: Any) -> int:
    by = WHO[who] if isinstance(who, str) else who
    row = log.entry(tx, "test", f"{tx.new_id()}", name, when, **{"identity_id": by, "room_id": ROOM, **more})
    log.append(tx, [row])
    return int(row["id"])
