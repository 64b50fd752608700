"""Looking up what was answered before."""

from __future__ import annotations

from datetime import timedelta

from bot.sop.context import Context
from bot.sop.kinds.qa_day import board, forms, shown
from bot.sop.kinds.qa_day.board import Status
from bot.sop.kinds.qa_day.model import QaDay

LOOK_BACK = timedelta(days=365)
ALIKE = 0.85
"""How much of the shorter of two questions the other must share."""


def similar(ctx: Context[QaDay], text: str) -> tuple[int, str] | None:
    """The number and an excerpt of the answer of the likest question that was answered here."""
    room_id = None if ctx.room is None else ctx.room.id
    answered = board.questions(ctx.tx, ctx.sop.id, room_id, Status.ANSWERED, since=ctx.now - LOOK_BACK)
    likest = max(answered, key=lambda row: (forms.likeness(text, row.text), row.number), default=None)
    if likest is None or forms.likeness(text, likest.text) < ALIKE:
        return None
    item = shown.answered(ctx.tx, likest)
    return None if item is None else (item.number, item.answer)
