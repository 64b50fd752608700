"""``/help`` and ``/claim``: what everyone needs first."""

from __future__ import annotations

from bot.commands.access import allowed
from bot.people import roles
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Who
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless


def show_help(ctx: CommandContext) -> None:
    usable = [c for c in ctx.desk.commands if not _is_for_strangers(c) and _may(ctx, c)]
    if ctx.args:
        _explain(ctx, ctx.args[0].lstrip("/／、"), usable)
        return
    lines = [f"/{command.names[-1]} {command.help}" for command in usable]
    ctx.reply("\n".join(["您在这里能用：", *lines]))


def _is_for_strangers(command: Command) -> bool:
    return command.who is Who.ANYONE and command.unheard_too


def _may(ctx: CommandContext, command: Command) -> bool:
    return allowed(command, ctx.standing, ctx.room, ctx.sops.community.operators)


def _explain(ctx: CommandContext, word: str, usable: list[Command]) -> None:
    """All that there is to say of one command."""
    about = [command for command in usable if _is_about(command, word)]
    if about:
        ctx.reply("\n".join(f"{_spellings(command)}：{command.help}" for command in about))
        return
    names = [name for command in usable for name in command.names]
    meant = did_you_mean(word, names, "，或者您在这里用不了。发 /帮助 看全部。")
    ctx.reply(f"没有叫“{harmless(word, 20)}”的命令{meant}")


def _spellings(command: Command) -> str:
    """Its names, the Chinese one first, with what follows."""
    return " 或 ".join(f"/{name} {command.usage}".rstrip() for name in reversed(command.names))


def _is_about(command: Command, word: str) -> bool:
    return any(word.casefold() in name.casefold() for name in command.names)


def claim(ctx: CommandContext) -> None:
    if ctx.standing is Who.ADMIN or not ctx.args or not ctx.desk.may_claim(ctx.tx, ctx.args[0]):
        return  # strangers learn nothing, not even that the code is wrong
    roles.give(ctx.tx, ctx.person.member_id, roles.ADMIN, given_by=None)
    ctx.reply(
        f"认领成功，您是管理员了（M{ctx.person.number}）。在要开通的群里发 /开群，发 /帮助 看全部命令。"
    )


COMMANDS = (
    Command(("help", "帮助"), Who.MEMBER, "看看能用哪些命令", show_help, usage="[命令]"),
    Command(
        ("claim", "认领"),
        Who.ANYONE,
        "用启动时给的口令成为管理员",
        claim,
        usage="口令",
        unheard_too=True,
    ),
)
