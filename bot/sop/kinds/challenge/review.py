"""What a human thinks of entries: 过, 退, and ten minutes to think again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from bot.outbox.queue import Intent
from bot.people import directory
from bot.people.directory import shown_names
from bot.sop import hashtags, runs
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.challenge import board, changes, entries, streaks
from bot.sop.kinds.challenge.board import AnyRow
from bot.sop.kinds.challenge.changes import APPROVED
from bot.sop.kinds.challenge.duplicates import FLAGGED
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.kinds.challenge.receipt import gather
from bot.sop.kinds.challenge.words import EntryWords
from bot.sop.loader import SopSet
from bot.sop.offers import UNDO_WITHIN
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store.tables import identity, interaction, texts
from bot.store.transaction import Transaction

RECENT = timedelta(days=7)
SHOWN, MOST_AT_ONCE = 5, 50
_RANGE = re.compile(r"(\d{1,9})(?:[-—~～到](\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry as operators name it."""

    sop: Challenge
    row: AnyRow


# --- /待审 ---


def show_waiting(ctx: CommandContext) -> None:
    """What nobody decided about yet, what needs it most first."""
    found = [one for sop in _challenges(ctx) for one in _undecided(ctx, sop)]
    if not found:
        ctx.reply("没有待审的餐桌。")
        return
    lines = [_line(ctx, one) for one in found[:SHOWN]]
    more = f"｜还有{len(found) - SHOWN}桌" if len(found) > SHOWN else ""
    quotes = [message for _, messages in lines for message in messages]
    shown = "｜".join(line for line, _ in lines)
    numbers = [str(one.row.value_int) for one in found[:2]]
    ctx.reply(f"{shown}{more}｜回“过 {' '.join(numbers)}”或“退 {numbers[-1]} 原因”", quotes)


def waiting(tx: Transaction, sops: SopSet, account: str) -> dict[str, int]:
    """How many entries nobody decided about yet."""
    i = interaction.c
    ids = [sop.id for sop in sops.sops.values() if isinstance(sop, Challenge)]
    decided = or_(*(i.id.in_(board.about(id, (APPROVED, *board.GONE))) for id in ids)) if ids else false()
    query = select(func.count()).where(
        i.programme_id.in_(ids), i.name == "ugc_submitted", i.value_int.is_not(None)
    )
    recent = query.where(i.occurred_at >= tx.now - RECENT, ~decided)
    return {"待审": tx.connection.execute(recent).scalar_one()}


def _undecided(ctx: CommandContext, sop: Challenge) -> list[Numbered]:
    i = interaction.c
    decided = i.id.in_(board.about(sop.id, (APPROVED, *board.GONE)))
    recent = _entries(ctx, sop, (i.occurred_at >= ctx.now - RECENT) & ~decided)
    flagged = _flagged(ctx, sop)
    return [Numbered(sop, row) for row in sorted(recent, key=lambda row: (row.id not in flagged, row.id))]


def _entries(ctx: CommandContext, sop: Challenge, which: ColumnElement[bool]) -> Sequence[AnyRow]:
    i = interaction.c
    query = (
        select(i.id, i.identity_id, identity.c.member_id, i.occurred_at, i.object_id, i.room_id, i.value_int)
        .select_from(interaction.join(identity, identity.c.id == i.identity_id))
        .where(i.programme_id == sop.id, i.name == "ugc_submitted", i.value_int.is_not(None), which)
    )
    return ctx.tx.connection.execute(query.order_by(i.id)).all()


def _flagged(ctx: CommandContext, sop: Challenge) -> set[int]:
    i = interaction.c
    query = select(i.parent_event_id).where(i.programme_id == sop.id, i.name == FLAGGED)
    return set(ctx.tx.connection.scalars(query))


