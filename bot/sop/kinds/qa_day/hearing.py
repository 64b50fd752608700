"""What is said in a room while its day listens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.events import MessageKind
from bot.sop.context import Context
from bot.sop.kinds.qa_day import answers, asking, board, days, forms, giving, private, shown, thanking
from bot.sop.kinds.qa_day.asking import Message
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.occasion import Heard
from bot.store.tables import identity, interaction

ASKED_LATELY = timedelta(minutes=3)
"""Within this of being asked, a voice message is an answer."""
AFTER_THE_CARD = timedelta(minutes=2)
"""Within this of a single card, a mere 同问 is about it."""


def tagged(ctx: Context[QaDay]) -> bool:
    """#提问, at any time."""
    heard = _heard(ctx)
    if heard.message.kind is not MessageKind.TEXT:
        return False
    asking.ask(ctx, _message(heard), forms.tagged(heard.text))
    return True


def heard(ctx: Context[QaDay]) -> bool:
    """Something that may be an answer, a second, thanks or a question."""
    if _heard(ctx).room is None:
        return private.answered(ctx, _heard(ctx))
    if _heard(ctx).message.kind is MessageKind.VOICE:
        return _voice(ctx)
    return _second(ctx) or _answer(ctx) or _thanks(ctx) or _question(ctx)


def _heard(ctx: Context[QaDay]) -> Heard:
    assert ctx.heard is not None, "something was said"
    return ctx.heard


def _message(heard: Heard) -> Message:
    return Message(heard.id, heard.person, heard.text, heard.occurred_at, late=heard.late)


def _here(ctx: Context[QaDay], number: int | None) -> QuestionRow | None:
    """The question of this SOP with this number, if it was asked in this room and was not taken back."""
    row = None if number is None else _in_our_rooms(ctx, number)
    return row if row is not None and ctx.room is not None and row.room_id == ctx.room.id else None


def _in_our_rooms(ctx: Context[QaDay], number: int) -> QuestionRow | None:
    """The question of this SOP with this number, in whichever room of ours, if it was not taken back."""
    row = board.by_number(ctx.tx, number)
    if row is None or row.sop_id != ctx.sop.id or row.status is Status.WITHDRAWN:
        return None
    return row if row.room_id in {room.id for room in ctx.rooms()} else None


def _quoted(ctx: Context[QaDay]) -> list[QuestionRow]:
    """The questions that are quoted: our cards by their numbers, or the asker's own message."""
    quote = _heard(ctx).message.quote
    if quote is None:
        return []
    numbers = forms.numbers_at_line_starts(quote.text)
    rows = [row for number in numbers if (row := _here(ctx, number)) is not None]
    cards = [row for row in rows if forms.shows(quote.text, row.number, shown.question(row))]
    if cards:
        return cards
    original = _original(ctx, quote.message_id)
    return [] if original is None else [original]


def _original(ctx: Context[QaDay], platform_id: str) -> QuestionRow | None:
    """The question that a message asked, by the platform's id."""
    if not platform_id:
        return None
    mine = select(identity.c.source).where(identity.c.id == _heard(ctx).person.identity_id).scalar_subquery()
    query = select(interaction.c.id).where(
        interaction.c.source == mine, interaction.c.source_id == platform_id
    )
    message_id = ctx.tx.connection.execute(query).scalar()
    row = None if message_id is None else board.of_message(ctx.tx, message_id)
    return None if row is None else _here(ctx, row.number)


# --- 同问 ---


def _second(ctx: Context[QaDay]) -> bool:
    """同问 by quote, by number, or right after the only card."""
    text = _heard(ctx).text
    numbered = forms.answered(text)
    number = forms.seconded_number(text)
    if numbered is not None and forms.seconded(numbered[1]):
        number = numbered[0]
    if number is None and not forms.seconded(text):
        return False
    rows = _quoted(ctx)
    row = _here(ctx, number) if number is not None else rows[0] if len(rows) == 1 else None
    if number is None and not forms.quotes(_heard(ctx).message):
        row = row or _only_card(ctx)
    if row is not None:
        asking.second(ctx, row, _heard(ctx).person)
    return row is not None


