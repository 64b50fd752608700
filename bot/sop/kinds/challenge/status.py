"""``/挑战``: how the challenges stand, a line each."""

from __future__ import annotations

from bot.sop.context import CommandContext
from bot.sop.kinds.challenge import prizes, streaks
from bot.sop.kinds.challenge.board import challenges, progress, standing_entries, today
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
