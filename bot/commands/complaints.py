"""``/complaint list`` and ``/complaint close``: which complaints are open, and that one is dealt with."""

from __future__ import annotations

from bot.commands.wording import short_moment, span
from bot.complaints import record
from bot.outbox import delivery
from bot.outbox.rules import Rule
from bot.people import cases, directory
from bot.people.cases import Case
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless_name

MOST = 4
"""Cases that are listed on a phone."""


def show(ctx: CommandContext) -> None:
    found = cases.open_cases(ctx.tx, ctx.account)
    if not found:
        ctx.reply("没有没处理完的投诉。")
        return
    more = [f"还有{len(found) - MOST}件。"] if len(found) > MOST else []
    lines = [_line(ctx, case) for case in found[:MOST]]
    ctx.reply("\n".join([*lines, *more, "处理好了：/已处理 编号"]))


def _line(ctx: CommandContext, case: Case) -> str:
    since = f"{short_moment(ctx, case.opened_at)}起，{span(ctx.now - case.opened_at)}"
    answered = "还没人答" if case.answered_at is None else f"{short_moment(ctx, case.answered_at)}有人答"
    return f"投诉{case.number}｜{_place(ctx, case)}｜{_who(ctx, case)}｜{since}｜{answered}"


def _place(ctx: CommandContext, case: Case) -> str:
    if case.room_id is None:
        return "私聊"
    room = directory.room_by_id(ctx.tx, case.room_id)
    return "已换地方的群" if room is None else room.key


def _who(ctx: CommandContext, case: Case) -> str:
    person = directory.person_by_id(ctx.tx, case.identity_id)
    if person is None:
        return "一位朋友"
    names = directory.shown_names(ctx.tx, [case.identity_id], case.room_id)
    return f"M{person.number} {harmless_name(names.get(case.identity_id, person.name))}"


def close(ctx: CommandContext) -> None:
    case = _meant(ctx)
    if case is None:
        return
    cases.close(ctx.tx, case, ctx.person.member_id)
    record(ctx.tx, ctx.account, "complaint_closed", case, ctx.heard, by="staff")
    ctx.reply(f"好的，投诉{case.number}已处理。{_resumed(ctx, case)}")


def _resumed(ctx: CommandContext, case: Case) -> str:
    """Let the room's posts go on, if no other complaint is open there."""
    if case.room_id is None:
        return ""
    key = _place(ctx, case)
    others = [
        other.number for other in cases.open_cases(ctx.tx, ctx.account) if other.room_id == case.room_id
    ]
    if others:
        return f"{key}还有投诉{_listed(others)}没处理。"
    delivery.let_go(ctx.tx, Rule.COMPLAINT, room_id=case.room_id)
    return f"{key}的消息恢复。"


def _meant(ctx: CommandContext) -> Case | None:
    """The case that was named, or the only one; else says what is wrong."""
    if ctx.args:
        return _named(ctx, ctx.args[0].removeprefix("投诉").lstrip("#"))
    found = cases.open_cases(ctx.tx, ctx.account)
    if len(found) == 1:
        return found[0]
    if found:
        numbers = [case.number for case in found]
        ctx.reply(f"没处理完的有{len(found)}件：{_listed(numbers)}。请写编号：/已处理 {numbers[0]}")
    else:
        ctx.reply("没有没处理完的投诉。")
    return None


def _named(ctx: CommandContext, word: str) -> Case | None:
    if not (word.isascii() and word.isdigit() and len(word) <= 9):
        ctx.reply("要写投诉的编号，例如 /已处理 3。发 /投诉 看编号。")
        return None
    case = cases.numbered(ctx.tx, int(word), ctx.account)
    if case is None:
        ctx.reply(f"没有投诉{int(word)}。发 /投诉 看编号。")
    elif case.closed_at is not None:
        ctx.reply(f"投诉{case.number}在{short_moment(ctx, case.closed_at)}已经处理过了。")
        return None
    return case


def _listed(numbers: list[int]) -> str:
    return "、".join(map(str, numbers[:MOST])) + ("等" if len(numbers) > MOST else "")


COMMANDS = (
    Command(("complaint list", "投诉"), Who.STAFF, "没处理完的投诉", show, where=Where.DESK),
    Command(
        ("complaint close", "已处理"),
        Who.STAFF,
        "一件投诉处理好了",
        close,
        where=Where.DESK,
        usage="[编号]",
        leads=("已处理",),
    ),
)
