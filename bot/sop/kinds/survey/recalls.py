"""An answer that is taken back counts no more, whenever that is."""

from __future__ import annotations

from sqlalchemy import select

from bot.sop.kinds.survey.talk import Ctx
from bot.store.tables import interaction

ANSWERED = ("nps_answered", "survey_answered")
WITHDRAWN = "survey_withdrawn"


def recalled(ctx: Ctx) -> None:
    """The answers that were given by a message; their words are gone already."""
    assert ctx.recalled is not None, "a message was recalled"
    i = interaction.c
    given = select(i.id, i.identity_id, i.object_type, i.object_id).where(
        i.parent_event_id == ctx.recalled.id, i.programme_id == ctx.sop.id, i.name.in_(ANSWERED)
    )
    for row in ctx.tx.connection.execute(given).all():
        about = (row.object_type, row.object_id)
        ctx.record(
            WITHDRAWN, identity_id=row.identity_id, about=about, corrects=row.id, parent=ctx.recalled.id
        )
