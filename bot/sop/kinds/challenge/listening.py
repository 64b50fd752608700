"""Which run of a challenge listens: an attempt, a question for a story, or one for a yes."""

from __future__ import annotations

from bot.sop.context import Context
from bot.sop.kinds.challenge import entries, featured, stories
from bot.sop.kinds.challenge.model import Challenge


def heard(ctx: Context[Challenge]) -> bool | None:
    assert ctx.run is not None, "only runs listen"
    if ctx.run.scope.startswith(stories.SCOPE):
        stories.told(ctx)
    elif ctx.run.scope.startswith(featured.SCOPE):
        return featured.answered(ctx)
    else:
        entries.heard(ctx)
    return None


def recalled(ctx: Context[Challenge]) -> None:
    stories.taken_back(ctx)
    entries.recalled(ctx)
