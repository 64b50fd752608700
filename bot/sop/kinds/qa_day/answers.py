"""Answers: the one place where an answer is written down, and where it is taken back or thanked for."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select

from bot.people import points, roles
from bot.people.directory import Person
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.qa_day import archive, board
from bot.sop.kinds.qa_day.board import OBJECT, AnswerRow, QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.store import retention
from bot.store.tables import interaction, texts
from bot.store.transaction import Transaction

GIVEN, BY_EXPERT, WITHDRAWN, WRITTEN = "answer_given", "expert_answered", "answer_withdrawn", "answer_written"
LATE_ANSWER, THANKED = "question_answered_late", "answer_thanked"
POINTS, SHORT = 4.0, 8
"""What an answer earns; a quarter of it with fewer characters than that."""
MOST, MOST_A_DAY = 3, 4
"""Answers of one person that a question keeps, and of a day that earn anything."""
FOR_THANKS = 2.0
IN_TIME = timedelta(hours=24)


class Outcome(StrEnum):
    """What became of an answer."""

    ANSWERED = "answered"
    WRITTEN_DOWN = "written down"
    """The words of a voice message that waited for them."""
    CORRECTED = "corrected"
    """What was written down before."""
    ENOUGH = "they answered it often enough"
    OWN = "the asker's own"
    FOR_EXPERTS = "only experts may answer it"
    GONE = "the question was taken back"


def answer(
    ctx: Context[QaDay],
    question: QuestionRow,
    person: Person,
    text: str,
    heard_id: int | None,
    voice: int | None = None,
) -> Outcome:
    """Write down that ``person`` answered ``question``; ``voice``: how long they spoke, where they did.

    ``heard_id`` is the message that holds ``text``; without one the words are the operators' (``/补记``),
    and belong to the voice message that waits for them, or else correct what was written down last.
    """
    meant = written_down(question, person) if heard_id is None else None
    if meant is not None:
        return _write_down(ctx, question, meant, text)
    refused = _refusal(ctx, question, person, heard_id)
    return refused or _add(ctx, question, person, text, heard_id, voice)


def _add(
    ctx: Context[QaDay],
    question: QuestionRow,
    person: Person,
    text: str,
    heard_id: int | None,
    voice: int | None,
) -> Outcome:
    expert = is_expert(ctx, person)
    event = _record(ctx, question, person, text, heard_id, BY_EXPERT if expert else GIVEN)
    if event is None:
        return Outcome.ANSWERED
    who = {"by": person.identity_id, "member": person.member_id, "expert": expert}
    words = _words(ctx, event, text, heard_id, voice)
    _settle(ctx, question, {"id": event, "message": heard_id, "thanked": False, **who, **words})
    if not expert and all(earlier.member_id != person.member_id for earlier in question.answers):
        _reward(ctx, person, event, short=voice is None and len("".join(text.split())) < SHORT)
    return Outcome.ANSWERED


def _reward(ctx: Context[QaDay], person: Person, event: int, *, short: bool) -> None:
    """What a member's first answer to a question earns."""
    if _given_today(ctx, person) <= MOST_A_DAY:
        ctx.points(person, GIVEN, POINTS / 4 if short else POINTS, event=event, dimension="互助")


def written_down(question: QuestionRow, person: Person) -> AnswerRow | None:
    """The answer whose words ``person`` gives at the desk: what waits for them, else what did last."""
    desk = [
        given
        for given in question.answers
        if given.voice is not None or (given.message_id is None and given.member_id == person.member_id)
    ]
    waiting = [given for given in desk if not given.words]
    return next(iter([*waiting, *reversed(desk)]), None)


def _refusal(
    ctx: Context[QaDay], question: QuestionRow, person: Person, heard_id: int | None
) -> Outcome | None:
    """Why this is not written down; None: it is. Of one person a few answers are enough.

    What is for experts may be answered by whom the operators chose.
    """
    if question.status is Status.WITHDRAWN:
        return Outcome.GONE
    if person.member_id == question.asker_member and heard_id is not None:
        return Outcome.OWN
    if sum(given.member_id == person.member_id for given in question.answers) >= MOST:
        return Outcome.ENOUGH
    may = not question.to_human or question.assigned == person.identity_id or is_expert(ctx, person)
    return None if may else Outcome.FOR_EXPERTS


def _words(
    ctx: Context[QaDay], event: int, text: str, heard_id: int | None, voice: int | None
) -> dict[str, Any]:
    """Where the words of an answer are kept: with its message, else with its own record."""
    if voice is not None:
        return {"words": None, "begins": 0, "ends": None, "voice": voice}
    begins = _place(ctx.tx, heard_id, text)
    if begins is None:
        return {"words": event, "begins": 0, "ends": None, "voice": None}
    return {"words": heard_id, "begins": begins, "ends": begins + len(text), "voice": None}


def _given_today(ctx: Context[QaDay], person: Person) -> int:
    """How many answers somebody gave on this local day."""
    begins = datetime.combine(ctx.local(_at(ctx)).date(), time(0), ctx.sops.community.zone)
    return board.count_since(ctx.tx, GIVEN, ctx.sop.id, person.identity_id, begins)


