"""Finding what people name in commands: a SOP by its id or name, or by a part of it that is clear."""

from __future__ import annotations

from collections.abc import Iterable

from bot.people import directory
from bot.people.directory import Room
from bot.sop import named
from bot.sop.command import CommandContext
from bot.sop.language import Sop
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless


def sop_named(ctx: CommandContext, wanted: str, among: Iterable[Sop]) -> Sop | None:
    """The one of ``among`` that is meant; None: nobody, or that is not clear, and it was said."""
    sops = list(among)
    if (exact := named.called(sops, wanted)) is not None:
        return exact
    found = [sop for sop in sops if wanted and (wanted in sop.name or wanted in sop.id)]
    if len(found) == 1:
        return found[0]
    if found:
        names = "、".join(sop.name for sop in found)
        ctx.reply(f"“{harmless(wanted, 20)}”有好几个：{names}。写全一点。")
    else:
        meant = named.meant(sops, wanted, "。发 /SOP列表 看全部。")
        ctx.reply(f"没有叫“{harmless(wanted, 20)}”的 SOP{meant}")
    return None


def rooms_named(ctx: CommandContext, name: str) -> list[Room]:
    """The enabled rooms of this account that a key, or a set of keys, stands for; none: it was said why."""
    keys = ctx.sops.community.expand(name)
    if not keys:
        no_such_room(ctx, name)
        return []
    found = [room for room in directory.rooms_of(ctx.tx, ctx.account) if room.enabled and room.key in keys]
    if not found:
        ctx.reply(f"{name}还没有开通。")
    return found


def no_such_room(ctx: CommandContext, name: str) -> None:
    """Say that ``community.yaml`` has neither a room nor a set of this name."""
    meant = did_you_mean(name, ctx.sops.community.names())
    ctx.reply(f"community.yaml 里没有“{harmless(name, 20)}”这个群{meant}")
