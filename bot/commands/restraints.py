"""``/sop pause``, ``/sop resume``, ``/quiet``: letting a SOP begin nothing, or nothing be begun in a room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.commands.find import rooms_named, sop_named
from bot.commands.wording import moment, short_moment
from bot.outbox import restraints, review
from bot.people import directory
from bot.sop.context import CommandContext
from bot.sop.index import is_for, lines_of
from bot.sop.kind import Command, Where, Who
from bot.sop.language import Sop
from bot.sop.problems import Mistake
from bot.sop.schedule import parse_duration, parse_moment
from bot.sop.templates import harmless


def pause(ctx: CommandContext) -> None:
    if not ctx.args:
        ctx.reply(
            "要停哪一个？例如 /暂停 溯源日 到周五，或者 /暂停 溯源日 3天。不写到什么时候，就停到您恢复。"
        )
        return
    sop = sop_named(ctx, ctx.args[0], ctx.sops.sops.values())
    if sop is None:
        return
    try:
        until = _until(ctx, ctx.args[1:])
    except Mistake as mistake:
        ctx.reply(f"{mistake}。例如 /暂停 {sop.name} 到周五")
        return
    restraints.pause(ctx.tx, ctx.account, sop.id, until, ctx.person.member_id)
    if until is None:
        ctx.reply(f"“{sop.name}”停了，到您恢复为止：/恢复 {sop.name}。别人说的话它照样答。")
    else:
        missed = sum(1 for _ in _coming(ctx, sop, until))
        ctx.reply(f"“{sop.name}”停到{moment(ctx, until)}，会错过{missed}次。提前恢复：/恢复 {sop.name}")


def _until(ctx: CommandContext, words: tuple[str, ...]) -> datetime | None:
    """``到周五``, ``到 12-04 12:00``, ``3天``; nothing: None. Days begin at midnight."""
    text = " ".join(words).strip()
    if not text:
        return None
    if not text.startswith(("到", "至")):
        return ctx.now + parse_duration(text)
    zone, named = ctx.sops.community.zone, text[1:].strip()
    try:
        found = parse_moment(named, ctx.now, zone)
    except Mistake:
        found = parse_moment(f"{named} 0:00", ctx.now, zone)
    return found.astimezone(UTC)


def _coming(ctx: CommandContext, sop: Sop, until: datetime) -> Iterator[datetime]:
    """The moments of its first room that lie before ``until``; each is one for people, in however many."""
    rooms = directory.rooms_of(ctx.tx, ctx.account)
    first = next((room for room in rooms if room.enabled and is_for(sop, room.key)), None)
    for line in lines_of(sop, ctx.sops.kind_of(sop), first.id) if first is not None else ():
        at = line.schedule.next_after(ctx.now, ctx.sops.community.zone)
        while at is not None and at < until:
            yield at
            at = line.schedule.next_after(at, ctx.sops.community.zone)


def resume(ctx: CommandContext) -> None:
    if not ctx.args:
        paused = restraints.paused(ctx.tx, ctx.account)
        names = "、".join(_paused_name(ctx, id, it.until) for id, it in paused.items())
        ctx.reply(f"停着的：{names}。例如 /恢复 溯源日" if names else "没有停着的 SOP。")
        return
    sop = sop_named(ctx, ctx.args[0], ctx.sops.declared.values())
    if sop is not None:
        was = restraints.resume(ctx.tx, ctx.account, sop.id)
        ctx.reply(f"“{sop.name}”恢复了，错过的不补。" if was else f"“{sop.name}”没有停。")


def _paused_name(ctx: CommandContext, sop_id: str, until: datetime | None) -> str:
    sop = ctx.sops.declared.get(sop_id)
    name = sop_id if sop is None else sop.name
    return name if until is None else f"{name}（到{short_moment(ctx, until)}）"


def quiet(ctx: CommandContext) -> None:
    usage = "例如 /安静 会员2群 2小时，提前结束：/安静 会员2群 结束"
    if not ctx.args:
        ctx.reply(f"要哪个群安静？{usage}")
        return
    rooms = rooms_named(ctx, ctx.args[0])
    if not rooms:
        return
    if ctx.args[1:2] in (("结束",), ("off",)):
        were = [room.key for room in rooms if restraints.speak(ctx.tx, ctx.account, room.id)]
        ctx.reply(f"{'、'.join(were)}可以接着发了。" if were else f"{ctx.args[0]}没有在安静。")
        return
    try:
        until = _until(ctx, ctx.args[1:] or ("2h",))
    except Mistake as mistake:
        ctx.reply(f"{mistake}。{usage}")
        return
    assert until is not None, "there are words"
    later = gone = 0
    for room in rooms:
        restraints.hush(ctx.tx, ctx.account, room.id, until, ctx.person.member_id)
        waiting = review.begun_waiting(ctx.tx, room.id)
        gone += sum(1 for expires_at in waiting if expires_at is not None and expires_at < until)
        later += len(waiting)
    where = harmless(ctx.args[0], 20)
    ctx.reply(
        f"{where}到{short_moment(ctx, until)}不主动发，顺延{later - gone}条，作废{gone}条。"
        f"提前结束：/安静 {where} 结束"
    )


COMMANDS = (
    Command(("sop pause", "暂停"), Who.STAFF, "先停一个 SOP", pause, where=Where.DESK, usage="名字 [到周五]"),
    Command(("sop resume", "恢复"), Who.STAFF, "恢复停着的 SOP", resume, where=Where.DESK, usage="[名字]"),
    Command(
        ("quiet", "安静"), Who.STAFF, "一个群先不主动发", quiet, where=Where.DESK, usage="群名 [2小时|结束]"
    ),
)
