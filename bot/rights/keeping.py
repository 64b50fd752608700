"""How long things are kept beside words: a questionnaire's answers for a month after their member left, whom
we thanked for two years."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from bot.rights.erase import without_words
from bot.store import retention
from bot.store.mouth import thanks
from bot.store.rights import erasure, export_file
from bot.store.tables import interaction, media, membership, run
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)

ANSWERS = timedelta(days=30)
"""For so long after somebody left their last room the answers to the questionnaire are kept."""
LISTS = timedelta(days=731)
"""For so long it is known whom we thanked, or meant to."""
_SUBMITTED, _OCCURRENCE = "questionnaire_submitted", "questionnaire"


def count(connection: Connection, now: datetime, days: int) -> Mapping[str, int]:
    """What is to be deleted by ``now``, by what it is."""
    others = {
        "pictures": (media, media.c.keep_until <= now),
        "exports": (export_file, export_file.c.until <= now),
        "members": (erasure, erasure.c.due_at <= now),
        "thanks": (thanks, thanks.c.changed_at <= now - LISTS),
    }
    counted = {
        name: connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
        for name, (table, which) in others.items()
    }
    return {**retention.count(connection, now, days), "answers": len(_answers(connection, now)), **counted}


def forget_answers(tx: Transaction) -> None:
    """That somebody answered stays, and how far they fitted."""
    found = _answers(tx.connection, tx.now)
    for row in found:
        left = update(interaction).where(interaction.c.id == row.id).values(props=without_words(row.props))
        tx.connection.execute(left)
    if found:
        logger.info("kept no longer: answers=%d", len(found))


def forget_lists(tx: Transaction) -> None:
    tx.connection.execute(delete(thanks).where(thanks.c.changed_at <= tx.now - LISTS))


def _answers(connection: Connection, now: datetime) -> list[Any]:
    """Of those who left everywhere long ago."""
    m, i = membership.c, interaction.c
    late = func.coalesce(func.max(m.left_at), 0) <= now - ANSWERS
    asked = select(run.c.identity_id).where(run.c.occurrence == _OCCURRENCE)
    left = (
        select(m.identity_id)
        .where(m.identity_id.in_(asked))
        .group_by(m.identity_id)
        .having(func.count() == func.count(m.left_at), late)
    )
    query = select(i.id, i.props).where(i.identity_id.in_(left), i.name == _SUBMITTED)
    return [row for row in connection.execute(query).all() if "answers" in row.props]
