"""``/outbox``, ``/stop`` and ``/resume``: what waits, what went wrong, and letting nothing leave."""

from __future__ import annotations

from datetime import datetime

from bot.commands.wording import RULES, SURE, moment, short_moment
from bot.outbox import brakes, review
from bot.outbox.queue import AnyRow, Kind, State
from bot.outbox.review import Answer
from bot.people import directory
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless

MOST = 8
"""Messages that are listed on a phone."""
WORDS = 12
_KINDS = {
    Kind.PICTURE: "图片",
    Kind.FILE: "文件",
    Kind.ACCEPT_FRIEND: "通过好友",
    Kind.ACCEPT_INVITATION: "接受入群邀请",
    Kind.INVITE: "邀请进群",
}


def show(ctx: CommandContext) -> None:
    found = review.listing(ctx.tx, ctx.account, MOST)
    if not found:
        ctx.reply("发件箱是空的：没有待发，也没有没发成的。")
        return
    lines = [_summary(ctx), *(_line(ctx, row) for row in found)]
    ctx.reply("\n".join([*lines, "再发一次：/重发 号；不发了：/作废 号"]))


def _summary(ctx: CommandContext) -> str:
    n = review.counts(ctx.tx, ctx.account)
    named = (
        ("没发成", n.get(State.FAILED, 0)),
        ("去向不明", n.get(State.UNKNOWN, 0)),
        ("待发", n.get(State.QUEUED, 0) + n.get(State.SENDING, 0)),
        ("其中扣着", n["held"]),
    )
    return " ".join(f"{name}{count}" for name, count in named if count)


def _line(ctx: CommandContext, row: AnyRow) -> str:
    what = _KINDS.get(row.kind) or f"“{harmless(row.payload['text'], WORDS)}”"
    return f"{row.id} {_place(ctx, row)} {what} {_state(ctx, row)}"


def _place(ctx: CommandContext, row: AnyRow) -> str:
    if row.room_id is not None:
        room = directory.room_by_id(ctx.tx, row.room_id)
        return "已换地方的群" if room is None else room.key
    number = None if row.identity_id is None else directory.number_of(ctx.tx, row.identity_id)
    return "私聊" if number is None else f"私聊M{number}"


def _state(ctx: CommandContext, row: AnyRow) -> str:
    when = "" if row.not_before is None else f"，{short_moment(ctx, row.not_before)}再看"
    if row.held_by is not None:
        return f"扣着：{RULES.get(row.held_by, row.held_by)}{when}"
    if row.state == State.FAILED:
        return f"没发成：{harmless(row.reason, 30)}"
    if row.state == State.UNKNOWN:
        return f"去向不明，{short_moment(ctx, row.sending_at)}发的{when}"
    if row.attempts:
        return f"第{row.attempts}次没成{when}"
    return "正在发" if row.state == State.SENDING else "待发"


def retry(ctx: CommandContext) -> None:
    number = number_of(ctx, "重发")
    if number is None:
        return
    answer = review.retry(ctx.tx, ctx.account, number, though_maybe_sent=SURE in ctx.args[1:])
    ctx.reply(
        {
            Answer.DONE: f"{number} 重新排上了，马上发。",
            Answer.NO_SUCH: f"没有 {number} 这一条。发 /发件箱 看号。",
            Answer.STILL_WAITS: f"{number} 还在排着，不用重发。",
            Answer.IS_SENT: f"{number} 已经发出去了。",
            Answer.FORGOTTEN: f"{number} 的原文已经删除，发不了了。",
            Answer.NOWHERE: f"{number} 要去的群已经关了，发不了。",
            Answer.MAY_BE_SENT: f"{number} 可能已经发出去了，先去看看。没有就发 /重发 {number} {SURE}",
        }[answer]
    )


def drop(ctx: CommandContext) -> None:
    number = number_of(ctx, "作废")
    if number is None:
        return
    ctx.reply(
        {
            Answer.DONE: f"{number} 作废了。改主意了，发 /重发 {number}。",
            Answer.NO_SUCH: f"没有 {number} 这一条。发 /发件箱 看号。",
            Answer.IS_SENT: f"{number} 已经发出去了，只能在微信里撤回。",
            Answer.MAY_BE_SENT: f"{number} 可能已经发出去了，作废不了。",
        }[review.drop(ctx.tx, ctx.account, number)]
    )


def number_of(ctx: CommandContext, command: str) -> int | None:
    """The message that is named; None: none is, and how to was said."""
    word = ctx.args[0].lstrip("#") if ctx.args else ""
    if word.isascii() and word.isdigit() and len(word) <= 18:
        return int(word)
    ctx.reply(f"要写是哪一条，例如 /{command} 10234。发 /发件箱 看号。")
    return None


def stop(ctx: CommandContext) -> None:
    new = brakes.stop(ctx.tx, ctx.account, ctx.person.member_id)
    waiting = review.counts(ctx.tx, ctx.account).get(State.QUEUED, 0)
    begun = "停了" if new else "已经停着了"
    ctx.reply(f"{begun}：除了停发、恢复发送、状态、健康这几个命令的回答，什么都不发。")
    kept = f"待发的{waiting}条先留着，过时的会作废。" if waiting else ""
    ctx.reply(f"{kept}接着发：/恢复发送")


def resume(ctx: CommandContext) -> None:
    stopped = brakes.resume(ctx.tx, ctx.account)
    ctx.reply("没有停，一直在发。" if stopped is None else "好的，接着发。")
    lost = 0 if stopped is None else review.expired_since(ctx.tx, ctx.account, stopped.since)
    if lost:
        ctx.reply(f"停着的时候有{lost}条过时作废了。")
    opens_at = ctx.sops.community.rules.opens_at(ctx.now)
    if stopped is not None and opens_at > ctx.now:
        ctx.reply(f"现在是安静时段，要发的等到{moment(ctx, opens_at)}。")
    resting = rest(ctx)
    if resting is not None:
        ctx.reply(f"不过微信说发得太频繁，要歇到{moment(ctx, resting)}。")


def rest(ctx: CommandContext) -> datetime | None:
    """Until when the account rests because the platform said that it sends too often."""
    resting = brakes.brakes(ctx.tx, ctx.account).get(brakes.BrakeKind.RESTING)
    return resting.until if resting is not None and resting.holds(ctx.now) else None


COMMANDS = (
    Command(
        ("outbox list", "outbox", "发件箱"), Who.ADMIN, "待发、扣着、没发成的消息", show, where=Where.PRIVATE
    ),
    Command(("outbox retry", "重发"), Who.ADMIN, "再发一次", retry, where=Where.PRIVATE, usage="号 [确定]"),
    Command(("outbox drop", "作废"), Who.ADMIN, "不发了", drop, where=Where.PRIVATE, usage="号"),
    Command(("stop", "停发"), Who.ADMIN, "停掉所有发送", stop, words=("停发",), despite_stop=True),
    Command(("resume", "恢复发送"), Who.ADMIN, "接着发", resume, despite_stop=True),
)