def _only_card(ctx: Context[QaDay]) -> QuestionRow | None:
    heard = _heard(ctx)
    day = None if heard.room is None else days.current(ctx, heard.room.id)
    card = None if day is None else day.state["card"]
    if card is None:
        return None
    age = heard.occurred_at - datetime.fromisoformat(card["at"])
    return _here(ctx, card["number"]) if age <= AFTER_THE_CARD else None


# --- answers ---


def _answer(ctx: Context[QaDay]) -> bool:
    """``12 焯20秒``, ``答 12 …``, or a quote of the card."""
    heard = _heard(ctx)
    each = [
        _by_number(replace(ctx, key=f"{ctx.key}:{at}"), *numbered)
        for at, numbered in enumerate(forms.answered_each(heard.text))
    ]
    if any(each):
        return True
    rows = _quoted(ctx)
    if not rows or not forms.is_an_answer(heard.text) or forms.begins_to_ask(heard.text, ctx.sop):
        return False
    named = [row for row in rows if row.number in forms.numbers_in(heard.text)]
    if len(rows) > 1 and len(named) != 1:
        waiting = [row for row in rows if row.status is Status.OPEN]
        if waiting:
            asking.hint(ctx, _message(heard), "哪一号", waiting[0].number)
        return bool(waiting)
    row = rows[0] if len(rows) == 1 else named[0]
    return giving.give(ctx, row, heard.text.strip())


def _by_number(ctx: Context[QaDay], number: int, words: str, named: bool) -> bool:
    if not words or not (named or forms.is_an_answer(words)):
        return False
    expert = answers.is_expert(ctx, _heard(ctx).person)
    row = _in_our_rooms(ctx, number) if expert else _here(ctx, number)
    if row is not None and (named or _is_current(ctx, row)):
        return giving.give(ctx, row, words)
    if row is None and (expert or named):
        asking.hint(ctx, _message(_heard(ctx)), "没有这号", number)
    return row is None and (expert or named)


def _is_current(ctx: Context[QaDay], row: QuestionRow) -> bool:
    """Whether a number alone is likely to mean this question: it is open, or of the day before its digest."""
    day = days.current(ctx, row.room_id)
    of_today = day is not None and row.day == day.occurrence and ctx.is_waiting(day, "digest")
    return row.status is Status.OPEN or of_today


def _voice(ctx: Context[QaDay]) -> bool:
    """Voice that quotes a card, or comes right after its speaker was asked, waits to be written down."""
    rows = _quoted(ctx) or _asked_lately(ctx)
    return len(rows) == 1 and giving.give(ctx, rows[0], "", by_voice=True)


def _asked_lately(ctx: Context[QaDay]) -> list[QuestionRow]:
    """The question that this person was called to a moment ago and did not answer yet, whoever else did."""
    heard = _heard(ctx)
    key = str(heard.person.identity_id)
    since = heard.occurred_at - days.LEFT_OVER
    asked = [
        (datetime.fromisoformat(row.state["called"][key]), row)
        for row in board.questions(ctx.tx, ctx.sop.id, state=Status.ALL, since=since)
        if key in row.state["called"] and row.status is not Status.WITHDRAWN
        if all(given.member_id != heard.person.member_id for given in row.answers)
    ]
    near = [(at, row) for at, row in asked if timedelta(0) <= heard.occurred_at - at <= ASKED_LATELY]
    return [max(near, key=lambda pair: pair[0])[1]] if near else []


# --- thanks, questions ---


def _thanks(ctx: Context[QaDay]) -> bool:
    """For an answer, or for one that was offered: the later of the two."""
    heard = _heard(ctx)
    thanks = forms.thanks(heard.text)
    if not thanks and not forms.settled(heard.text):
        return False
    offered = asking.offered(ctx, heard.person)
    if thanks and thanking.thanked(ctx, heard, None if offered is None else offered.asked_at):
        return True
    if offered is not None:
        asking.settle(ctx, offered)
    return offered is not None


def _question(ctx: Context[QaDay]) -> bool:
    heard = _heard(ctx)
    span = forms.asked(heard.message, ctx.sop)
    if span is None:
        return False
    asking.ask(ctx, _message(heard), span)
    return True
