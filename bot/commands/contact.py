"""``别@我`` and ``可以@我``: whether the bot may turn to a member of its own accord."""

from __future__ import annotations

from bot.commands.record import record
from bot.people import consent
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Who


def decline(ctx: CommandContext) -> None:
    _decide(ctx, "dnc_set", given=False)
    ctx.reply("好的，以后不@您，也不主动私信您；您问我，我还是答。想恢复，发“可以@我”。")


def allow(ctx: CommandContext) -> None:
    _decide(ctx, "dnc_cleared", given=True)
    ctx.reply("好的，有合适的事会@您，也可能私信您。不想要了，发“别@我”。")


def _decide(ctx: CommandContext, name: str, *, given: bool) -> None:
    consent.decide(ctx.tx, ctx.person.member_id, consent.CONTACT, given=given, cause=ctx.heard.id)
    record(ctx, name, room_id=None if ctx.room is None else ctx.room.id)


COMMANDS = (
    Command(("dnc", "别@我"), Who.MEMBER, "不再@您，也不主动私信您", decline, words=("别@我", "退订")),
    Command(("dnc off", "可以@我"), Who.MEMBER, "可以@您、私信您", allow, words=("可以@我",)),
)
