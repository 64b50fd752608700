"""What the outbox does is an interaction too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.outbox.queue import AnyRow, Kind
from bot.store import log
from bot.store.transaction import Transaction


def record(
    tx: Transaction, row: AnyRow, name: str, at: datetime, source_id: str, props: Mapping[str, object]
) -> None:
    """Write down, once for each ``name`` and ``source_id``, what happened to a row of the outbox."""
    happened = log.entry(
        tx,
        f"outbox:{row.account}",
        source_id,
        name,
        at,
        actor_role="bot",
        room_id=row.room_id,
        channel="group" if row.room_id is not None else "dm",
        target_identity_id=row.identity_id,
        parent_event_id=row.cause_id,
        programme_id=row.sop_id,
        initiated_by="system" if row.cause_id is None else "prompted",
        text_len=len(row.payload["text"]),
        media_count=int(row.kind == Kind.PICTURE),
        props=dict(props),
    )
    log.append(tx, [happened])
