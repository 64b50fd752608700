"""An answer that is taken back counts no more, whenever that is."""

from __future__ import annotations

from sqlalchemy import select

from bot.people import points
from bot.sop.kinds.survey.talk import Ctx
from bot.store.tables import interaction

ANSWERED = ("nps_answered", "survey_answered")
WITHDRAWN = "survey_withdrawn"
REWARD = "survey_answered"
"""The rule that gives points, once a survey."""


def recalled(ctx: Ctx) -> None:
    """The answers that were given by a message; their words are gone already."""
    assert ctx.recalled is not None, "a message was recalled"
    i = interaction.c
    given = select(i.id, i.identity_id, i.object_type, i.object_id, i.prompt_event_id).where(
        i.parent_event_id == ctx.recalled.id, i.programme_id == ctx.sop.id, i.name.in_(ANSWERED)
    )
    for row in ctx.tx.connection.execute(given).all():
        about = (row.object_type, row.object_id)
        ctx.record(
            WITHDRAWN, identity_id=row.identity_id, about=about, corrects=row.id, parent=ctx.recalled.id
        )
        _take_back_points(ctx, row.prompt_event_id)


def _take_back_points(ctx: Ctx, asked: int) -> None:
    """Once nothing of a survey stands, its points are taken back."""
    i = interaction.c
    given = select(i.id).where(i.programme_id == ctx.sop.id, i.name.in_(ANSWERED), i.prompt_event_id == asked)
    withdrawn = select(i.corrects_event_id).where(i.programme_id == ctx.sop.id, i.name == WITHDRAWN)
    answers = set(ctx.tx.connection.scalars(given))
    if answers <= set(ctx.tx.connection.scalars(withdrawn)):
        for event in answers:
            points.reverse(ctx.tx, REWARD, event)