def is_expert(ctx: Context[QaDay], person: Person) -> bool:
    """Whether this person answers for the brand."""
    held = roles.Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    return held.actor_role(person.member_id) in ("expert", "staff")


def take_back(ctx: Context[QaDay], question: QuestionRow, taken: AnswerRow) -> QuestionRow:
    """The answer was recalled: without another one the question is open again."""
    ctx.record(
        WITHDRAWN,
        identity_id=taken.identity_id,
        about=(OBJECT, str(question.number)),
        corrects=taken.interaction_id,
    )
    for rule in (GIVEN, THANKED):
        points.reverse(ctx.tx, rule, taken.interaction_id)
    _forget_written(ctx, question, taken)
    left = [row for row in question.state["answers"] if row["id"] != taken.interaction_id]
    opened = not left and question.status is Status.ANSWERED
    if opened:
        runs.change(ctx.tx, question.run_id, closed_at=None)
    status = Status.OPEN if opened else question.status
    digested = question.state["digested"] and not opened
    after = board.keep(ctx.tx, question, answers=left, status=status, digested=digested)
    archive.note(ctx.tx, question.number)
    return after


def _forget_written(ctx: Context[QaDay], question: QuestionRow, taken: AnswerRow) -> None:
    """What was written down of an answer goes with it."""
    written = select(interaction.c.text_id, interaction.c.props).where(
        interaction.c.object_type == OBJECT,
        interaction.c.object_id == str(question.number),
        interaction.c.name == WRITTEN,
    )
    for row in ctx.tx.connection.execute(written).all():
        if row.props["answer"] == taken.interaction_id:
            ctx.tx.connection.execute(delete(texts).where(texts.c.id == row.text_id))


def thank(ctx: Context[QaDay], question: QuestionRow, given: AnswerRow) -> None:
    """The asker thanked: the helper is credited, once an answer."""
    rows = [
        {**row, "thanked": row["thanked"] or row["id"] == given.interaction_id}
        for row in question.state["answers"]
    ]
    board.keep(ctx.tx, question, answers=rows)
    ctx.record(
        THANKED,
        identity_id=question.asker,
        target=given.identity_id,
        about=(OBJECT, str(question.number)),
        props={"answer": given.interaction_id},
    )
    if not given.by_expert:
        ctx.points(given.identity_id, THANKED, FOR_THANKS, event=given.interaction_id, dimension="互助")


def _record(
    ctx: Context[QaDay], question: QuestionRow, person: Person, text: str, heard_id: int | None, name: str
) -> int | None:
    """The answer in the log; its words too where no message in a room holds them."""
    own = text if heard_id is None or _place(ctx.tx, heard_id, text) is None else ""
    late = _at(ctx) - question.asked_at > IN_TIME and not question.answers
    about = (OBJECT, str(question.number))
    if late:
        ctx.record(LATE_ANSWER, person=person, about=about, parent=heard_id)
    return ctx.record(
        name,
        person=person,
        about=about,
        parent=heard_id,
        text=own,
        keep_until=_keep_until(ctx) if own else None,
        props={"question": question.interaction_id},
        initiated_by="prompted" if str(person.identity_id) in question.state["called"] else "self",
    )


def _settle(ctx: Context[QaDay], question: QuestionRow, row: dict[str, Any]) -> None:
    given = [*question.state["answers"], {"at": _at(ctx).isoformat(), **row}]
    board.keep(ctx.tx, question, answers=given, status=Status.ANSWERED)
    if question.status is Status.OPEN:
        run = runs.by_id(ctx.tx, question.run_id)
        assert run is not None, "the question has a run"
        ctx.close(run)
    archive.note(ctx.tx, question.number)


def _write_down(ctx: Context[QaDay], question: QuestionRow, given: AnswerRow, text: str) -> Outcome:
    """The words of an answer, as an operator heard them."""
    event = ctx.record(
        WRITTEN,
        identity_id=given.identity_id,
        about=(OBJECT, str(question.number)),
        text=text,
        keep_until=_keep_until(ctx),
        props={"answer": given.interaction_id},
    )
    rows = [
        {**row, "words": event, "begins": 0} if row["id"] == given.interaction_id else row
        for row in question.state["answers"]
    ]
    board.keep(ctx.tx, question, answers=rows)
    archive.note(ctx.tx, question.number)
    return Outcome.CORRECTED if given.words else Outcome.WRITTEN_DOWN


def _place(tx: Transaction, message_id: int | None, text: str) -> int | None:
    """Where ``text`` begins in the words that are kept of a message; None where it is not among them."""
    joined = interaction.join(texts, texts.c.id == interaction.c.text_id)
    query = select(texts.c.body).select_from(joined).where(interaction.c.id == message_id)
    body = tx.connection.execute(query).scalar() or ""
    found = body.rfind(text) if text else -1
    return found if found >= 0 else None


def _keep_until(ctx: Context[QaDay]) -> datetime:
    community = ctx.sops.community
    return retention.keep_until(ctx.now, community.privacy.keep_days, community.zone)


def _at(ctx: Context[QaDay]) -> datetime:
    return ctx.now if ctx.heard is None else ctx.heard.occurred_at
