"""An answer from whom and wherever it comes: written down, and told where the room has not read it."""

from __future__ import annotations

from bot.people import directory
from bot.sop.context import Context
from bot.sop.kinds.qa_day import answers, asking, board, shown
from bot.sop.kinds.qa_day.answers import Outcome
from bot.sop.kinds.qa_day.board import QuestionRow
from bot.sop.kinds.qa_day.model import Answered, QaDay
from bot.sop.templates import harmless


def give(
    ctx: Context[QaDay], row: QuestionRow, words: str, *, by_voice: bool = False, from_private: bool = False
) -> bool:
    """Write the answer down; where the room has not read it, tell it there."""
    heard = ctx.heard
    assert heard is not None, "something was said"
    seconds = (heard.message.seconds or 0) if by_voice else None
    outcome = answers.answer(ctx, row, heard.person, words, heard.id, seconds)
    if outcome is not Outcome.ANSWERED:
        return outcome in (Outcome.OWN, Outcome.ENOUGH)
    if by_voice:
        who = shown.name(ctx.tx, heard.person.identity_id, row.room_id)
        told = f"{who}有{shown.voice(seconds)}的回答，听完请 /补记 {row.number} 说了什么"
        ctx.alert(f"{row.number} {shown.question(row)}\n{told}", "voice", [row.message_id])
    elif (from_private or (ctx.room is not None and ctx.room.id != row.room_id)) and not heard.late:
        relay(ctx, row.number, heard.person.identity_id)
        if from_private:
            hint(ctx, "带到了", row.number, [])
    return True


def relay(ctx: Context[QaDay], number: int, identity_id: int) -> None:
    """What was answered elsewhere, told in the room of the question."""
    row = board.by_number(ctx.tx, number)
    room = None if row is None else directory.room_by_id(ctx.tx, row.room_id)
    mine = [] if row is None else [given for given in row.answers if given.identity_id == identity_id]
    if row is None or room is None or not mine:
        return
    name = shown.name(ctx.tx, identity_id, room.id)
    words = Answered(row.number, shown.question(row), harmless(mine[-1].words, shown.LONGEST_RELAYED), name)
    ctx.in_room(room).say(ctx.sop.wording.relay, words, quotes=[row.message_id, *_message_of(mine[-1])])


def _message_of(given: board.AnswerRow) -> list[int]:
    return [] if given.message_id is None else [given.message_id]


def hint(ctx: Context[QaDay], what: str, number: int, asked: list[QuestionRow]) -> None:
    """A friendly line to who answers in private."""
    assert ctx.heard is not None, "something was said"
    if not ctx.heard.late:
        words = asking.hint_words(ctx, what, number, asked)
        ctx.say_private(ctx.heard.person.identity_id, ctx.sop.wording.hint, words)
