"""Telling the operators what needs a human: in their room, or where there is none yet to every admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.outbox.queue import Intent, Post, Priority, enqueue, text
from bot.people import directory, roles
from bot.sop.loader import SopSet
from bot.store.transaction import Transaction

REMIND_AT = time(10)
"""What waits for a human, and burns nobody, is told in the morning."""


def next_reminder(after: datetime, zone: ZoneInfo) -> datetime:
    """The first such moment from ``after`` on."""
    local = after.astimezone(zone)
    today = datetime.combine(local.date(), REMIND_AT, zone)
    return (today if today >= local else today + timedelta(days=1)).astimezone(UTC)


def waiting_for_a_human(tx: Transaction, sops: SopSet, account: str) -> dict[str, int]:
    """How much of what waits, of all kinds of SOP, as far as there is any."""
    counted = [kind.waiting(tx, sops, account) for kind in sops.kinds.values() if kind.waiting is not None]
    return {name: count for counts in counted for name, count in counts.items() if count}


def alert(
    tx: Transaction,
    room_key: str | None,
    account: str,
    words: str,
    key: str,
    *,
    quotes: Sequence[int] = (),
    sop_id: str | None = None,
    cause_id: int | None = None,
) -> None:
    """Queue an alarm, once for ``key``. It keeps no quiet hours; ``room_key`` is the operators' room."""
    post = Post(
        parts=[text(words)],
        intent=Intent.SERVICE,
        priority=Priority.ALARM,
        dedupe_key=f"alarm:{key}",
        quotes=quotes,
        sop_id=sop_id,
        cause_id=cause_id,
    )
    room = directory.enabled_room(tx, account, room_key)
    if room is not None:
        enqueue(tx, account, replace(post, room_id=room.id))
        return
    for admin in roles.holders(tx, roles.ADMIN, account):
        mine = f"{post.dedupe_key}:{admin.identity_id}"
        enqueue(tx, account, replace(post, identity_id=admin.identity_id, dedupe_key=mine))
