"""Questions, names and lists as they are shown: short and harmless."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.people.directory import shown_names
from bot.sop.kinds.qa_day.board import QuestionRow
from bot.sop.kinds.qa_day.model import Answered, Card, QaDay
from bot.sop.templates import Templates, harmless, harmless_name
from bot.store.transaction import Transaction

LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_RELAYED = 24, 40, 70
LONGEST, MOST_LINES = 120, 6
"""Characters and lines of a message that a phone shows whole."""
GONE = "（问题撤回了）"


def question(row: QuestionRow, limit: int = LONGEST_QUESTION) -> str:
    return harmless(row.text, limit) or GONE


def card(row: QuestionRow) -> Card:
    return Card(row.number, question(row), row.weight - 1)


def name(tx: Transaction, identity_id: int, room_id: int | None) -> str:
    return harmless_name(shown_names(tx, [identity_id], room_id).get(identity_id, ""))


def answered(tx: Transaction, row: QuestionRow, limit: int = LONGEST_ANSWER) -> Answered | None:
    """A question with its best answer, if there are words for both; none that is for a human alone."""
    best = row.best
    if best is None or not row.text or row.to_human:
        return None
    words = harmless(best.words, limit)
    if not words:
        return None
    return Answered(row.number, question(row), words, name(tx, best.identity_id, row.room_id))


def expert_title(sop: QaDay) -> str:
    """What the expert is called: by the role, since M37 says nothing to members."""
    return sop.expert if sop.expert and not sop.expert[-1].isdigit() else ""


def quotes(row: QuestionRow) -> list[int]:
    """The messages whose words are repeated where a question is shown with its answer."""
    best = row.best
    of_answer = [] if best is None or best.message_id is None else [best.message_id]
    return [row.message_id, *of_answer]


def voice(seconds: int | None) -> str:
    return f"语音{seconds}″" if seconds else "语音"


def fits(text: str) -> bool:
    return len(text) <= LONGEST and len(text.splitlines()) <= MOST_LINES


def fitting(templates: Templates, template: str, words: Callable[[int], object], most: int) -> int:
    """How many things, at most ``most``, ``template`` can show and fit; ``words`` gives those of so many."""
    counts = range(most, 1, -1)
    return next((count for count in counts if fits(templates.render(template, words(count)))), 1)


def listed(entries: Sequence[str], more: str, *, most: int, head: str = "") -> tuple[str, int]:
    """The first of ``entries`` that fit, at most ``most``, and how many they are.

    ``more`` says that there are others, and may say how many.
    """
    for fit in range(min(most, len(entries)), 0, -1):
        rest = [more.format(len(entries) - fit)] if fit < len(entries) else []
        text = "\n".join([*([head] if head else []), *entries[:fit], *rest])
        if fits(text) or fit == 1:
            break
    return text, fit
