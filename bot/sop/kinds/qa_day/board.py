"""The questions: each a run of its own, found by its number, with its state and the words as they are kept.

Numbers are of one counter over all rooms and SOPs. A run is open while its question waits for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select

from bot.sop import runs
from bot.sop.runs import Run
from bot.store.quick import once
from bot.store.session import one_of
from bot.store.tables import interaction, run, texts
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

PREFIX = "question:"
OBJECT, ASKED = "question", "question_asked"


class Status(StrEnum):
    """What a question is; ``ALL`` is asked for only."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer that stands. ``words`` are empty while a voice message waits for being written down."""

    interaction_id: int
    message_id: int | None
    identity_id: int
    member_id: int
    at: datetime
    words: str = ""
    voice: int | None = None
    by_expert: bool = False
    thanked: bool = False


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question. ``text`` is empty once its words are gone; ``weight`` counts all who ask it."""

    number: int
    interaction_id: int
    run_id: int
    room_id: int
    asker: int
    asked_at: datetime
    weight: int
    answered_at: datetime | None
    assigned: int | None
    text: str
    sop_id: str = ""
    message_id: int = 0
    asker_member: int = 0
    status: Status = Status.OPEN
    day: str = ""
    to_human: bool = False
    answers: tuple[AnswerRow, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> AnswerRow | None:
        """The answer to show: an expert's, else one that was thanked for, else the first in words."""
        order = sorted(self.answers, key=lambda a: (not a.words, not a.by_expert, not a.thanked, a.at))
        return order[0] if order else None


def questions(
    tx: Transaction,
    sop_id: str | None = None,
    room_id: int | None = None,
    state: Status | str = Status.OPEN,
    since: datetime | None = None,
    asker: int | None = None,
) -> list[QuestionRow]:
    """The questions of a SOP (or all) in a room (or anywhere), asked since a moment, by number.

    ``asker`` is an identity: of one person alone.
    """
    wanted = {"sop_id": sop_id, "room_id": room_id, "identity_id": asker, "opened_at": since}
    asked = {name: value for name, value in wanted.items() if value is not None}
    waits = None if state == Status.ALL else state == Status.OPEN
    rows = tx.connection.execute(_questions(tuple(asked), waits=waits), asked)
    found = [row for row in rows if state in (Status.ALL, row.state["status"])]
    return _rows(tx, sorted(found, key=lambda row: int(row.state["number"])))


@cache
def _questions(by: tuple[str, ...], *, waits: bool | None) -> Select[*tuple[Any, ...]]:
    """``by`` are columns of the run: it was opened at a moment or later, and of the others each is one.

    ``waits``: only those that wait for an answer, or only those that do not; None: all.
    """
    query = select(run)
    for name in by:
        asked = bindparam(name, type_=run.c[name].type)
        query = query.where(run.c[name] >= asked if name == "opened_at" else run.c[name] == asked)
    if waits is not None:
        query = query.where(run.c.closed_at.is_(None) if waits else run.c.closed_at.is_not(None))
    return once(query.where(run.c.scope.startswith(PREFIX, autoescape=True)))


def by_number(tx: Transaction, number: int) -> QuestionRow | None:
    """The question with this number, whatever became of it."""
    asked = {"number": str(number), "question": f"{PREFIX}{number}"}
    rows = _rows(tx, tx.connection.execute(_BY_NUMBER, asked).all())
    return rows[0] if rows else None


_ASKING = select(interaction.c.programme_id).where(
    interaction.c.object_type == OBJECT,
    interaction.c.object_id == bindparam("number"),
    interaction.c.name == ASKED,
)
_BY_NUMBER = once(select(run).where(run.c.sop_id.in_(_ASKING), run.c.scope == bindparam("question")))


def by_run(tx: Transaction, of: Run) -> QuestionRow:
    """The question of a run that woke up."""
    row = by_number(tx, int(of.state["number"]))
    assert row is not None, "the run is the question's"
    return row


def of_message(tx: Transaction, message_id: int) -> QuestionRow | None:
    """The question that this message asked."""
    query = select(interaction.c.object_id).where(
        interaction.c.parent_event_id == message_id, interaction.c.name == ASKED
    )
    number = tx.connection.execute(query).scalar()
    return None if number is None else by_number(tx, int(number))


