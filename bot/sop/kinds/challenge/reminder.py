"""Entries that wait for a human: the operators are reminded once a day, in the morning, while any do."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.sop.context import Context
from bot.sop.kinds.challenge import board
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.operators import next_reminder
from bot.store.tables import interaction

WAITED = timedelta(days=1)
RECENT = timedelta(days=7)
"""What is older is on no list any more."""


def expect(ctx: Context[Challenge]) -> None:
    """An entry waits for a human from now on."""
    run = ctx.open_run(f"reviews:{ctx.account}", "reviews", private=True)
    if not ctx.is_waiting(run, "unreviewed"):
        ctx.wake_at(run, next_reminder(ctx.now + WAITED, ctx.sops.community.zone), "unreviewed")


def remind(ctx: Context[Challenge]) -> None:
    assert ctx.run is not None, "a run waited"
    waiting = _waiting_since(ctx)
    long = sum(1 for at in waiting if at <= ctx.now - WAITED)
    if long and ctx.sop.id in ctx.sops.sops:
        ctx.alert(f"{ctx.sop.name}有{long}桌等人看，一天以上了。发 /待审 看。", "unreviewed")
    if waiting:
        tomorrow = next_reminder(ctx.now + timedelta(hours=1), ctx.sops.community.zone)
        ctx.wake_at(ctx.run, tomorrow, "unreviewed")


def _waiting_since(ctx: Context[Challenge]) -> list[datetime]:
    """Since when the entries wait that are on the list."""
    i = interaction.c
    held, gone = board.about(ctx.sop.id, (board.HELD,)), board.about(ctx.sop.id, board.GONE)
    query = select(i.received_at).where(
        i.programme_id == ctx.sop.id,
        i.name == "ugc_submitted",
        i.id.in_(held),
        i.id.not_in(gone),
        i.occurred_at >= ctx.now - RECENT,
    )
    return list(ctx.tx.connection.scalars(query))
