"""Answers that are taken back: forgotten, and not counted when all is submitted."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from bot.people import directory
from bot.sop.kinds.welcome.talk import Ctx, find
from bot.store.tables import interaction


def taken_back(ctx: Ctx, messages: Collection[int]) -> set[int]:
    """Those of ``messages`` that were recalled."""
    recalled = select(interaction.c.parent_event_id).where(
        interaction.c.name == "message_recalled", interaction.c.parent_event_id.in_(messages)
    )
    return set(ctx.tx.connection.scalars(recalled))


def recalled(ctx: Ctx) -> None:
    """What was answered by a message that is taken back counts no more."""
    assert ctx.recalled is not None, "a message was recalled"
    person = directory.person_by_id(ctx.tx, ctx.recalled.identity_id)
    talk = None if person is None else find(ctx, person)
    if talk is not None:
        talk.without({ctx.recalled.id})
