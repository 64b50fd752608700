"""``/sop list``, ``/sop show`` and ``/sop run``: which there are, what one does, playing it by hand."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from bot.commands.find import no_such_room, sop_named
from bot.commands.wording import moment
from bot.outbox import restraints
from bot.people import directory
from bot.people.directory import Room
from bot.sop.command import CommandContext, Played
from bot.sop.index import first_slot, is_for
from bot.sop.kind import Command, Where, Who
from bot.sop.language import Sop
from bot.sop.schedule import write_duration
from bot.store.tables import cursor


def show_list(ctx: CommandContext) -> None:
    lines = [_line(ctx, sop) for sop in ctx.sops.declared.values()]
    broken = [] if ctx.room else [f"⚠ {problem}" for problem in ctx.desk.problems]
    ctx.reply("\n".join([*lines, *broken]) or "还没有 SOP。在 sops/ 里放一个 YAML 文件就有了。")


def _line(ctx: CommandContext, sop: Sop) -> str:
    kind = ctx.sops.kind_of(sop)
    coming = ctx.tx.connection.execute(
        select(func.min(cursor.c.next_at)).where(cursor.c.account == ctx.account, cursor.c.sop_id == sop.id)
    ).scalar()
    when = "停用" if not sop.enabled else f"下次 {moment(ctx, coming)}" if coming is not None else ""
    parts = (f"{sop.name} {sop.id}", kind.title, _where(ctx, sop), when)
    return "｜".join(part for part in parts if part)


def _where(ctx: CommandContext, sop: Sop) -> str:
    """Its rooms, by the name of their set where there is one."""
    if sop.rooms is None:
        return "所有群"
    names = ctx.sops.community.names()
    return next((name for name, keys in names.items() if keys == sop.rooms), "、".join(sop.rooms))


def show(ctx: CommandContext) -> None:
    sop = _find(ctx, "要看哪一个？例如 /SOP详情 周一溯源日", ctx.sops.declared.values())
    if sop is None:
        return
    is_paused = sop.id in restraints.paused(ctx.tx, ctx.account)
    paused = [] if not is_paused else [f"暂停着，要发先恢复：/恢复 {sop.name}"]
    ctx.reply("\n".join([_line(ctx, sop), *paused, *sop.told()]))


def run(ctx: CommandContext) -> None:
    sop = _find(ctx, "要发哪一个？例如 /发SOP 周一溯源日", ctx.sops.sops.values())
    if sop is None:
        return
    if sop.id in restraints.paused(ctx.tx, ctx.account):
        ctx.reply(f"“{sop.name}”暂停着，要发先恢复：/恢复 {sop.name}")
        return
    rooms = _rooms(ctx, sop)
    if not rooms or _is_too_late_after_the_night(ctx, sop):
        return
    occurrence = f"manual:{ctx.heard.message.id}"
    played = {room: ctx.desk.run_by_hand(ctx.tx, sop, room, occurrence, ctx.heard.id) for room in rooms}
    _tell(ctx, sop, played)


def _is_too_late_after_the_night(ctx: CommandContext, sop: Sop) -> bool:
    """Whether the quiet hours outlast the time in which the post is wanted; then say so."""
    main = first_slot(ctx.sops.kind_of(sop))
    opens_at = ctx.sops.community.rules.opens_at(ctx.now)
    if main is None or opens_at - ctx.now <= (wanted := main.late_after(sop)):
        return False
    when, most = moment(ctx, opens_at), write_duration(wanted)
    ctx.reply(f"现在是安静时段，最早{when}才能发，那时已经超过“{sop.name}”的时效（{most}），这次不发了。")
    return True


def _tell(ctx: CommandContext, sop: Sop, played: dict[Room, Played]) -> None:
    done, failed = (
        "、".join(room.key for room, outcome in played.items() if outcome is wanted)
        for wanted in (Played.DONE, Played.FAILED)
    )
    if not done and not failed:
        ctx.reply(f"“{sop.name}”不是按时间发的，没有可以手动发的内容。")
    opens_at = ctx.sops.community.rules.opens_at(ctx.now)
    if done and opens_at > ctx.now:
        ctx.reply(f"现在是安静时段：“{sop.name}”排到{moment(ctx, opens_at)}发到{done}。")
    elif done:
        ctx.reply(f"好的，“{sop.name}”现在发到{done}。")
    if failed:
        ctx.reply(f"“{sop.name}”在{failed}没有发成，错误已经记下。")


def _find(ctx: CommandContext, question: str, among: Iterable[Sop]) -> Sop | None:
    if not ctx.args:
        ctx.reply(f"{question}。发 /SOP列表 看全部。")
        return None
    return sop_named(ctx, ctx.args[0], among)


def _rooms(ctx: CommandContext, sop: Sop) -> list[Room]:
    """Where to play it: the rooms named, else the room in which it was asked for, else all of the SOP's."""
    enabled = [r for r in directory.rooms_of(ctx.tx, ctx.account) if r.enabled and is_for(sop, r.key)]
    if len(ctx.args) > 1:
        wanted = ctx.sops.community.expand(ctx.args[1])
        if not wanted:
            no_such_room(ctx, ctx.args[1])
            return []
        enabled = [room for room in enabled if room.key in wanted]
    elif ctx.room is not None:
        enabled = [room for room in enabled if room.id == ctx.room.id]
    if not enabled:
        ctx.reply(f"“{sop.name}”在这里没有可以发的群：群没有开通，或者不在它的 rooms 里。")
    return enabled


def reload(ctx: CommandContext) -> None:
    ctx.reload()


COMMANDS = (
    Command(("sop list", "SOP列表"), Who.ADMIN, "有哪些 SOP，下次什么时候发", show_list),
    Command(
        ("sop show", "SOP详情"),
        Who.STAFF,
        "一个 SOP 做什么，什么时候做",
        show,
        where=Where.DESK,
        usage="名字",
    ),
    Command(("sop run", "发SOP"), Who.ADMIN, "现在就发一次", run, usage="名字 [群名]"),
    Command(
        ("sop reload", "重新装载"), Who.ADMIN, "改好的 SOP 马上用起来，有错就照旧", reload, where=Where.DESK
    ),
)
