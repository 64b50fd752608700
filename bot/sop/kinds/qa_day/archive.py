"""Looking up what was answered before, by its words.

A question that has an answer in words is a document (``bot.store.search``) as long as the words of its
messages are kept, and is none once the question or its last answer is taken back.
"""

from __future__ import annotations

from collections.abc import Collection

from bot.sop.context import Context
from bot.sop.kinds.qa_day import board, forms, shown
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import Answered, QaDay
from bot.store import search
from bot.store.transaction import Transaction

KIND = "question"
SAME = 0.65
"""How much two questions must ask the same (see ``forms.sameness``)."""
MOST_FOUND = 10


def note(tx: Transaction, number: int) -> None:
    """A question was answered, or an answer to it was taken back or written down: have it found as it is."""
    row = board.by_number(tx, number)
    if row is None:
        return
    if row.status is not Status.ANSWERED or shown.answered(tx, row) is None:
        search.forget(tx, row.interaction_id)
        return
    words = " ".join([row.text, *(answer.words for answer in row.answers)])
    until = board.kept_until(tx, row)
    search.put(tx, row.interaction_id, KIND, str(number), words, room_id=row.room_id, keep_until=until)


def find(tx: Transaction, words: str, rooms: Collection[int]) -> list[tuple[QuestionRow, Answered]]:
    """What was answered in these rooms and holds these words, the best first."""
    hits = search.find(tx.connection, words, KIND, rooms, most=MOST_FOUND)
    rows = [row for hit in hits if (row := board.by_number(tx, int(hit.object_id))) is not None]
    return [(row, item) for row in rows if (item := shown.answered(tx, row)) is not None]


def similar(ctx: Context[QaDay], text: str) -> tuple[int, str] | None:
    """The number and an excerpt of the answer of the likest question that was answered here."""
    assert ctx.room is not None, "questions are asked in rooms"
    found = find(ctx.tx, text, [ctx.room.id])
    earlier = [(row, item) for row, item in found if row.sop_id == ctx.sop.id]
    alike = [(forms.sameness(text, row.text), item) for row, item in earlier]
    sameness, likest = max(alike, key=lambda pair: (pair[0], pair[1].number), default=(0.0, None))
    return None if likest is None or sameness < SAME else (likest.number, likest.answer)
