"""Answers that are taken back: forgotten, and not counted when all is submitted."""

from __future__ import annotations

from bot.people import directory
from bot.sop.kinds.welcome.talk import Ctx, find


def recalled(ctx: Ctx) -> None:
    """What was answered by a message that is taken back counts no more."""
    assert ctx.recalled is not None, "a message was recalled"
    person = directory.person_by_id(ctx.tx, ctx.recalled.identity_id)
    talk = None if person is None else find(ctx, person)
    if talk is not None:
        talk.without({ctx.recalled.id})
