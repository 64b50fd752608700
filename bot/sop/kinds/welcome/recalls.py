"""Answers that are taken back: forgotten where they are kept, and not counted when all is submitted."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select

from bot.people import directory
from bot.sop.kinds.welcome.talk import Ctx, find
from bot.store.tables import interaction, texts

ANSWERED = "questionnaire_answered"


def taken_back(ctx: Ctx, messages: Collection[int]) -> set[int]:
    """Those of ``messages`` that were recalled."""
    recalled = select(interaction.c.parent_event_id).where(
        interaction.c.name == "message_recalled", interaction.c.parent_event_id.in_(messages)
    )
    return set(ctx.tx.connection.scalars(recalled))


def recalled(ctx: Ctx) -> None:
    """What was answered by a message that is taken back is forgotten, here and where it was kept."""
    assert ctx.recalled is not None, "a message was recalled"
    kept = select(interaction.c.text_id).where(
        interaction.c.parent_event_id == ctx.recalled.id, interaction.c.name == ANSWERED
    )
    ctx.tx.connection.execute(delete(texts).where(texts.c.id.in_(kept)))
    person = directory.person_by_id(ctx.tx, ctx.recalled.identity_id)
    talk = None if person is None else find(ctx, person)
    if talk is not None:
        talk.without({ctx.recalled.id})
