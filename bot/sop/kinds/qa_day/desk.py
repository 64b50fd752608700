"""What is typed to look something up, and at the operators' desk: ``/问``, ``/问题``, ``/派``, ``/补记``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from bot.people import directory
from bot.people.directory import Person
from bot.sop import runs, versions
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.qa_day import answers, archive, board, days, forms, giving, ladder, shown, typed
from bot.sop.kinds.qa_day.answers import Outcome
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.loader import SopSet
from bot.sop.templates import harmless
from bot.store.tables import membership
from bot.store.transaction import Transaction

MOST_LISTED, MOST_SHOWN = 5, 3


def search(ctx: CommandContext) -> None:
    """``/问 羽衣甘蓝``: what was answered of it here, or elsewhere in the rooms that one is in."""
    if not ctx.rest:
        ctx.reply("想找什么，写在后面：/问 羽衣甘蓝")
        return
    found = archive.find(ctx.tx, ctx.rest, _searched(ctx))
    if not found:
        ctx.reply("还没有人问过这个，发“提问：”加上问题，大家来答。")
        return
    lines = [f"{item.number} {item.question}\n{item.name}：{item.answer}" for _, item in found]
    text, fit = shown.listed(lines, "还有别的，词写细一点再找。", most=MOST_SHOWN)
    ctx.reply(text, quotes=[message for row, _ in found[:fit] for message in shown.quotes(row)])


def _searched(ctx: CommandContext) -> list[int]:
    """The members' room in which it was typed; else all rooms that one is in."""
    if ctx.room is not None and ctx.room.key != ctx.sops.community.operators:
        return [ctx.room.id]
    mine = (membership.c.identity_id == ctx.person.identity_id) & membership.c.left_at.is_(None)
    return list(ctx.tx.connection.scalars(select(membership.c.room_id).where(mine)))


def show_open(ctx: CommandContext) -> None:
    """``/问题``: what waits for an answer, the longest first."""
    rows = [row for row in board.questions(ctx.tx) if _is_ours(ctx, row)]
    if not rows:
        ctx.reply("没有等着回答的问题。")
        return
    lines = [
        f"{row.number} {shown.question(row)}（{_asker(ctx, row)}，等{_hours(ctx, row)}时）" for row in rows
    ]
    text, fit = shown.listed(lines, "还有{}个。", most=MOST_LISTED)
    ctx.reply(text, quotes=[row.message_id for row in rows[:fit]])


def waiting(tx: Transaction, sops: SopSet, account: str) -> dict[str, int]:
    """How many questions wait for an answer."""
    return {"未答": sum(_is_of(tx, account, row) for row in board.questions(tx))}


def _is_ours(ctx: CommandContext, row: QuestionRow) -> bool:
    return _is_of(ctx.tx, ctx.account, row)


def _is_of(tx: Transaction, account: str, row: QuestionRow) -> bool:
    room = directory.room_by_id(tx, row.room_id)
    return room is not None and room.account == account


def _asker(ctx: CommandContext, row: QuestionRow) -> str:
    return shown.name(ctx.tx, row.asker, row.room_id)


def _hours(ctx: CommandContext, row: QuestionRow) -> int:
    return int((ctx.now - row.asked_at).total_seconds() // 3600)


def assign(ctx: CommandContext) -> None:
    """``/派 12 营养师``: a role, M37 or a name; asked in private."""
    found = _named(ctx)
    if found is None:
        return
    row, sop, named = found
    kind = _as(ctx, sop, row)
    people = ladder.experts(kind, named) or directory.people_named(ctx.tx, named, ctx.account)
    if row.status is not Status.OPEN:
        ctx.reply(f"{row.number} 已经有人答了。")
    elif not named or not people:
        ctx.reply(f"派给谁？写角色、编号或名字：/派 {row.number} 营养师")
    elif len({person.member_id for person in people}) > 1 and named not in ctx.sops.community.roles:
        numbers = "、".join(f"M{person.number}" for person in people)
        ctx.reply(f"叫“{harmless(named, 12)}”的有几位：{numbers}。请用编号。")
    elif not (others := ladder.but_for_the_asker(row, people)):
        ctx.reply(f"{row.number} 就是{_called(named, people[0])}问的，换一位吧。")
    else:
        ladder.assign(kind, row, others[0])
        ctx.reply(f"已私聊{_called(named, others[0])}，20分钟没答我再叫您。")


def _as(ctx: CommandContext, sop: QaDay, row: QuestionRow) -> Context[QaDay]:
    """As the question's SOP, in its room; the file may be gone by now."""
    room = directory.room_by_id(ctx.tx, row.room_id)
    return replace(ctx.kind_context(sop, room), run=runs.by_id(ctx.tx, row.run_id))


def _called(named: str, person: Person) -> str:
    return harmless(named, 12) if named[:1] not in "Mm" else f"M{person.number}"


def write_down(ctx: CommandContext) -> None:
    """``/补记 12 焯20秒就好``: the words of a voice answer, or an answer that was given elsewhere."""
    found = _named(ctx)
    if found is None:
        return
    row, sop, words = found
    if not words:
        ctx.reply(f"说了什么，写在后面：/补记 {row.number} 焯20秒就好")
        return
    kind = _as(ctx, sop, row)
    meant = answers.written_down(row, ctx.person)
    outcome = answers.answer(kind, row, ctx.person, words, None)
    if outcome is Outcome.WRITTEN_DOWN and meant is not None and board.is_private(ctx.tx, meant.message_id):
        giving.relay(kind, row.number, meant.identity_id)
    if outcome in _WRITTEN:
        later = sop.digest is not None and not row.state["digested"] and not row.to_human
        ctx.reply(f"{row.number} {_WRITTEN[outcome]}{_when(kind, row) if later else ''}。")
    else:
        ctx.reply(typed.SAID[outcome].format(row.number))


def _when(ctx: Context[QaDay], row: QuestionRow) -> str:
    """That the answer will be in the digest, and when, where it is tomorrow morning."""
    day = days.current(ctx, row.room_id)
    at = None if day is None else runs.waits_until(ctx.tx, day.id, "digest")
    if at is None:
        return "，会进合集"
    there, tomorrow = ctx.local(at), ctx.local(ctx.now).date() + timedelta(days=1)
    return "，明早进合集" if there.date() == tomorrow and there.hour < NOON else "，会进合集"


NOON = 12
_WRITTEN = {Outcome.ANSWERED: "已答", Outcome.WRITTEN_DOWN: "已答", Outcome.CORRECTED: "改好了"}


def _named(ctx: CommandContext) -> tuple[QuestionRow, QaDay, str] | None:
    """The question whose number was typed, its SOP, and what follows; None: it was said what is wrong."""
    number, rest = forms.numbered(ctx.rest) or (None, "")
    row = None if number is None else board.by_number(ctx.tx, number)
    sop = None if row is None else versions.last(ctx.tx, ctx.sops, row.sop_id)
    if row is None or not isinstance(sop, QaDay) or not _is_ours(ctx, row):
        named = harmless(ctx.args[0], 8).strip("号") if ctx.args else ""
        ctx.reply(f"没有 {named} 号问题。发 /问题 看等着回答的。" if named else "要写第几号：/问题 看编号。")
    elif not row.text:
        ctx.reply(f"{row.number} 的问题已经撤回或过期，不用答了。")
    else:
        return row, sop, rest
    return None
