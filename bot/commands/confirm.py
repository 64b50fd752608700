"""``/confirm`` and ``/undo``: yes to what waits for a code, no to what was just done."""

from __future__ import annotations

from bot.commands import access
from bot.sop import offers
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.offers import NotTaken, Offer

_DIGITS = 4
WHY_NOT = {
    NotTaken.NOTHING_WAITS: "您在这里没有等着确认的事。",
    NotTaken.WRONG: "码不对，什么也没做。对一下再发；错三次就作废。",
    NotTaken.SPENT: "错了三次，码作废了，什么也没做。要做，把原来的命令再发一次。",
    NotTaken.USED: "这个码用过了，不会再做一次。",
    NotTaken.LATE: "这个码过时了，什么也没做。要做，把原来的命令再发一次。",
    NotTaken.FOREIGN: "这个码不是在这里给您的，什么也没做。",
}
_NOT_YOURS = "这个命令您现在用不了，什么也没做。"


def confirm(ctx: CommandContext) -> None:
    code = _code(ctx)
    if code is None:
        ctx.reply("要写四位的码，例如：发 4821。码在要您确认的那条回答里。")
        return
    taken = offers.take(ctx.tx, ctx.whose, code)
    if isinstance(taken, NotTaken):
        ctx.reply(WHY_NOT[taken])
        return
    command = _command(ctx, taken)
    if command is None or command.confirmed is None:
        ctx.reply(_NOT_YOURS)
        return
    command.confirmed(ctx.acting_for(command), taken.args)


def _code(ctx: CommandContext) -> str | None:
    """The digits that were typed, of whatever width."""
    typed = ctx.args[0] if len(ctx.args) == 1 else ""
    return str(int(typed)) if typed.isdecimal() and len(typed) == _DIGITS else None


def _command(ctx: CommandContext, offer: Offer) -> Command | None:
    """The command that made the offer, if the person may still give it."""
    found = next((it for it in ctx.desk.commands if it.names[0] == offer.command), None)
    return found if found is not None and access.includes(ctx.standing, found.who) else None


def undo(ctx: CommandContext) -> None:
    last = offers.last_to_undo(ctx.tx, ctx.whose)
    if last is None:
        ctx.reply("十分钟内您没有可以撤销的。")
        return
    command = _command(ctx, last)
    if command is None or command.undo is None:
        ctx.reply(_NOT_YOURS)
    elif command.undo(ctx, last.args):
        offers.use(ctx.tx, last.id)


COMMANDS = (
    Command(
        ("confirm", "发"),
        Who.STAFF,
        "确认要您确认的事",
        confirm,
        where=Where.DESK,
        usage="四位码",
        leads=("发",),
        glued=True,
        does_what_others_do=True,
    ),
    Command(
        ("undo", "撤销"),
        Who.STAFF,
        "收回您刚才做的，十分钟内有效",
        undo,
        where=Where.DESK,
        does_what_others_do=True,
    ),
)
