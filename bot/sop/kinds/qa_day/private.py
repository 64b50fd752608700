"""What an expert who was asked in private answers there."""

from __future__ import annotations

from bot.events import MessageKind
from bot.people import directory
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.qa_day import board, forms, giving
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.occasion import Heard


def answered(ctx: Context[QaDay], heard: Heard) -> bool:
    """With the number, or without if there is only one; what waits for an answer goes before what has one."""
    asked = [row for run in _asked(ctx, heard) if (row := _still_asked(ctx, heard, run)) is not None]
    voice = heard.message.kind is MessageKind.VOICE
    number, words = _number_and_words(heard)
    if not asked or not (voice or (forms.is_an_answer(words) and not forms.is_put_off(words))):
        return False
    rows = [row for row in asked if number in (None, row.number)]
    if number is None and len(rows) > 1:
        rows = [row for row in rows if row.status is Status.OPEN] or rows
    if len(rows) != 1:
        giving.hint(ctx, "没有这号" if number else "哪一号", number or asked[0].number, asked)
        return True
    return giving.give(ctx, rows[0], "" if voice else words, by_voice=voice, from_private=True)


def _number_and_words(heard: Heard) -> tuple[int | None, str]:
    """Which number is answered, by what is typed or else quoted, and in which words."""
    numbered = forms.answered(heard.text)
    if numbered is not None:
        return numbered[0], numbered[1]
    quote = heard.message.quote
    quoted = [] if quote is None else forms.numbers_at_line_starts(quote.text)
    return (quoted[0] if len(quoted) == 1 else None), heard.text.strip()


def _asked(ctx: Context[QaDay], heard: Heard) -> list[runs.Run]:
    who = heard.person.identity_id
    return [run for run in runs.open_runs(ctx.tx, ctx.sop.id, "expert:") if run.identity_id == who]


def _still_asked(ctx: Context[QaDay], heard: Heard, run: runs.Run) -> QuestionRow | None:
    """The question, while it can be told in its room what they say; once, if others answered meanwhile."""
    row = board.by_number(ctx.tx, run.state["number"])
    room = None if row is None else directory.room_by_id(ctx.tx, row.room_id)
    if row is not None and room is not None and room.enabled and _may_answer(row, heard):
        return row
    ctx.close(run)
    return None


def _may_answer(row: QuestionRow, heard: Heard) -> bool:
    mine = any(given.member_id == heard.person.member_id for given in row.answers)
    return row.status is Status.OPEN or (row.status is Status.ANSWERED and not mine)
