"""``/sop pause``, ``/sop resume``, ``/quiet``: letting a SOP begin nothing, or nothing be begun in a room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bot.commands.find import rooms_named, sop_named
from bot.commands.wording import moment, short_moment
from bot.outbox import restraints, review
from bot.outbox.restraints import Restraint, RestraintKind
from bot.people import directory
from bot.sop.command import CommandContext
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
    with _undoable(ctx, RestraintKind.PAUSED, [sop.id]):
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
        with _undoable(ctx, RestraintKind.PAUSED, [sop.id]):
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
        with _undoable(ctx, RestraintKind.HUSHED, [str(room.id) for room in rooms]):
            were = [room.key for room in rooms if restraints.speak(ctx.tx, ctx.account, room.id)]
        ctx.reply(f"{'、'.join(were)}可以接着发了。" if were else f"{ctx.args[0]}没有在安静。")
        return
    try:
        until = _until(ctx, ctx.args[1:] or ("2h",))
    except Mistake as mistake:
        ctx.reply(f"{mistake}。{usage}")
        return
    assert until is not None, "there are words"
    with _undoable(ctx, RestraintKind.HUSHED, [str(room.id) for room in rooms]):
        for room in rooms:
            restraints.hush(ctx.tx, ctx.account, room.id, until, ctx.person.member_id)
    later = gone = 0
    for room in rooms:
        waiting = review.begun_waiting(ctx.tx, room.id)
        gone += sum(1 for expires_at in waiting if expires_at is not None and expires_at < until)
        later += len(waiting)
    where = harmless(ctx.args[0], 20)
    ctx.reply(
        f"{where}到{short_moment(ctx, until)}不主动发，顺延{later - gone}条，作废{gone}条。"
        f"提前结束：/安静 {where} 结束"
    )


# --- thinking again ---


@contextmanager
def _undoable(ctx: CommandContext, kind: RestraintKind, targets: Sequence[str]) -> Iterator[None]:
    """What is changed inside may be undone."""
    before = restraints.in_force(ctx.tx, ctx.account, kind)
    yield
    after = restraints.in_force(ctx.tx, ctx.account, kind)
    changed = [it for it in targets if before.get(it) != after.get(it)]
    if changed:
        states = [(it, _written(before.get(it)), _written(after.get(it))) for it in changed]
        ctx.can_undo({"kind": kind, "states": states})


def undo(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """Have each as it was before, unless it was changed again."""
    kind, now = RestraintKind(args["kind"]), dict[str, Restraint | None]()
    for target, before, after in args["states"]:
        if _written(restraints.in_force(ctx.tx, ctx.account, kind).get(target)) == after:
            now[target] = _read(target, before)
            restraints.put_back(ctx.tx, ctx.account, kind, target, now[target])
    told = "，".join(_as_it_is(ctx, kind, target, it) for target, it in now.items())
    ctx.reply(f"撤销了：{told}。" if told else "撤销不了：后来又改过了。")
    return bool(now)


def _written(it: Restraint | None) -> list[str | int | None] | None:
    if it is None:
        return None
    return [it.since.isoformat(), None if it.until is None else it.until.isoformat(), it.by]


def _read(target: str, written: list[Any] | None) -> Restraint | None:
    if written is None:
        return None
    since, until, by = written
    since, until = datetime.fromisoformat(since), None if until is None else datetime.fromisoformat(until)
    return Restraint(target, since, until, by)


def _as_it_is(ctx: CommandContext, kind: RestraintKind, target: str, it: Restraint | None) -> str:
    until = "您恢复" if it is None or it.until is None else short_moment(ctx, it.until)
    if kind is RestraintKind.PAUSED:
        sop = ctx.sops.declared.get(target)
        name = f"“{target if sop is None else sop.name}”"
        return f"{name}不停了" if it is None else f"{name}停到{until}"
    room = directory.room_by_id(ctx.tx, int(target))
    name = "已换地方的群" if room is None else room.key
    return f"{name}可以接着发了" if it is None else f"{name}安静到{until}"


COMMANDS = (
    Command(
        ("sop pause", "暂停"),
        Who.STAFF,
        "先停一个 SOP",
        pause,
        where=Where.DESK,
        usage="名字 [到周五]",
        undo=undo,
    ),
    Command(
        ("sop resume", "恢复"),
        Who.STAFF,
        "恢复停着的 SOP",
        resume,
        where=Where.DESK,
        usage="[名字]",
        undo=undo,
    ),
    Command(
        ("quiet", "安静"),
        Who.STAFF,
        "一个群先不主动发",
        quiet,
        where=Where.DESK,
        usage="群名 [2小时|结束]",
        undo=undo,
    ),
)
