"""The asker's thanks: for what is quoted, for who is mentioned, or for the answer of the last half hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.people.directory import shown_names
from bot.sop.context import Context
from bot.sop.kinds.qa_day import answers, board, days, forms
from bot.sop.kinds.qa_day.board import AnswerRow, QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.occasion import Heard
from bot.store.session import one_of
from bot.store.tables import identity

NEXT_THANKS = timedelta(minutes=30)
Given = tuple[QuestionRow, AnswerRow]


def thanked(ctx: Context[QaDay], heard: Heard, offered_at: datetime | None) -> bool:
    """Credit the helper; False where the asker has nobody to thank.

    Who quotes or mentions somebody thanks them alone; who was offered something since, thanks for that.
    """
    given = _answers_for(ctx, heard)
    chosen = _quoted(given, heard) or _mentioned(ctx, given, heard)
    if chosen is None and not forms.quotes(heard.message) and not _names_somebody(ctx, heard):
        chosen = _latest(given, heard, offered_at)
    if chosen is None:
        return False
    answers.thank(ctx, *chosen)
    return True


def _names_somebody(ctx: Context[QaDay], heard: Heard) -> bool:
    """Whether anybody but the bot is mentioned."""
    return bool(_identities(ctx, heard)) or (not heard.message.to_bot and "@" in heard.text)


def _answers_for(ctx: Context[QaDay], heard: Heard) -> list[Given]:
    """What others answered this person here and was not thanked for, the latest first."""
    assert heard.room is not None, "said in a room"
    mine = heard.person.identity_id
    rows = board.questions(ctx.tx, ctx.sop.id, heard.room.id, Status.ANSWERED, asker=mine)
    given = [
        (row, answer)
        for row in rows
        for answer in row.answers
        if not answer.thanked and answer.at <= heard.occurred_at <= answer.at + days.LATER_THANKS
        if answer.member_id != heard.person.member_id
    ]
    return sorted(given, key=lambda pair: pair[1].at, reverse=True)


def _quoted(given: list[Given], heard: Heard) -> Given | None:
    """The answer that is quoted, or the latest to the card that is."""
    quote = heard.message.quote
    if quote is None:
        return None
    plain = forms.same(quote.text)
    numbers = forms.numbers_at_line_starts(quote.text)
    for row, answer in given:
        mine = forms.same(answer.words)
        if (mine and plain.endswith(mine)) or row.number in numbers:
            return row, answer
    return None


def _mentioned(ctx: Context[QaDay], given: list[Given], heard: Heard) -> Given | None:
    """The answer of somebody who is mentioned, by the platform's id or by name."""
    assert heard.room is not None, "said in a room"
    ids = _identities(ctx, heard)
    if ids:  # they tell apart who bears the same name
        return next((pair for pair in given if pair[1].identity_id in ids), None)
    names = shown_names(ctx.tx, {answer.identity_id for _, answer in given}, heard.room.id)
    for row, answer in given:
        name = names.get(answer.identity_id, "")
        if name and f"@{name}" in heard.text:
            return row, answer
    return None


def _identities(ctx: Context[QaDay], heard: Heard) -> set[int]:
    """The people whom a message mentions."""
    if not heard.message.mentioned:
        return set()
    mine = select(identity.c.source).where(identity.c.id == heard.person.identity_id).scalar_subquery()
    query = select(identity.c.id).where(identity.c.source == mine, one_of(identity.c.external_id, "ids"))
    return set(ctx.tx.connection.scalars(query, {"ids": list(heard.message.mentioned)}))


def _latest(given: list[Given], heard: Heard, offered_at: datetime | None) -> Given | None:
    since = max(filter(None, (heard.occurred_at - NEXT_THANKS, offered_at)))
    return next((pair for pair in given if pair[1].at >= since), None)
