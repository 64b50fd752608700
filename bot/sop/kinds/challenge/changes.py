"""What becomes of an entry after it was made: it goes out, comes back, and earns accordingly."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from bot.people import points
from bot.sop.context import Context
from bot.sop.kinds.challenge import featured, streaks
from bot.sop.kinds.challenge.board import GONE, OF_SOP, OUT, RESTORED, AnyRow, undone
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.runs import Run
from bot.store.quick import once
from bot.store.tables import interaction
from bot.store.transaction import Transaction

SUBMITTED, APPROVED = "ugc_submitted", "ugc_approved"
HALF = 2.5
"""Points of an entry that nobody looked at, and what is added once a human did."""


def comes_in(ctx: Context[Challenge], run: Run, entry: int, because: int) -> None:
    """An entry stands from now on."""
    settle(ctx, run, entry, because)
    streaks.entered(ctx, run, entry)


def goes_out(ctx: Context[Challenge], run: Run, entry: int, **state: object) -> None:
    """An entry stands no more: its attempt is over, and the day may have another."""
    settle(ctx, run, entry, entry)
    featured.let_go(ctx, entry)
    ctx.close(run)
    ctx.keep(run, {**run.state, "entry": None, **state})


def settle(ctx: Context[Challenge], run: Run, entry: int, because: int) -> None:
    """Bring the ledger to what an entry is worth now; ``because`` is the row of the log that changed it."""
    assert run.identity_id is not None, "an attempt is a person's"
    stands = not what_took_out(ctx.tx, ctx.sop.id, entry)
    due = {SUBMITTED: stands, APPROVED: stands and is_approved(ctx.tx, ctx.sop.id, entry)}
    events = _events(ctx.tx, ctx.sop.id, entry)
    for rule, is_due in due.items():
        given = points.standing(ctx.tx, rule, events)
        if is_due and not given:
            ctx.points(run.identity_id, rule, HALF, event=because, dimension="创作")
        for event in () if is_due else given:
            points.reverse(ctx.tx, rule, event)


def bring_back(ctx: Context[Challenge], run: Run, entry: int, outs: Sequence[AnyRow], because: int) -> None:
    """Take back ``outs``, some of what took an entry out; for ``because``, which is a human's decision."""
    for out in outs:
        props = {"because": because}
        ctx.record(RESTORED, identity_id=run.identity_id, parent=out.id, corrects=out.id, props=props)
    run = ctx.keep(run, {**run.state, "entry": entry})
    if not what_took_out(ctx.tx, ctx.sop.id, entry):
        comes_in(ctx, run, entry, because)


def as_before(ctx: Context[Challenge], run: Run, entry: int, decision: int) -> None:
    """A human's approval is undone: what it brought back is out again."""
    ctx.record(RESTORED, identity_id=run.identity_id, parent=decision, corrects=decision)
    back, out = interaction.alias(), interaction.alias()
    query = (
        select(back.c.id, out.c.name, back.c.props)
        .select_from(back.join(out, out.c.id == back.c.corrects_event_id))
        .where(back.c.programme_id == ctx.sop.id, back.c.name == RESTORED, out.c.corrects_event_id == entry)
    )
    again = [row for row in ctx.tx.connection.execute(query) if row.props.get("because") == decision]
    about = ("run", str(run.id))
    for row in again:
        ctx.record(row.name, identity_id=run.identity_id, about=about, parent=row.id, corrects=entry)
    if any(row.name in GONE for row in again):
        goes_out(ctx, run, entry)
    else:
        settle(ctx, run, entry, decision)


def what_took_out(tx: Transaction, sop_id: str, entry: int) -> list[AnyRow]:
    """The rows (id, name) for which an entry does not stand now."""
    return list(tx.connection.execute(_TOOK_OUT, {"sop": sop_id, "entry": entry}))


def is_approved(tx: Transaction, sop_id: str, entry: int) -> bool:
    """Whether a human approved it, and did not think again."""
    return tx.connection.execute(_APPROVALS, {"sop": sop_id, "entry": entry}).first() is not None


def _events(tx: Transaction, sop_id: str, entry: int) -> set[int]:
    """The rows for which an entry may have been given points: itself, and what became of it."""
    asked = {"sop": sop_id, "entry": entry}
    return {entry, *tx.connection.scalars(_ABOUT, asked), *tx.connection.scalars(_BACK, asked)}


_i = interaction.c
_about = (_i.programme_id == OF_SOP) & (_i.corrects_event_id == bindparam("entry"))
_TOOK_OUT = once(
    select(_i.id, _i.name).where(_about, _i.name.in_(OUT), _i.id.not_in(undone(OF_SOP))).order_by(_i.id)
)
_APPROVALS = once(select(_i.id).where(_about, _i.name == APPROVED, _i.id.not_in(undone(OF_SOP))).limit(1))
_ABOUT = once(select(_i.id).where(_about, _i.name.in_((*OUT, APPROVED))))
_BACK = once(
    select(_i.id).where(_i.programme_id == OF_SOP, _i.name == RESTORED, _i.corrects_event_id.in_(_ABOUT))
)
