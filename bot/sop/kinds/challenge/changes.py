"""What becomes of an entry after it was made: it goes out, comes back, and earns accordingly."""

from __future__ import annotations

from sqlalchemy import select

from bot.people import points
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.challenge import streaks
from bot.sop.kinds.challenge.board import HELD, OUT, RESTORED, AnyRow
from bot.sop.kinds.challenge.model import Challenge
from bot.store.tables import interaction
from bot.store.transaction import Transaction

APPROVED = "ugc_approved"
HALF = 2.5
"""Points of an entry that nobody looked at, and what is added once a human did."""


def earns_nothing(ctx: Context[Challenge], entry: int) -> None:
    """An entry stands no more: whatever it earned, by itself, by approval or by coming back, is taken off."""
    streaks.left(ctx, entry)
    for row in _about(ctx.tx, ctx.sop.id, entry, (RESTORED, APPROVED)):
        points.reverse(ctx.tx, streaks.SUBMITTED, row.id)
        points.reverse(ctx.tx, APPROVED, row.id)


def bring_back(ctx: Context[Challenge], entry: AnyRow) -> None:
    """Undo whatever took an entry out, except that its author withdrew it."""
    for out in what_took_out(ctx.tx, ctx.sop.id, entry.id):
        restored = ctx.record(RESTORED, identity_id=entry.identity_id, parent=out.id, corrects=out.id)
        if restored is not None and out.name != HELD:
            ctx.points(entry.identity_id, streaks.SUBMITTED, HALF, event=restored, dimension="创作")
    run = runs.by_id(ctx.tx, int(entry.object_id))
    if run is not None:
        ctx.keep(run, {**run.state, "entry": entry.id})
        streaks.entered(ctx, run, entry.id, entry.occurred_at)


def what_took_out(tx: Transaction, sop_id: str, entry: int) -> list[AnyRow]:
    """The rows (id, name) for which an entry does not stand now."""
    i = interaction.c
    mine = i.programme_id == sop_id
    back = select(i.corrects_event_id).where(mine, i.name == RESTORED, i.corrects_event_id.is_not(None))
    query = select(i.id, i.name).where(mine, i.name.in_(OUT), i.corrects_event_id == entry, i.id.not_in(back))
    return list(tx.connection.execute(query.order_by(i.id)))


def _about(tx: Transaction, sop_id: str, entry: int, names: tuple[str, ...]) -> list[AnyRow]:
    """The rows of these names that follow from an entry, or from what took it out."""
    i = interaction.c
    out = select(i.id).where(i.programme_id == sop_id, i.corrects_event_id == entry, i.name.in_(OUT))
    query = select(i.id).where(
        i.programme_id == sop_id,
        i.name.in_(names),
        (i.parent_event_id == entry) | i.corrects_event_id.in_(out),
    )
    return list(tx.connection.execute(query))
