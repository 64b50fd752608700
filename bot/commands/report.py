"""``/report``: the community's figures on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless
from bot.store.transaction import Reader

if TYPE_CHECKING:
    from bot.reporting.asked import Asked

Span = Callable[[datetime, ZoneInfo], "Asked"]


def show(ctx: CommandContext) -> None:
    from bot.reporting import wanted  # here, because a start should not wait for it

    asked, reader = _asked(ctx), ctx.tx.reader
    if asked is None:
        return
    if reader is None:
        ctx.reply("这里看不了，电脑上用 bot report。")
        return
    waiting = wanted.waiting(ctx.tx, ctx.sops, ctx.account) if asked.room is None else {}
    ctx.reply_later(_work(ctx, reader, asked, waiting))


def _work(ctx: CommandContext, reader: Reader, asked: Asked, waiting: dict[str, int]) -> Callable[[], str]:
    from bot.reporting.asked import Terms
    from bot.reporting.making import make
    from bot.reporting.screen import as_screen
    from bot.reporting.wanted import wanted

    terms, today = Terms.of(ctx.sops), ctx.now.astimezone(ctx.sops.community.zone).date()

    def work() -> str:
        with reader() as connection:
            report = make(connection, terms, asked, today)
        return "\n".join(as_screen(report, wanted(report, waiting)))

    return work


def _asked(ctx: CommandContext) -> Asked | None:
    """None: it names something that is not there, and that was said."""
    from bot.reporting import asked

    spans: dict[str, Span] = {"上周": asked.week_before, "本月": asked.this_month, "上月": asked.month_before}
    zone = ctx.sops.community.zone
    found = asked.last_week(ctx.now, zone)
    for word in ctx.args:
        if word in spans:
            found = replace(spans[word](ctx.now, zone), room=found.room)
        elif ctx.sops.community.expand(word):
            found = replace(found, room=word)
        else:
            _say_what_there_is(ctx, word, [*spans, *ctx.sops.community.names()])
            return None
    return found


def _say_what_there_is(ctx: CommandContext, word: str, known: Sequence[str]) -> None:
    meant = did_you_mean(word, known)
    ctx.reply(f"没有“{harmless(word, 20)}”{meant}例如 /报告、/报告 上周、/报告 本月 会员1群。")


COMMANDS = (
    Command(
        ("report", "报告"),
        Who.STAFF,
        "社群的数字：和上一段、基线月、目标比，什么要您定",
        show,
        where=Where.DESK,
        usage="[上周|本月|上月] [群名]",
    ),
)
