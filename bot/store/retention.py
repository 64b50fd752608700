"""Words are kept for a time and then deleted; that they were said stays on record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, select, update

from bot.store import search
from bot.store.figures import HITS_KEPT, tag_hit
from bot.store.quick import once
from bot.store.tables import document, offer, outgoing, texts
from bot.store.transaction import Transaction
from bot.store.types import EPOCH, UtcTime

logger = logging.getLogger(__name__)

WIPED = {"text": "", "mentions": [], "quotes": []}
"""The payload of an outgoing message whose words are not kept any more."""
PURGE_AT = time(4)
"""When a day's words go, all at once."""
OFFERS = timedelta(days=1)
"""For so long it is known that the time of a code is over."""
_unwiped = outgoing.c.wiped_at.is_(None) & outgoing.c.settled_at.is_not(None)


def keep_until(said_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The end of keeping what was said then: the first ``PURGE_AT`` after that many days."""
    moment = (said_at + timedelta(days=days)).astimezone(zone)
    purge = datetime.combine(moment.date(), PURGE_AT, zone)
    return purge if purge >= moment else purge + timedelta(days=1)


_NOW = bindparam("now", type_=UtcTime)
_OVER: Mapping[str, tuple[Table, ColumnElement[bool]]] = {
    "texts": (texts, texts.c.keep_until <= _NOW),
    "outgoing": (outgoing, _unwiped & (outgoing.c.settled_at <= bindparam("said", type_=UtcTime))),
    "documents": (document, document.c.keep_until <= _NOW),
    "offers": (offer, offer.c.until <= bindparam("offered", type_=UtcTime)),
    "hits": (tag_hit, tag_hit.c.day < bindparam("day")),
}
"""What is not to be kept any more: what members said, what the bot said (it may repeat them), by which words
answers are found, what waited for a code, and what spoke for tags."""
_DELETED = {name: once(delete(table).where(which)) for name, (table, which) in _OVER.items()}
_WIPED = once(update(outgoing).where(_OVER["outgoing"][1]).values(payload=WIPED, wiped_at=_NOW))


def _at(now: datetime, days: int) -> Mapping[str, datetime | int]:
    said, offered = now - timedelta(days=days), now - OFFERS
    return {"now": now, "said": said, "offered": offered, "day": (now - EPOCH).days - HITS_KEPT}


def count(connection: Connection, now: datetime, days: int) -> dict[str, int]:
    """How much that is."""
    return {
        name: connection.execute(
            select(func.count()).select_from(table).where(which), _at(now, days)
        ).scalar_one()
        for name, (table, which) in _OVER.items()
    }


def purge(tx: Transaction, days: int) -> None:
    """Delete the words whose time is over; a line says how many there were."""
    at = _at(tx.now, days)
    deleted = {
        name: tx.connection.execute(_DELETED[name], at).rowcount for name in ("texts", "offers", "hits")
    }
    deleted["documents"] = search.purge(tx)
    deleted["outgoing"] = tx.connection.execute(_WIPED, at).rowcount
    if any(deleted.values()):
        logger.info("kept no longer: %s", " ".join(f"{it}={n}" for it, n in sorted(deleted.items())))


_FIRSTS = (
    once(select(func.min(outgoing.c.settled_at)).where(_unwiped)),
    once(select(func.min(texts.c.keep_until)).where(texts.c.keep_until.is_not(None))),
    once(select(func.min(document.c.keep_until)).where(document.c.keep_until.is_not(None))),
    once(select(func.min(offer.c.until))),
)


def next_purge(tx: Transaction, days: int, zone: ZoneInfo) -> datetime | None:
    """When there is something to delete again."""
    ours, theirs, found, offered = (tx.connection.execute(first).scalar() for first in _FIRSTS)
    moments = (
        theirs,
        found,
        None if ours is None else keep_until(ours, days, zone),
        None if offered is None else keep_until(offered, OFFERS.days, zone),
    )
    return min((moment for moment in moments if moment is not None), default=None)
