"""What talks of questions do alike: they go on by day, forget what is taken back, and tag by answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

from sqlalchemy import select

from bot.people import directory
from bot.people.directory import Person
from bot.sop.context import Context
from bot.sop.questions.question import Answer, Question, tags_of
from bot.sop.runs import Run
from bot.store.tables import interaction
from bot.store.transaction import Transaction

MARGIN = timedelta(minutes=5)


def by_day(ctx: Context[Any], moment: datetime) -> datetime:
    """``moment``, unless it is so near to the quiet hours that what is said then might not leave any more."""
    opens_at = ctx.next_open(moment + MARGIN)
    return moment if opens_at == moment + MARGIN else opens_at


def run_of(ctx: Context[Any]) -> tuple[Run, Person]:
    """The run that a wait or a message belongs to, and its person."""
    assert ctx.run is not None, "a run hears or wakes"
    assert ctx.run.identity_id is not None, "a talk has a person"
    person = directory.person_by_id(ctx.tx, ctx.run.identity_id)
    assert person is not None, "people stay"
    return ctx.run, person


def taken_back(tx: Transaction, messages: Collection[int]) -> set[int]:
    """Those of ``messages`` that were recalled."""
    recalled = select(interaction.c.parent_event_id).where(
        interaction.c.name == "message_recalled", interaction.c.parent_event_id.in_(messages)
    )
    return set(tx.connection.scalars(recalled))


def tag_by(
    ctx: Context[Any],
    person: Person,
    questions: Sequence[Question],
    answers: Mapping[int, Answer],
    evidence: int | None,
) -> None:
    """The tags of answers, by the places of their questions; of several scores of one tag the mean."""
    scores = defaultdict(list)
    for place, answer in answers.items():
        for key, score in tags_of(questions[place], answer):
            scores[key].append(score)
    for key, found in scores.items():
        ctx.tag(person, key, mean(found), evidence=evidence)
