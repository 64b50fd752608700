"""What the moments share at which a run of a theme day is woken, and the runs that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from bot.sop import runs, versions
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.theme_day.model import ThemeDay
from bot.sop.runs import Run

Ctx = Context[ThemeDay]


def if_enabled(act: Callable[[Ctx], None]) -> Callable[[Ctx], None]:
    """``act``, unless the room was disabled meanwhile; then the run ends without a word to anybody."""

    def wake(ctx: Ctx) -> None:
        assert ctx.run is not None, "a run waited"
        if ctx.room is not None and ctx.room.enabled:
            act(ctx)
        else:
            ctx.close(ctx.run)

    return wake


def lateness(ctx: Ctx) -> timedelta:
    """How long ago it should have happened."""
    return ctx.now - (ctx.due_at or ctx.now)


def where(ctx: Ctx) -> str:
    """The room, as the operators are told of it."""
    return "" if ctx.room is None else f"（{ctx.room.key}）"


def open_of(ctx: CommandContext, what: str) -> Iterator[tuple[ThemeDay, Run]]:
    """The open runs of a sort, windows or lectures, each with its SOP as it began: its file may be gone."""
    for run in runs.open_at(ctx.tx, ctx.account, "room:"):
        if run.state.get("kind") == what:
            sop = versions.at(ctx.tx, ctx.sops, run.sop_id, run.sop_hash)
            if isinstance(sop, ThemeDay):
                yield sop, run
