"""``/why``: why a SOP's message did not come, and ``/outbox why``: why one of them waits, or never left.

What was tried is told from the record; what was not is judged by today's state, and said so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.commands.find import sop_named
from bot.commands.outbox import number_of
from bot.commands.trace import told, trace
from bot.commands.wording import WEEKDAYS, moment, short_moment, why_unsent
from bot.outbox import brakes, restraints, review
from bot.outbox.foretold import earliest
from bot.outbox.queue import AnyRow, State
from bot.outbox.rules import Rule
from bot.people import directory
from bot.people.directory import Room
from bot.sop.command import CommandContext
from bot.sop.index import first_slot, is_for, lines_of
from bot.sop.kind import Command, Where, Who
from bot.sop.language import Sop
from bot.sop.schedule import write_duration
from bot.sop.templates import harmless
from bot.sop.timetable import PAUSED, SlotState
from bot.store.tables import cursor, slot

RECENT = timedelta(days=7)
WEEK = timedelta(days=7)
MOST = 5
MOST_NAMED, MOST_ROWS = 2, 30
MOST_SKIPPED = 60
"""Moments in a row that are looked at for one that is not skipped."""


def why_not(ctx: CommandContext) -> None:
    if not ctx.args:
        ctx.reply("哪一个没发？例如 /为什么没发 上新。单条消息：/发件箱 看号，再 /为什么 号。")
        return
    sop = sop_named(ctx, ctx.args[0], ctx.sops.declared.values())
    if sop is not None:
        recorded = [f"{_named(places)}：{why}" for why, places in _recorded(ctx, sop).items()]
        ctx.reply("\n".join([*recorded[:MOST], *_judged(ctx, sop)]))


def _named(places: list[str]) -> str:
    return "、".join(sorted(places)) if len(places) <= MOST_NAMED else f"{len(places)}群"


def _recorded(ctx: CommandContext, sop: Sop) -> dict[str, list[str]]:
    """What did not go well with its messages and moments of the last days, the latest first, and where."""
    rooms = {room.id: room.key for room in directory.rooms_of(ctx.tx, ctx.account)}
    told: dict[str, list[str]] = {}
    rows = review.unsent_of(ctx.tx, ctx.account, sop.id, ctx.now - RECENT)[:MOST_ROWS]
    for room_id, why in [*((row.room_id, _fate(ctx, row)) for row in rows), *_moments(ctx, sop)]:
        places = told.setdefault(why, [])
        if (place := rooms.get(room_id, "私聊")) not in places:
            places.append(place)
    return told


def _moments(ctx: CommandContext, sop: Sop) -> Iterator[tuple[int, str]]:
    """In which rooms moments came of the last days from which nothing was sent, and why."""
    rooms = {room.id for room in directory.rooms_of(ctx.tx, ctx.account)}
    query = select(slot).where(slot.c.sop_id == sop.id, slot.c.due_at >= ctx.now - RECENT)
    for row in ctx.tx.connection.execute(query.order_by(slot.c.due_at.desc())):
        why = _slot(ctx, sop, row)
        if row.room_id in rooms and why:
            yield row.room_id, f"{_when(ctx, row.due_at)}{why}"


def _slot(ctx: CommandContext, sop: Sop, row: AnyRow) -> str:
    if row.state == SlotState.FAILED:
        return "出错了，发 /健康 看"
    if row.reason == PAUSED:
        return "停着，没发"
    if row.state == SlotState.MISSED:
        return f"没在跑，过了{write_duration(_late_after(ctx, sop, row.step))}不补发"
    return _put_off_by(ctx, sop, row.due_at) if _is_main(ctx, sop, row) else ""


def _late_after(ctx: CommandContext, sop: Sop, step: str) -> timedelta:
    lines = lines_of(sop, ctx.sops.kind_of(sop), 0)
    return next((line.late_after for line in lines if line.step == step), timedelta(0))


def _is_main(ctx: CommandContext, sop: Sop, row: AnyRow) -> bool:
    """Whether a slot is of the SOP's main schedule; what is done by hand comes whenever it is."""
    main = first_slot(ctx.sops.kind_of(sop))
    is_scheduled = row.occurrence == row.due_at.astimezone(ctx.sops.community.zone).date().isoformat()
    return main is not None and row.step.partition("#")[0] == main.step and is_scheduled


def _put_off_by(ctx: CommandContext, sop: Sop, due: datetime) -> str:
    put_off_by, zone = ctx.sops.kind_of(sop).put_off_by, ctx.sops.community.zone
    return "" if put_off_by is None else put_off_by(sop, due.astimezone(zone), zone)


def _fate(ctx: CommandContext, row: AnyRow) -> str:
    rules = ctx.sops.community.rules
    if row.settled_at is None and row.held_by is None and row.state == State.QUEUED:
        turn = row.not_before
        return "排着，马上发" if turn is None or turn <= ctx.now else f"排着，{_when(ctx, turn)}轮到它"
    reason = why_unsent(row.held_by or row.reason, rules.budget)
    if row.settled_at is None and row.held_by is not None:
        found = earliest(ctx.tx, row, rules)
        at = found if isinstance(found, datetime) and found > ctx.now else row.not_before
        return reason if at is None else f"{reason}；最早{_when(ctx, at)}"
    ended = f"{_when(ctx, row.settled_at or row.queued_at)}{_ENDED.get(row.state, '')}：{reason}"
    return f"{ended}；{_again(ctx, row)}" if row.state in (State.EXPIRED, State.DROPPED) else ended


