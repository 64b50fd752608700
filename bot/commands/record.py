"""What a command did, in the log: a row of the desk, caused by what was typed."""

from __future__ import annotations

from bot.people import roles
from bot.people.directory import Person
from bot.sop.command import CommandContext
from bot.store import log


def record(ctx: CommandContext, name: str, *, about: Person | None = None, **values: object) -> int | None:
    """Write it down; ``about`` is the member to whom our own people did it, ``values`` further columns.

    Gives the row's id, None if it was written before.
    """
    ours: dict[str, object] = {}
    if about is not None:
        ours = {"actor_role": roles.STAFF, "target_identity_id": about.identity_id}
    row = log.entry(
        ctx.tx,
        f"desk:{ctx.account}",
        str(ctx.heard.id),
        name,
        ctx.heard.occurred_at,
        identity_id=ctx.person.identity_id,
        channel="dm" if ctx.room is None else "group",
        parent_event_id=ctx.heard.id,
        **ours,
        **values,
    )
    return int(row["id"]) if log.append(ctx.tx, [row]) else None
