"""Words are kept for a time and then deleted; that they were said stays on record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from bot.store import search
from bot.store.figures import HITS_KEPT, tag_hit
from bot.store.tables import document, offer, outgoing, texts
from bot.store.transaction import Transaction
from bot.store.types import EPOCH

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


def over(now: datetime, days: int) -> Mapping[str, tuple[Table, ColumnElement[bool]]]:
    """What is not to be kept any more at ``now``: what members said, what the bot said (it may repeat them),
    by which words answers are found, what waited for a code, and what spoke for tags."""
    said = _unwiped & (outgoing.c.settled_at <= now - timedelta(days=days))
    return {
        "texts": (texts, texts.c.keep_until <= now),
        "outgoing": (outgoing, said),
        "documents": (document, document.c.keep_until <= now),
        "offers": (offer, offer.c.until <= now - OFFERS),
        "hits": (tag_hit, tag_hit.c.day < (now - EPOCH).days - HITS_KEPT),
    }


def count(connection: Connection, now: datetime, days: int) -> dict[str, int]:
    """How much that is."""
    return {
        name: connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
        for name, (table, which) in over(now, days).items()
    }


def purge(tx: Transaction, days: int) -> None:
    """Delete the words whose time is over; a line says how many there were."""
    gone = over(tx.now, days)
    deleted = {
        name: tx.connection.execute(delete(table).where(which)).rowcount
        for name, (table, which) in gone.items()
        if table in (texts, offer, tag_hit)
    }
    deleted["documents"] = search.purge(tx)
    wiped = update(outgoing).where(gone["outgoing"][1]).values(payload=WIPED, wiped_at=tx.now)
    deleted["outgoing"] = tx.connection.execute(wiped).rowcount
    if any(deleted.values()):
        logger.info("kept no longer: %s", " ".join(f"{it}={n}" for it, n in sorted(deleted.items())))


def next_purge(tx: Transaction, days: int, zone: ZoneInfo) -> datetime | None:
    """When there is something to delete again."""
    ours = tx.connection.execute(select(func.min(outgoing.c.settled_at)).where(_unwiped)).scalar()
    kept = texts.c.keep_until.is_not(None)
    theirs = tx.connection.execute(select(func.min(texts.c.keep_until)).where(kept)).scalar()
    found = select(func.min(document.c.keep_until)).where(document.c.keep_until.is_not(None))
    offered = tx.connection.execute(select(func.min(offer.c.until))).scalar()
    moments = (
        theirs,
        tx.connection.execute(found).scalar(),
        None if ours is None else keep_until(ours, days, zone),
        None if offered is None else keep_until(offered, OFFERS.days, zone),
    )
    return min((moment for moment in moments if moment is not None), default=None)
