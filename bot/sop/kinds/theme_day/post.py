"""The day's post: when it comes after all, which item it shows, and what opens behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy import bindparam, func, select

from bot.outbox.queue import Intent, Repeat
from bot.sop.context import Context
from bot.sop.kinds.theme_day import lecture, window
from bot.sop.kinds.theme_day.model import PostWords, ThemeDay, ThemePost, picture_of
from bot.sop.kinds.theme_day.waking import lateness
from bot.sop.kinds.theme_day.when import instead
from bot.sop.shelves import ShelfItem
from bot.store.quick import once
from bot.store.session import one_of
from bot.store.tables import interaction

Ctx = Context[ThemeDay]
SHOWN, SKIPPED = "shelf_item_shown", "post_skipped"


def come(ctx: Ctx) -> None:
    """The moment has come: post now, or another day, or not."""
    due = ctx.local(ctx.due_at or ctx.now)
    by_hand = ctx.cause is not None
    if ctx.sop.days is not None and not ctx.sop.days.contains(due.date()) and not by_hand:
        return
    when = due if by_hand else instead(ctx.sop, due, ctx.sops.community.zone)
    if when is None:
        ctx.record(SKIPPED, about=("day", due.date().isoformat()))
    elif when > due:
        run = ctx.open_run(_scope(ctx), f"put-off:{ctx.nth}:{due.date()}", state={"nth": ctx.nth})
        ctx.wake_at(run, when.astimezone(UTC), "put_off")
    else:
        publish(ctx, ctx.nth)


def _scope(ctx: Ctx) -> str:
    assert ctx.room is not None, "slots belong to rooms"
    return f"room:{ctx.room.id}"


def put_off(ctx: Ctx) -> None:
    """The moment to which it was put off has come; by now the SOP may be switched off, or gone."""
    assert ctx.run is not None, "a run waited"
    ctx.close(ctx.run)
    if ctx.sop.id not in ctx.sops.sops:
        return
    if lateness(ctx) > ctx.sop.late_after:
        ctx.record(SKIPPED, about=("day", ctx.local(ctx.due_at or ctx.now).date().isoformat()))
    else:
        publish(ctx, ctx.run.state["nth"])


def publish(ctx: Ctx, nth: int) -> None:
    if ctx.sop.lecture is not None:
        lecture.begin(ctx, ctx.sop.lecture)
    if ctx.sop.post:
        _post(ctx, ctx.sop.post_of(nth))
    if ctx.sop.window is not None:
        window.open_window(ctx, ctx.sop.window)


def _post(ctx: Ctx, post: ThemePost) -> None:
    assert ctx.room is not None, "slots belong to rooms"
    shelf = ctx.sops.shelves[post.shelf]
    item = _least_recent(ctx, shelf.name, shelf.items)
    community, asked = ctx.sops.community, ctx.sop.window
    words = PostWords(
        item,
        community.name,
        community.mission,
        ctx.room.key,
        community.bot.name,
        "" if asked is None else asked.ask,
    )
    folder = ctx.sops.templates.folder
    found = [picture_of(folder, shelf.name, item, name) for name in post.pictures]
    ctx.say(
        post.template,
        words,
        intent=Intent(post.intent),
        expires_after=ctx.sop.late_after,
        pictures=[path for path in found if path is not None and path.is_file()],
        repeat=Repeat(post.repeat),
    )
    ctx.record(SHOWN, about=(f"shelf:{shelf.name}", item.id))


def _least_recent(ctx: Ctx, shelf: str, items: Sequence[ShelfItem]) -> ShelfItem:
    """The item that this room saw longest ago; those it never saw come first, in the shelf's order."""
    asked = {"on": f"shelf:{shelf}", "items": [item.id for item in items], "here": ctx.room and ctx.room.id}
    shown: dict[str, int] = {row[0]: row[1] for row in ctx.tx.connection.execute(_SHOWN, asked)}
    return min(items, key=lambda item: shown.get(item.id, 0))


_SHOWN = once(
    select(interaction.c.object_id, func.max(interaction.c.id))
    .where(interaction.c.object_type == bindparam("on"), interaction.c.name == SHOWN)
    .where(one_of(interaction.c.object_id, "items"), interaction.c.room_id == bindparam("here"))
    .group_by(interaction.c.object_id)
)
