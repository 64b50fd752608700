"""``/why``: why a SOP's message did not come, and ``/outbox why``: why one of them waits, or never left.

What was tried is told from the record; what was not is judged by today's state, and said so.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.commands.find import sop_named
from bot.commands.outbox import number_of
from bot.commands.trace import told, trace
from bot.commands.wording import RULES, moment, short_moment
from bot.outbox import brakes, restraints, review
from bot.outbox.queue import AnyRow, State
from bot.people import directory
from bot.people.directory import Room
from bot.sop.context import CommandContext
from bot.sop.index import is_for
from bot.sop.kind import Command, Where, Who
from bot.sop.language import Sop
from bot.sop.templates import harmless
from bot.sop.timetable import PAUSED, SlotState
from bot.store.tables import cursor, slot

RECENT = timedelta(days=7)
MOST = 5
_SLOTS = {SlotState.MISSED: "错过了", SlotState.FAILED: "出错了，发 /健康 看"}


def why_not(ctx: CommandContext) -> None:
    if not ctx.args:
        ctx.reply("哪一个没发？例如 /为什么没发 上新。单条消息：/发件箱 看号，再 /为什么 号。")
        return
    sop = sop_named(ctx, ctx.args[0], ctx.sops.declared.values())
    if sop is not None:
        ctx.reply("\n".join([*_recorded(ctx, sop), *_judged(ctx, sop)][:MOST]))


def _recorded(ctx: CommandContext, sop: Sop) -> list[str]:
    """What did not go well with its messages and moments of the last days, the latest first."""
    rooms = {room.id: room.key for room in directory.rooms_of(ctx.tx, ctx.account)}
    rows = review.unsent_of(ctx.tx, ctx.account, sop.id, ctx.now - RECENT)
    told = dict.fromkeys(f"{rooms.get(row.room_id, '私聊')}：{_fate(ctx, row)}" for row in rows)
    query = (
        select(slot)
        .where(slot.c.sop_id == sop.id, slot.c.state != SlotState.DONE, slot.c.due_at >= ctx.now - RECENT)
        .order_by(slot.c.due_at.desc())
    )
    missed = [
        f"{rooms[row.room_id]}：{short_moment(ctx, row.due_at)}{_slot(row)}"
        for row in ctx.tx.connection.execute(query.limit(MOST))
        if row.room_id in rooms
    ]
    return [*list(told)[:MOST], *missed]


def _slot(row: AnyRow) -> str:
    return "停着，没发" if row.reason == PAUSED else _SLOTS[row.state]


def _fate(ctx: CommandContext, row: AnyRow) -> str:
    if row.state == State.QUEUED and row.held_by is None:
        return "排着，马上发"
    rule = RULES.get(row.held_by or row.reason)
    if row.settled_at is None and row.held_by is not None:
        when = "" if row.not_before is None else f"；最早{short_moment(ctx, row.not_before)}"
        return f"{rule or row.held_by}{when}"
    reason = rule or harmless(row.reason, 30)
    return f"{short_moment(ctx, row.settled_at or row.queued_at)}{_ENDED.get(row.state, '')}：{reason}"


_ENDED = {State.EXPIRED: "作废", State.DROPPED: "没发", State.FAILED: "没发成", State.UNKNOWN: "去向不明"}


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
    return f"照现在看：没什么拦着，下次{moment(ctx, min(moments))}，{len(rooms)}个群。"


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
