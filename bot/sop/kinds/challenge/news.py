"""A challenge's launch, and its news of the week: what came in, and no ranking."""

from __future__ import annotations

from datetime import timedelta

from bot.outbox.queue import Intent
from bot.sop.context import Context
from bot.sop.kinds.challenge import featured, prizes
from bot.sop.kinds.challenge.board import standing_entries
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.words import LaunchWords, NewsWords
from bot.sop.schedule import Schedule, once

LATE_AFTER = timedelta(hours=2)
WEEK = timedelta(days=7)


def schedule(sop: Challenge) -> Schedule | None:
    return None if sop.news is None else sop.news.every


def launch_schedule(sop: Challenge) -> Schedule | None:
    return None if sop.launch is None else once(sop.days.first, sop.launch.at)


def launch(ctx: Context[Challenge]) -> None:
    """The first day has come, or somebody has it posted by hand."""
    sop, by_hand = ctx.sop, ctx.cause is not None
    if sop.launch is None or not (by_hand or ctx.local(ctx.now).date() == sop.days.first):
        return
    words = LaunchWords(
        challenge=sop.name,
        hashtag=sop.hashtag,
        days=sop.length(),
        until=f"{sop.days.last.month}月{sop.days.last.day}日",
        community=ctx.sops.community.name,
        bot=ctx.sops.community.bot.name,
    )
    ctx.say(sop.launch.template, words, intent=Intent(sop.launch.intent), expires_after=LATE_AFTER)


def post(ctx: Context[Challenge]) -> None:
    """The week's news, while it runs; a room without a table in the week hears none."""
    sop, today = ctx.sop, ctx.sop.day_of(ctx.now, ctx.sops.community.zone)
    if sop.news is None or not sop.days.contains(today) or prizes.ended(ctx, sop):
        return
    assert ctx.room is not None, "slots belong to rooms"
    entries = standing_entries(ctx.tx, sop.id, ctx.room.id, ctx.now - WEEK)
    if entries:
        began = entries[0].occurred_at
        before = {row.member_id for row in standing_entries(ctx.tx, sop.id) if row.occurred_at < began}
        new = {row.member_id: row.identity_id for row in entries if row.member_id not in before}
        words = NewsWords(
            challenge=sop.name,
            week=(today - sop.days.first).days // 7 + 1,
            people=len({row.member_id for row in entries}),
            tables=len(entries),
            newcomers=tuple(prizes.names_of(ctx, list(new.values()))),
            featured=featured.names(ctx, ctx.now - WEEK),
            left=(sop.days.last - today).days,
            community=ctx.sops.community.name,
        )
        ctx.say(sop.news.template, words, intent=Intent(sop.news.intent), expires_after=LATE_AFTER)