_ENDED = {State.EXPIRED: "作废", State.DROPPED: "没发", State.FAILED: "没发成", State.UNKNOWN: "去向不明"}
_FIRST = {
    Rule.SAY_DO: "改了写法才能发",
    Rule.OPT_OUT: "本人说“可以@我”才能发",
    Rule.PAUSED: "先 /恢复",
    Rule.HUSHED: "先让群不再安静",
}


def _again(ctx: CommandContext, row: AnyRow) -> str:
    """When what ended could leave, if somebody tried it again."""
    found = earliest(ctx.tx, row, ctx.sops.community.rules)
    if isinstance(found, Rule):
        return _FIRST[found]
    if found is None:
        return "什么时候能再发说不准"
    return "现在能再发" if found <= ctx.now else f"再发最早{_when(ctx, found)}"


def _when(ctx: CommandContext, at: datetime) -> str:
    """``short_moment``, where a day of the next week says so: ``下周一 09:00``."""
    zone = ctx.sops.community.zone
    today, day = ctx.now.astimezone(zone).date(), at.astimezone(zone).date()
    is_next_week = day - timedelta(days=day.weekday()) - (today - timedelta(days=today.weekday())) == WEEK
    return (
        f"下周{WEEKDAYS[day.weekday()]} {at.astimezone(zone):%H:%M}"
        if is_next_week
        else short_moment(ctx, at)
    )


def _place(ctx: CommandContext, row: AnyRow) -> str:
    room = None if row.room_id is None else directory.room_by_id(ctx.tx, row.room_id)
    return "私聊" if room is None else room.key


def _judged(ctx: CommandContext, sop: Sop) -> list[str]:
    """What today's state says of its next moment."""
    if not sop.enabled:
        return ["照现在看：它停用着（enabled: false）。"]
    reasons = []
    paused = restraints.paused(ctx.tx, ctx.account).get(sop.id)
    if paused is not None:
        until = "您恢复" if paused.until is None else short_moment(ctx, paused.until)
        reasons.append(f"暂停着，到{until}")
    rooms = [room for room in directory.rooms_of(ctx.tx, ctx.account) if is_for(sop, room.key)]
    open_rooms = [room for room in rooms if room.enabled]
    if not open_rooms:
        reasons.append("它的群一个也没有开通")
    hushed = restraints.hushed(ctx.tx, ctx.account)
    reasons += [f"{room.key}在安静" for room in open_rooms if room.id in hushed]
    if brakes.BrakeKind.STOPPED in brakes.brakes(ctx.tx, ctx.account):
        reasons.append("所有发送都停着")
    return [f"照现在看：{'，'.join(reasons)}。" if reasons else _next(ctx, sop, open_rooms)]


def _next(ctx: CommandContext, sop: Sop, rooms: list[Room]) -> str:
    query = select(cursor.c.next_at).where(cursor.c.account == ctx.account, cursor.c.sop_id == sop.id)
    moments = [at for at in ctx.tx.connection.scalars(query) if at is not None]
    if not moments:
        return "照现在看：它不按时间发，等人说话、进群才发。"
    first, count = min(moments), f"{len(rooms)}个群"
    if why := _put_off_by(ctx, sop, first):
        return f"照现在看：{_when(ctx, first)}{why}{_after_that(ctx, sop, first)}。"
    return f"照现在看：没什么拦着，下次{moment(ctx, first)}，{count}。"


def _after_that(ctx: CommandContext, sop: Sop, due: datetime) -> str:
    """The first moment after ``due`` at which it comes after all."""
    main, zone = first_slot(ctx.sops.kind_of(sop)), ctx.sops.community.zone
    lines = [it for it in lines_of(sop, ctx.sops.kind_of(sop), 0) if main and it.step == main.step]
    for line in lines:
        at = line.schedule.next_after(due, zone)
        for _ in range(MOST_SKIPPED):
            if at is None or not _put_off_by(ctx, sop, at):
                return "" if at is None else f"，再下次{moment(ctx, at)}"
            at = line.schedule.next_after(at, zone)
    return ""


def why(ctx: CommandContext) -> None:
    """Why one message of the outbox is where it is, or what became of an event."""
    number = number_of(ctx, "为什么")
    if number is None:
        return
    row = review.of_account(ctx.tx, ctx.account, number)
    if row is None:
        found = trace(ctx.tx, ctx.sops, ctx.account, number)
        none = f"没有 {number} 这一条。发 /发件箱 看号。"
        ctx.reply(none if found is None else "\n".join(told.brief(found, ctx.sops)))
    elif row.state == State.SENT:
        ctx.reply(f"{number} {short_moment(ctx, row.sending_at)}发出去了，发到{_place(ctx, row)}。")
    else:
        cause = "" if row.sop_id is None else f"（{harmless(row.sop_id, 60)}）"
        ctx.reply(f"{number}{cause} {_place(ctx, row)}：{_fate(ctx, row)}")


COMMANDS = (
    Command(
        ("why", "sop why", "为什么没发"),
        Who.STAFF,
        "一个 SOP 为什么没发，最早什么时候",
        why_not,
        where=Where.DESK,
        usage="名字",
    ),
    Command(
        ("outbox why", "为什么"),
        Who.ADMIN,
        "一条消息为什么没发，一件事引出了什么",
        why,
        where=Where.PRIVATE,
        usage="号",
    ),
)
