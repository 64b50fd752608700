"""The digest: the views that operators chose, or the fullest, told in the room with their authors' names."""

from __future__ import annotations

from bot.outbox.queue import Intent
from bot.people import directory
from bot.sop.context import Context
from bot.sop.kinds.theme_day.model import Digest, DigestWords, ThemeDay, View
from bot.sop.kinds.theme_day.waking import lateness, where
from bot.sop.kinds.theme_day.window import LONGEST_VIEW, MOST_SHOWN, Collected, chosen, letters, views
from bot.sop.templates import harmless, harmless_name

Ctx = Context[ThemeDay]
MOST_VIEWS = 3


def come(ctx: Ctx) -> None:
    """The moment of the digest: with too few views nothing is said, and without any good ones, or too late,
    the operators are told."""
    assert ctx.run is not None, "a run waited"
    digest, found = ctx.sop.digest, views(ctx.tx, ctx.run.id)
    ctx.close(ctx.run)
    if digest is None or len(found) < digest.at_least:
        return
    best = _best(ctx, digest, found)
    if lateness(ctx) > digest.late_after:
        _leave_out(ctx, found, "错过了时间")
    elif not best:
        _leave_out(ctx, found, "没有人选")
    else:
        _say(ctx, digest, found, best)


def _leave_out(ctx: Ctx, found: list[Collected], why: str) -> None:
    ctx.alert(f"{ctx.sop.name}{where(ctx)}收到{len(found)}条，{why}，合集这次不发。", "no digest")


def _best(ctx: Ctx, digest: Digest, found: list[Collected]) -> list[Collected]:
    """Of each member one view: those that were chosen, or the fullest."""
    assert ctx.run is not None, "a run waited"
    if digest.pick == "运营":
        picked = chosen(ctx.tx, ctx.run.id)
        of_each = {view.identity_id: view for view in found if view.id in picked}
        return list(of_each.values())[:MOST_SHOWN]
    fullest = {view.identity_id: view for view in sorted(found, key=lambda view: letters(view.text))}
    return sorted(fullest.values(), key=lambda view: -letters(view.text))[:MOST_VIEWS]


def _say(ctx: Ctx, digest: Digest, found: list[Collected], best: list[Collected]) -> None:
    room_id = None if ctx.room is None else ctx.room.id
    names = directory.shown_names(ctx.tx, {view.identity_id for view in best}, room_id)
    words = DigestWords(
        views=tuple(
            View(harmless_name(names[view.identity_id]), harmless(view.text, LONGEST_VIEW)) for view in best
        ),
        count=len(found),
        people=len({view.identity_id for view in found}),
        name=ctx.sop.name,
        ask="" if ctx.sop.window is None else ctx.sop.window.ask,
    )
    quotes = [view.message for view in best]
    ctx.say(digest.template, words, intent=Intent.GIVE, expires_after=digest.late_after, quotes=quotes)
