"""``/挑战``: how the challenges stand, a line each; ``/补卡``: how a missed day is made up."""

from __future__ import annotations

from bot.sop.command import CommandContext
from bot.sop.kinds.challenge import prizes, streaks
from bot.sop.kinds.challenge.board import GONE, challenges, progress, standing_entries, today
from bot.sop.kinds.challenge.model import Challenge


def show(ctx: CommandContext) -> None:
    lines = [_status(ctx, sop) for sop in challenges(ctx)]
    ctx.reply("\n".join(lines) or "现在没有挑战。")


def _status(ctx: CommandContext, sop: Challenge) -> str:
    found = standing_entries(ctx.tx, sop.id)
    people = len({row.member_id for row in found})
    stage = "已结束" if prizes.ended(ctx, sop) else progress(ctx, sop)
    counts = f"{people}人{len(found)}桌｜今天{len(today(ctx, sop, None))}"
    return f"{sop.name} {stage}｜{counts}{streaks.summary(ctx, sop)}"


def show_make_up(ctx: CommandContext) -> None:
    running = [sop for sop in challenges(ctx) if _runs(ctx, sop) and sop.streak.make_up]
    ctx.reply("\n".join(_make_up(ctx, sop) for sop in running) or "现在没有能补卡的挑战。")


def _runs(ctx: CommandContext, sop: Challenge) -> bool:
    day = sop.day_of(ctx.now, ctx.sops.community.zone)
    return sop.days.contains(day) and not prizes.ended(ctx, sop)


def _make_up(ctx: CommandContext, sop: Challenge) -> str:
    me = ctx.person.member_id
    left = streaks.left_to_make_up(ctx, sop, streaks.tables(ctx, sop, me, out=GONE).get(me, {}))
    how = f"多发一桌，话题后面写“补卡”，就算在最近漏掉的那天。您还能补{left}天。"
    return f"{sop.name}：{how}" if left > 0 else f"{sop.name}：补卡已经用完了，接着来就好。"