def _line(ctx: CommandContext, one: Numbered) -> tuple[str, list[int]]:
    """``31 甲 番茄牛腩📷3``, and the messages whose words that repeats."""
    part, message = interaction.alias(), interaction.alias()
    joined = part.join(message, message.c.id == part.c.parent_event_id)
    joined = joined.outerjoin(texts, texts.c.id == message.c.text_id)
    query = (
        select(message.c.id, part.c.media_count, texts.c.body)
        .select_from(joined)
        .where(part.c.object_type == "run", part.c.object_id == one.row.object_id)
        .where(part.c.name == board.PART, ~board.removed(part))
    )
    parts = ctx.tx.connection.execute(query).all()
    pictures = sum(bool(row.media_count) for row in parts)
    bodies = [hashtags.without_tags(row.body, one.sop.hashtag) for row in parts if row.body]
    said = harmless(" ".join(filter(None, bodies)), 12)
    name = harmless_name(shown_names(ctx.tx, [one.row.identity_id], one.row.room_id)[one.row.identity_id])
    mark = "（图和别人的一样）" if one.row.id in _flagged(ctx, one.sop) else ""
    return f"{one.row.value_int} {name} {said}📷{pictures}{mark}", [row.id for row in parts if row.body]


# --- /过, /退 ---


def approve(ctx: CommandContext) -> None:
    numbers = read_numbers(" ".join(ctx.args))
    decisions = [_approve(ctx, one) for one in _named(ctx, numbers)]
    _tell_outcome(ctx, "过", decisions, len(numbers))


def reject(ctx: CommandContext) -> None:
    """The first words are numbers, what is behind them is the reason."""
    count = next((n for n, word in enumerate(ctx.args) if not read_numbers(word)), len(ctx.args))
    numbers = read_numbers(" ".join(ctx.args[:count]))
    reason = harmless(" ".join(ctx.args[count:]), 60)
    decisions = [_reject(ctx, one, reason) for one in _named(ctx, numbers)]
    _tell_outcome(ctx, "退", decisions, len(numbers))


def _tell_outcome(ctx: CommandContext, verb: str, decisions: Sequence[int | None], asked: int) -> None:
    """``decisions``: what was recorded of each entry, None where nothing was to be decided."""
    made = [decision for decision in decisions if decision is not None]
    if made:
        ctx.can_undo({"decisions": made})
        ctx.reply(f"{verb}了{len(made)}桌，10分钟内可 /撤销")
    elif asked:
        ctx.reply("没有这样的待审编号。发 /待审 看有哪些。")
    else:
        ctx.reply(f"请写编号，例如 /{verb} 31。发 /待审 看有哪些。")


def read_numbers(text: str) -> list[int]:
    """``31 32``, ``31-35``, ``31、32``; nothing where anything else is in it."""
    found: dict[int, None] = {}
    for word in re.split(r"[\s,，、]+", text.strip()):
        match = _RANGE.fullmatch(word)
        if match is None:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        found.update(dict.fromkeys(range(first, min(last, first + MOST_AT_ONCE) + 1)))
    return list(found)[:MOST_AT_ONCE]


def _challenges(ctx: CommandContext) -> list[Challenge]:
    return [sop for sop in ctx.sops.sops.values() if isinstance(sop, Challenge)]


def _named(ctx: CommandContext, numbers: list[int]) -> list[Numbered]:
    here = interaction.c.value_int.in_(numbers)
    return [Numbered(sop, row) for sop in _challenges(ctx) for row in _entries(ctx, sop, here)]


def _context(ctx: CommandContext, one: Numbered) -> Context[Challenge]:
    return ctx.kind_context(one.sop, directory.room_by_id(ctx.tx, one.row.room_id))


def _run(ctx: CommandContext, one: Numbered) -> Run:
    run = runs.by_id(ctx.tx, int(one.row.object_id))
    assert run is not None, "an entry is made in a run"
    return run


def _may_stand(ctx: CommandContext, one: Numbered, outs: Sequence[AnyRow]) -> bool:
    """Not if its author took it (or a part of it) back, or has another of that day by now."""
    run, member = _run(ctx, one), one.row.member_id
    other = streaks.tables(ctx, one.sop, member).get(member, {}).get(streaks.day_of(run.occurrence))
    taken = other is not None and other.id != one.row.id
    withdrawn = any(row.name == board.WITHDRAWN for row in outs)
    return entries.is_whole(_context(ctx, one), run) and not withdrawn and not taken


