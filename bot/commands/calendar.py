"""``/calendar`` and ``/preview``: what will be sent in the next days, in brief or word for word."""

from __future__ import annotations

import re

from bot.commands.find import sop_named
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless

USUAL, MOST = 3, 14
_DAYS = re.compile(r"(\d{1,3})\s*(?:天|日|d)?")


def show(ctx: CommandContext) -> None:
    foresee, days, rooms = ctx.desk.foresee, _days(ctx.args), _rooms(ctx)
    if rooms is None:
        return
    if foresee is None:
        ctx.reply("这里看不了日历，电脑上用 bot calendar。")
    elif not 1 <= days <= MOST:
        ctx.reply(f"可以看 1 到 {MOST} 天，例如 /日历 3天。更久的在电脑上看：bot calendar --days 28")
    else:
        sops, account, now = ctx.sops, ctx.account, ctx.now
        ctx.reply_later(lambda: foresee(sops, account, now, days, rooms))


def _days(args: tuple[str, ...]) -> int:
    found = [match for arg in args if (match := _DAYS.fullmatch(arg)) is not None]
    return int(found[0][1]) if found else USUAL


def _rooms(ctx: CommandContext) -> tuple[str, ...] | None:
    """The rooms that are named; none: all. None: there is no such room, and that was said."""
    named = [arg for arg in ctx.args if _DAYS.fullmatch(arg) is None]
    for name in named:
        if not ctx.sops.community.expand(name):
            meant = did_you_mean(name, ctx.sops.community.names())
            ctx.reply(f"没有“{harmless(name, 20)}”这个群{meant}例如 /日历 3天 会员1群。")
            return None
    return tuple(key for name in named for key in ctx.sops.community.expand(name))


def preview(ctx: CommandContext) -> None:
    foresee = ctx.desk.foresee
    if foresee is None:
        ctx.reply("这里看不了预览，电脑上用 bot preview。")
        return
    if not ctx.args:
        ctx.reply("要看哪一个？例如 /预览 周一溯源日。发 /SOP列表 看全部。")
        return
    sop = sop_named(ctx, ctx.args[0], ctx.sops.declared.values())
    if sop is not None:
        sops, account, now = ctx.sops, ctx.account, ctx.now
        ctx.reply_later(lambda: foresee(sops, account, now, MOST, (), sop))


COMMANDS = (
    Command(
        ("calendar", "日历"),
        Who.STAFF,
        "接下来几天发什么，什么发不了",
        show,
        where=Where.DESK,
        usage="[3天] [群名]",
    ),
    Command(
        ("preview", "预览"),
        Who.STAFF,
        "一个 SOP 接下来发的原话",
        preview,
        where=Where.DESK,
        usage="名字",
    ),
)
