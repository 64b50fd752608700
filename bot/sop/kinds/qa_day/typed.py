"""What members type: ``/提问 …`` and ``/答 12 …``."""

from __future__ import annotations

from bot.sop.command import CommandContext
from bot.sop.index import is_for
from bot.sop.kinds.qa_day import answers, asking, board, days, forms
from bot.sop.kinds.qa_day.answers import Outcome
from bot.sop.kinds.qa_day.asking import Message
from bot.sop.kinds.qa_day.model import QaDay

SAID = {
    Outcome.ANSWERED: "{} 记下了，谢谢。",
    Outcome.ENOUGH: "{} 您已经答过几条了，先听听别人怎么说。",
    Outcome.OWN: "{} 是您自己问的，等等看别人怎么说。",
    Outcome.FOR_EXPERTS: "{} 要请专家来答。",
    Outcome.GONE: "{} 撤回了，不用答了。",
}
"""What is answered to whoever types an answer."""


def ask(ctx: CommandContext) -> None:
    """``/提问 羽衣甘蓝要焯水吗``"""
    sop = here(ctx)
    if sop is None or ctx.room is None:
        ctx.reply("这个群没有问答日。")
        return
    if not _is_for(ctx, sop):
        ctx.reply("这次的问答日只请了一部分伙伴，您的问题可以直接问同事。")
        return
    if not forms.is_something(ctx.rest):
        ctx.reply("想问什么，写在后面：/提问 羽衣甘蓝要焯水吗")
        return
    heard = ctx.heard
    message = Message(heard.id, heard.person, heard.text, heard.occurred_at, late=heard.late)
    asking.ask(ctx.kind_context(sop, ctx.room), message, forms.typed(heard.text))


def answer(ctx: CommandContext) -> None:
    """``/答 12 焯20秒就好``"""
    number, words = forms.numbered(ctx.rest) or (None, "")
    row = None if number is None else board.by_number(ctx.tx, number)
    sop = None if row is None else ctx.sops.sops.get(row.sop_id)
    known = row is not None and ctx.room is not None and row.room_id == ctx.room.id
    if row is None or not known or not isinstance(sop, QaDay):
        ctx.reply("这里没有这一号问题。" if number else "要写第几号、怎么答：/答 12 焯20秒就好")
        return
    if not words:
        ctx.reply(f"怎么答，写在后面：/答 {row.number} 焯20秒就好")
        return
    kind = ctx.kind_context(sop, ctx.room)
    outcome = answers.answer(kind, row, ctx.person, words, ctx.heard.id)
    ctx.reply(SAID[outcome].format(row.number))


def _is_for(ctx: CommandContext, sop: QaDay) -> bool:
    member_id = ctx.person.member_id
    return member_id in ctx.kind_context(sop).reached([member_id])


def here(ctx: CommandContext) -> QaDay | None:
    """The Q&A day of the room at hand: of several the one that accepts questions now."""
    if ctx.room is None:
        return None
    found = [s for s in ctx.sops.sops.values() if isinstance(s, QaDay) and is_for(s, ctx.room.key)]
    room_id = ctx.room.id
    is_open = [s for s in found if days.is_open(days.current(ctx.kind_context(s), room_id), ctx.now)]
    return next(iter([*is_open, *found]), None)
