"""One survey with one person: where it is, and what both have said.

A run per member and round (scope ``member:ID``, occurrence: the round's day) is a ``Sheet``. Its person
counts as asked once the first question has left; what never left is nobody's question.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.outbox import queue
from bot.outbox.ledger import COUNTED
from bot.outbox.queue import Intent, State
from bot.people import consent
from bot.people.directory import Person
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.survey.model import FirstWords, Survey, SurveyWords
from bot.sop.questions.question import QuestionWords, how, shown
from bot.sop.questions.sheet import Sheet
from bot.sop.questions.talking import by_day, run_of
from bot.sop.runs import Run
from bot.sop.templates import harmless_name

Ctx = Context[Survey]
PURPOSE = "survey"
PURPOSES = (PURPOSE, "wakeup", consent.CONTACT)
"""Who refused one of these is asked nothing."""
ASKED, NPS_ASKED = "survey_asked", "nps_asked"
LOOK_AFTER = timedelta(minutes=10)
"""When it is first looked whether the question has left; then ever later."""
DECLINE_WITHIN = timedelta(days=30)
"""How long a no is taken for an answer to a survey that is over."""


class Step(StrEnum):
    """Where a survey is; ``ASKING`` is ``questions.sheet``'s word."""

    ASKING = "asking"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Talk:
    """A survey with one person, as it is now."""

    ctx: Ctx
    run: Run
    person: Person

    @property
    def step(self) -> Step:
        return Step(self.run.state["step"])

    @property
    def sheet(self) -> Sheet:
        sop = self.ctx.sop
        questions = tuple(sop.asked.values())
        return Sheet(questions, tuple(range(len(questions))), self.run.state, sop.needs)

    def keep(self, **state: object) -> Talk:
        return replace(self, run=self.ctx.keep(self.run, {**self.run.state, **state}))

    def without(self, messages: Collection[int]) -> Talk:
        """The same without what was answered by these messages: they were taken back."""
        return self.keep(answers=self.sheet.without(messages))

    # --- being asked ---

    @property
    def _sent_at(self) -> datetime | None:
        """When the first question left; None: it has not, or never will."""
        row = queue.by_id(self.ctx.tx, self.run.state["post"])
        return row.sending_at if row is not None and row.state in COUNTED else None

    @property
    def is_waiting(self) -> bool:
        """Whether the first question may still leave."""
        row = queue.by_id(self.ctx.tx, self.run.state["post"])
        return row is not None and row.state == State.QUEUED

    def withdraw(self) -> None:
        """The first question is not wanted any more, if it has not left."""
        row = queue.by_id(self.ctx.tx, self.run.state["post"])
        if row is not None and row.state == State.QUEUED:
            queue.give_up(self.ctx.tx, row, State.DROPPED, "it is not wanted any more")

    @property
    def asked(self) -> int | None:
        """What is on record of being asked."""
        asked: int | None = self.run.state["asked"]
        return asked

    def note_asked(self) -> Talk | None:
        """Record that somebody was asked, once; None: they were not, so far."""
        if self.asked is not None:
            return self
        if (at := self._sent_at) is None:
            return None
        once = replace(self.ctx, key=f"run:{self.run.id}", cause=None)
        ids = [
            once.record(name, person=self.person, about=("run", str(self.run.id)), occurred_at=at)
            for name in (ASKED, *([NPS_ASKED] if self.ctx.sop.nps else []))
        ]
        patience = self.ctx.sop.patience
        self.ctx.wake_at(self.run, by_day(self.ctx, at + patience.remind), "remind")
        self.ctx.wake_at(self.run, at + patience.give_up, "give_up")
        return self.keep(asked=ids[-1])

    # --- what is said ---

    def begin(self, intent: Intent) -> Talk:
        """Ask the first question."""
        sop, community = self.ctx.sop, self.ctx.sops.community
        question = next(iter(sop.asked.values()))
        words = FirstWords(
            harmless_name(self.person.name),
            community.name,
            community.bot.name,
            shown(question),
            how(question),
            len(sop.asked),
        )
        within = sop.patience.give_up
        post = self.ctx.say_private(
            self.person.identity_id, sop.wording.first, words, intent=intent, expires_after=within
        )
        begun = {"step": Step.ASKING, "at": 0, "answers": {}, "unclear": 0, "voice": False}
        begun |= {"told": False, "answered": False}
        self.ctx.listen(self.run, self.ctx.now + 2 * within)
        self.ctx.wake_at(self.run, self.ctx.now + LOOK_AFTER, "sent")
        if (asked := self.run.state.get("asked")) is not None:
            self.ctx.wake_at(self.run, self.ctx.now + within, "give_up")
        return self.keep(**begun, post=post, asked=asked)

    def ask(self, *, again: bool = False) -> None:
        """Ask the question that is open."""
        sheet, place = self.sheet, self.run.state["at"]
        question = sheet.question
        words = QuestionWords(
            shown(question), how(question), place + 1, len(sheet.order), question.optional, again
        )
        self.ctx.say_private(self.person.identity_id, self.ctx.sop.wording.question, words)

    def say(
        self, template: str, *, intent: Intent = Intent.REPLY, expires_after: timedelta | None = None
    ) -> None:
        words = SurveyWords(
            harmless_name(self.person.name),
            self.ctx.sops.community.name,
            self.ctx.sop.name,
            shown(self.sheet.question),
            self.run.state["told"],
        )
        self.ctx.say_private(
            self.person.identity_id, template, words, intent=intent, expires_after=expires_after
        )

    def over(self, *, answered: bool = False) -> Talk:
        """End it; the answers are forgotten here. For a while a no is still heard."""
        self.withdraw()
        self.ctx.listen(self.run, self.ctx.now + DECLINE_WITHIN)
        self.ctx.wake_at(self.run, self.ctx.now + DECLINE_WITHIN, "rest")
        return self.keep(step=Step.OVER, answers={}, answered=answered)


def open_talk(ctx: Ctx, person: Person, day: str, intent: Intent) -> Talk:
    """Begin the round's survey with somebody, or begin it anew with the questions of today."""
    run = ctx.open_run(f"member:{person.member_id}", day, person=person, private=True)
    version = ctx.sops.source[ctx.sop.id].hash
    if run.sop_hash != version or not run.is_open:
        runs.change(ctx.tx, run.id, sop_hash=version, closed_at=None)
        run = replace(run, sop_hash=version, closed_at=None)
    return Talk(replace(ctx, room=None, run=run), run, person).begin(intent)


def talk_of(ctx: Ctx) -> Talk:
    """The survey that a wait or a message belongs to."""
    return Talk(ctx, *run_of(ctx))
