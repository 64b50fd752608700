"""Theme days: a post from a shelf of content at a moment of the week, another item each time.

The item is the one that this room has not seen for longest; which it was is recorded as ``shelf_item_shown``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from sqlalchemy import func, select

from bot.outbox.queue import Intent, Repeat
from bot.sop.catalog import Catalog
from bot.sop.context import Context
from bot.sop.kind import Kind, OnSlot
from bot.sop.language import Duration, Every, Finding, Model, ShelfName, Sop, TemplateOf
from bot.sop.shelves import ShelfItem
from bot.sop.templates import check_with_items
from bot.store.tables import interaction

SHOWN = "shelf_item_shown"
SAMPLE = ShelfItem("01-番茄", "番茄大棚", "清晨的番茄最甜。", {})


@dataclass(frozen=True, slots=True)
class PostWords:
    """What a post's template may use."""

    item: ShelfItem = SAMPLE
    community: str = "原野之味"
    mission: str = "让每一餐都知道来处"
    room: str = "会员1群"
    bot: str = "小野"


class ThemePost(Model):
    """What is posted: an item of ``shelf``, worded by ``template``.

    ``repeat: safe`` says that it may come twice rather than not at all, if nobody knows that it arrived.
    """

    intent: Literal["give", "ask", "promo", "service"] = "give"
    shelf: ShelfName
    template: Annotated[str, TemplateOf(PostWords)]
    repeat: Literal["never", "safe"] = "never"


class ThemeDay(Sop):
    """``every`` 周一 12:10, post; found later than ``late_after`` it is not posted any more."""

    every: Every
    late_after: Duration = timedelta(hours=2)
    post: ThemePost

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        items = catalog.shelves[self.post.shelf].items
        return check_with_items(catalog, ("post", "template"), self.post.template, _sample, items)


def _sample(item: ShelfItem) -> PostWords:
    return PostWords(item=item)


def post(ctx: Context[ThemeDay]) -> None:
    assert ctx.room is not None, "slots belong to rooms"
    shelf = ctx.sops.shelves[ctx.sop.post.shelf]
    item = _least_recent(ctx, shelf.name, shelf.items)
    community = ctx.sops.community
    words = PostWords(item, community.name, community.mission, ctx.room.key, community.bot.name)
    ctx.say(
        ctx.sop.post.template,
        words,
        intent=Intent(ctx.sop.post.intent),
        expires_after=ctx.sop.late_after,
        repeat=Repeat(ctx.sop.post.repeat),
    )
    ctx.record(SHOWN, about=(f"shelf:{shelf.name}", item.id))


def _least_recent(ctx: Context[ThemeDay], shelf: str, items: Sequence[ShelfItem]) -> ShelfItem:
    """The item that this room saw longest ago; those it never saw come first, in the shelf's order."""
    query = (
        select(interaction.c.object_id, func.max(interaction.c.id))
        .where(interaction.c.object_type == f"shelf:{shelf}", interaction.c.name == SHOWN)
        .where(interaction.c.object_id.in_([item.id for item in items]))
        .where(interaction.c.room_id == (ctx.room and ctx.room.id))
        .group_by(interaction.c.object_id)
    )
    shown: dict[str, int] = {row[0]: row[1] for row in ctx.tx.connection.execute(query)}
    return min(items, key=lambda item: shown.get(item.id, 0))


KIND = Kind(
    name="theme_day",
    title="主题日",
    model=ThemeDay,
    behaviours=(
        OnSlot("post", schedule=lambda sop: sop.every, late_after=lambda sop: sop.late_after, act=post),
    ),
    names=frozenset({SHOWN}),
)
