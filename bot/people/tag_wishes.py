"""What members do about their tags: refuse one for good, think better of it, be judged by nothing at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from bot.people import tags
from bot.people.merging import one_with
from bot.people.tags import INFERRED, KEY
from bot.store.figures import tag_hit
from bot.store.session import upsert
from bot.store.tables import identity, member, tag
from bot.store.transaction import Transaction

_MOMENTS = ("first_at", "last_at", "expires_at")


def refuse(tx: Transaction, member_id: int, key: str) -> bool:
    """The person does not want this tag: it is dropped, and never written again."""
    mine = one_with(tag.c.member_id, member_id) & (tag.c.key == key)
    dropped = {"score": 0.0, "confidence": 0.0, "evidence": [], "refused_at": tx.now}
    return tx.connection.execute(update(tag).where(mine).values(dropped)).rowcount > 0


def as_it_is(tx: Transaction, member_id: int, key: str) -> list[dict[str, Any]]:
    """All that is known of one tag, to be brought back by ``bring_back``."""
    return [
        {name: _plain(value) for name, value in row._mapping.items()}
        for row in tags.rows_of(tx, member_id)
        if row.key == key
    ]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def bring_back(tx: Transaction, known: Sequence[Mapping[str, Any]]) -> None:
    """What was refused a moment ago is as it was."""
    rows = [{**row, **{name: _moment(row[name]) for name in _MOMENTS}, "refused_at": None} for row in known]
    upsert(tx.connection, tag, rows, KEY)


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def allow_again(tx: Transaction, member_id: int, key: str) -> bool:
    """They may have this tag again, by what comes; False where they did not refuse it."""
    mine = one_with(tag.c.member_id, member_id) & (tag.c.key == key) & tag.c.refused_at.is_not(None)
    return tx.connection.execute(delete(tag).where(mine)).rowcount > 0


def refused(connection: Connection, member_ids: Collection[int] | None = None) -> set[tuple[int, str]]:
    """(member, key) of what these members refused, or all; whoever was merged with whom."""
    who = func.coalesce(member.c.merged_into, tag.c.member_id)
    query = select(who, tag.c.key).select_from(tag.outerjoin(member, member.c.id == tag.c.member_id))
    if member_ids is not None:
        query = query.where(who.in_(member_ids))
    return {(row[0], row[1]) for row in connection.execute(query.where(tag.c.refused_at.is_not(None)))}


def be_impersonal(tx: Transaction, member_id: int) -> None:
    """Nothing stays that was inferred of them, nor what it was inferred from."""
    theirs = one_with(tag.c.member_id, member_id) & tag.c.source.in_(INFERRED) & tag.c.refused_at.is_(None)
    tx.connection.execute(delete(tag).where(theirs))
    accounts = select(identity.c.id).where(identity.c.member_id == member_id)
    tx.connection.execute(delete(tag_hit).where(tag_hit.c.identity_id.in_(accounts)))
