"""What becomes of questions, answers and 同问 when their messages are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from bot.people import points
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.qa_day import answers, archive, asking, board, ladder
from bot.sop.kinds.qa_day.board import ASKED, OBJECT, QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.store.tables import interaction

WITHDRAWN = "question_withdrawn"


def recalled(ctx: Context[QaDay]) -> None:
    """A message was taken back of which something was made here; all words are gone with it already."""
    assert ctx.recalled is not None, "something was recalled"
    for event in _made_of(ctx, ctx.recalled.id):
        row = board.by_number(ctx.tx, int(event.object_id))
        if row is None:
            continue
        match event.name:
            case answers.WRITTEN:
                pass  # the voice message stands, and waits again
            case answers.GIVEN | answers.BY_EXPERT:
                _answer(ctx, row, event.id)
            case asking.SECONDED:
                _second(ctx, row, event.id)
            case _:
                _question(ctx, row)
        archive.note(ctx.tx, row.number)


def _made_of(ctx: Context[QaDay], message_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    names = (ASKED, answers.GIVEN, answers.BY_EXPERT, answers.WRITTEN, asking.SECONDED)
    columns = [interaction.c[name] for name in ("id", "name", "object_id")]
    query = select(*columns).where(
        interaction.c.parent_event_id == message_id,
        interaction.c.programme_id == ctx.sop.id,
        interaction.c.object_type == OBJECT,
        interaction.c.name.in_(names),
    )
    return ctx.tx.connection.execute(query.order_by(interaction.c.id)).all()


def _question(ctx: Context[QaDay], row: QuestionRow) -> None:
    """It is not shown again; where it was answered the answer stays, but not its words."""
    about = (OBJECT, str(row.number))
    ctx.record(WITHDRAWN, identity_id=row.asker, about=about, corrects=row.interaction_id)
    points.reverse(ctx.tx, ASKED, row.interaction_id)
    if row.status is Status.OPEN:
        board.keep(ctx.tx, row, status=Status.WITHDRAWN)
        run = runs.by_id(ctx.tx, row.run_id)
        assert run is not None, "the question has a run"
        ctx.close(run)


def _answer(ctx: Context[QaDay], row: QuestionRow, event: int) -> None:
    taken = next((given for given in row.answers if given.interaction_id == event), None)
    if taken is None:
        return
    after = answers.take_back(ctx, row, taken)
    if after.status is Status.OPEN and row.status is Status.ANSWERED:
        ladder.resume(ctx, after)


def _second(ctx: Context[QaDay], row: QuestionRow, event: int) -> None:
    left = [second for second in row.state["seconds"] if second["event"] != event]
    board.keep(ctx.tx, row, seconds=left)