def _rows(tx: Transaction, found: Iterable[Row[*tuple[Any, ...]]]) -> list[QuestionRow]:
    found = list(found)
    bodies = _bodies(tx, {message for row in found for message in _with_words(row.state)})
    return [_row(row, bodies) for row in found]


def _with_words(state: dict[str, Any]) -> set[int]:
    """What holds the words of a question and of its answers."""
    return {state["message"], *(answer["words"] for answer in state["answers"] if answer["words"])}


def kept_until(tx: Transaction, question: QuestionRow) -> datetime | None:
    """When the first words of a question and its answers go."""
    query = (
        select(func.min(texts.c.keep_until))
        .select_from(interaction.join(texts, texts.c.id == interaction.c.text_id))
        .where(one_of(interaction.c.id, "messages"))
    )
    return tx.connection.execute(query, {"messages": sorted(_with_words(question.state))}).scalar()


def is_private(tx: Transaction, message_id: int | None) -> bool:
    """Whether a message was said in private."""
    query = select(interaction.c.channel).where(interaction.c.id == message_id)
    return tx.connection.execute(query).scalar() == "dm"


def _bodies(tx: Transaction, messages: set[int]) -> dict[int, str]:
    """The words of these messages, as far as they are kept."""
    if not messages:
        return {}
    return {row.id: row.body for row in tx.connection.execute(_BODIES, {"messages": sorted(messages)})}


_BODIES = once(
    select(interaction.c.id, texts.c.body)
    .select_from(interaction.join(texts, texts.c.id == interaction.c.text_id))
    .where(one_of(interaction.c.id, "messages"))
)


def _row(row: Row[*tuple[Any, ...]], bodies: dict[int, str]) -> QuestionRow:
    state = row.state
    answers = tuple(_answer(answer, bodies) for answer in state["answers"])
    begins, ends = state["span"]
    return QuestionRow(
        number=state["number"],
        interaction_id=state["asked"],
        run_id=row.id,
        room_id=row.room_id,
        asker=row.identity_id,
        asked_at=datetime.fromisoformat(state["asked_at"]),
        weight=1 + len(state["seconds"]),
        answered_at=min((answer.at for answer in answers), default=None),
        assigned=state["assigned"],
        text=bodies.get(state["message"], "")[begins:ends].strip(),
        sop_id=row.sop_id,
        message_id=state["message"],
        asker_member=state["member"],
        status=Status(state["status"]),
        day=state["day"],
        to_human=state["to_human"],
        answers=answers,
        state=state,
    )


def _answer(answer: dict[str, Any], bodies: dict[int, str]) -> AnswerRow:
    begins, ends = answer["begins"], answer["ends"]
    return AnswerRow(
        interaction_id=answer["id"],
        message_id=answer["message"],
        identity_id=answer["by"],
        member_id=answer["member"],
        at=datetime.fromisoformat(answer["at"]),
        words=bodies.get(answer["words"] or 0, "")[begins:ends].strip(),
        voice=answer["voice"],
        by_expert=answer["expert"],
        thanked=answer["thanked"],
    )


def asked_since(tx: Transaction, sop_id: str, identity_id: int, since: datetime) -> int:
    """How many questions somebody asked since then."""
    return count_since(tx, ASKED, sop_id, identity_id, since)


def count_since(tx: Transaction, name: str, sop_id: str, identity_id: int, since: datetime) -> int:
    """How often something is on record of somebody since then."""
    asked = {"who": identity_id, "since": since, "called": name, "of": sop_id}
    return int(tx.connection.execute(_COUNT_SINCE, asked).scalar() or 0)


_COUNT_SINCE = once(
    select(func.count()).where(
        interaction.c.identity_id == bindparam("who"),
        interaction.c.occurred_at >= bindparam("since", type_=UtcTime),
        interaction.c.name == bindparam("called"),
        interaction.c.programme_id == bindparam("of"),
    )
)


def keep(tx: Transaction, question: QuestionRow, **changes: object) -> QuestionRow:
    """Write what changed of a question's state; gives it as it is then."""
    runs.change(tx, question.run_id, state={**question.state, **changes})
    after = by_number(tx, question.number)
    assert after is not None, "a question stays"
    return after