def _approve(ctx: CommandContext, one: Numbered) -> int | None:
    outs = changes.what_took_out(ctx.tx, one.sop.id, one.row.id)
    done = not outs and changes.is_approved(ctx.tx, one.sop.id, one.row.id)
    if done or not _may_stand(ctx, one, outs):
        return None
    as_sop = _context(ctx, one)
    approval = _decide(as_sop, ctx, one, APPROVED)
    if outs:
        changes.bring_back(as_sop, _run(ctx, one), one.row.id, outs, approval)
    else:
        changes.settle(as_sop, _run(ctx, one), one.row.id, approval)
    if as_sop.room is not None and any(row.name == board.HELD for row in outs):
        gather(as_sop, one.row.id)
    return approval


def _decide(as_sop: Context[Challenge], ctx: CommandContext, one: Numbered, name: str) -> int:
    decision = as_sop.record(
        name,
        person=ctx.person,
        about=("run", one.row.object_id),
        parent=one.row.id,
        corrects=one.row.id,
        target=one.row.identity_id,
        props={"command": ctx.heard.id},
    )
    assert decision is not None, "a command decides once"
    return decision


def _reject(ctx: CommandContext, one: Numbered, reason: str) -> int | None:
    outs = changes.what_took_out(ctx.tx, one.sop.id, one.row.id)
    if any(row.name != board.HELD for row in outs):
        return None
    as_sop, run = _context(ctx, one), _run(ctx, one)
    decision = _decide(as_sop, ctx, one, board.REJECTED)
    changes.goes_out(as_sop, run, one.row.id, rejected=one.row.id, reason=reason)
    as_sop.wake_at(run, ctx.now + UNDO_WITHIN, "rejected")
    return decision


def tell(ctx: Context[Challenge]) -> None:
    """Nobody thought again: the author hears why it does not count."""
    assert ctx.run is not None, "an attempt waited"
    assert ctx.run.identity_id is not None, "an attempt is a person's"
    entry = ctx.run.state.get("rejected")
    out = [] if entry is None else changes.what_took_out(ctx.tx, ctx.sop.id, entry)
    if any(row.name == board.REJECTED for row in out):
        words = EntryWords(ctx.sop.name, ctx.run.state.get("reason", ""))
        ctx.say_private(ctx.run.identity_id, ctx.sop.wording.rejected, words, intent=Intent.SERVICE)


# --- /撤销 ---


def undo(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """Take back the decisions of one command, as far as its entries are still as it made them."""
    standing = _still_standing(ctx, args["decisions"])
    done = sum(_undo(ctx, row) for row in standing)
    if done:
        ctx.reply(f"撤销了，{done}桌回到待审。")
    elif standing:
        ctx.reply("撤销不了：会员自己撤回了，或者那天已经另有一桌。")
    else:
        ctx.reply("撤销不了：后来又改过了。")
    return done > 0


def _still_standing(ctx: CommandContext, decisions: Sequence[int]) -> Sequence[AnyRow]:
    i, undone = interaction.c, interaction.alias()
    gone = exists().where(undone.c.corrects_event_id == i.id, undone.c.name == board.RESTORED)
    query = select(i.id, i.name, i.programme_id, i.corrects_event_id).where(i.id.in_(decisions), ~gone)
    return ctx.tx.connection.execute(query.order_by(i.id)).all()


def _undo(ctx: CommandContext, decision: AnyRow) -> bool:
    sop = ctx.sops.sops.get(decision.programme_id)
    if not isinstance(sop, Challenge):
        return False
    (row,) = _entries(ctx, sop, interaction.c.id == decision.corrects_event_id)
    one = Numbered(sop, row)
    as_sop, run = _context(ctx, one), _run(ctx, one)
    if decision.name == APPROVED:
        changes.as_before(as_sop, run, row.id, decision.id)
    elif _may_stand(ctx, one, [decision]):
        changes.bring_back(as_sop, run, row.id, [decision], decision.id)
    else:
        return False
    return True
