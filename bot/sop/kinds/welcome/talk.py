"""One questionnaire with one person: where it is, and what both have said.

A run per member (scope ``member:ID``, occurrence ``questionnaire``) holds where it is (``step``), which
question is open (``at``, its place) and what was answered. It hears its person for half a year, so that who
cancelled, or let the time pass, may begin again by a word.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from math import ceil

from bot.outbox.queue import Intent
from bot.people.directory import Person
from bot.sop import runs
from bot.sop.context import Context
from bot.sop.kinds.welcome.model import TalkWords, Welcome
from bot.sop.questions.question import shown
from bot.sop.questions.sheet import Sheet
from bot.sop.questions.talking import by_day, run_of
from bot.sop.runs import Run
from bot.sop.templates import harmless_name

Ctx = Context[Welcome]
OCCURRENCE = "questionnaire"
HEARD_FOR = timedelta(days=180)


class Step(StrEnum):
    """Where a questionnaire is."""

    HELLO = "hello"
    CONSENT = "consent"
    ASKING = "asking"
    HUMAN = "human"
    INVITED = "invited"
    OVER = "over"


class Ended(StrEnum):
    """How a questionnaire that is over ended."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Talk:
    """A questionnaire with one person, as it is now."""

    ctx: Ctx
    run: Run
    person: Person

    @property
    def step(self) -> Step:
        return Step(self.run.state["step"])

    @property
    def sheet(self) -> Sheet:
        return Sheet(self.ctx.sop.questions, self.ctx.sop.private, self.run.state)

    def without(self, messages: Collection[int]) -> Talk:
        """The same without what was answered by these messages: they were taken back."""
        left = self.sheet.without(messages)
        return self if len(left) == len(self.sheet.answers) else self.keep(answers=left)

    def keep(self, **state: object) -> Talk:
        return Talk(self.ctx, self.ctx.keep(self.run, {**self.run.state, **state}), self.person)

    def over(self, how: Ended) -> Talk:
        """End it; the answers are forgotten here (tags, and words given by consent, are not)."""
        return self.keep(step=Step.OVER, ended=how, answers={})

    def renewed(self) -> Talk | None:
        """The same with today's questions; None where there are none any more."""
        sop = self.ctx.sops.sops.get(self.ctx.sop.id)
        if not isinstance(sop, Welcome) or not sop.private:
            return None
        version = self.ctx.sops.source[sop.id].hash
        runs.change(self.ctx.tx, self.run.id, sop_hash=version)
        self.ctx.listen(self.run, self.ctx.now + HEARD_FOR)
        run = replace(self.run, sop_hash=version)
        return Talk(replace(self.ctx, sop=sop, run=run), run, self.person)

    def say(
        self,
        template: str,
        *,
        intent: Intent = Intent.REPLY,
        said: str = "",
        expires_after: timedelta | None = None,
    ) -> None:
        community = self.ctx.sops.community
        words = TalkWords(
            harmless_name(self.person.name),
            community.name,
            room_name(self),
            shown(self.sheet.question) if self.step is Step.ASKING else "",
            ceil(self.ctx.sop.fit.answer_within / timedelta(hours=1)),
            said,
            invited=self.step is Step.INVITED,
            gate=self.ctx.sop.mode == "gate",
        )
        self.ctx.say_private(
            self.person.identity_id, template, words, intent=intent, expires_after=expires_after
        )

    def wake_after(self, after: timedelta, what: str) -> None:
        """Go on after a while, by day: what is decided at night may be wrong in the morning."""
        self.ctx.wake_at(self.run, by_day(self.ctx, self.ctx.now + after), what)


def begin(ctx: Ctx, person: Person, step: Step = Step.HELLO) -> Talk:
    """The questionnaire with a person: as it was, or from the beginning."""
    run = ctx.open_run(
        f"member:{person.member_id}", OCCURRENCE, person=person, private=True, state={"step": step}
    )
    ctx.listen(run, ctx.now + HEARD_FOR)
    return Talk(ctx, run, person)


def talk_of(ctx: Ctx) -> Talk:
    """The questionnaire that a wait or a message belongs to."""
    return Talk(ctx, *run_of(ctx))


def find(ctx: Ctx, person: Person) -> Talk | None:
    """The questionnaire with a person, if there is one."""
    run = runs.find(ctx.tx, ctx.sop.id, f"member:{person.member_id}", OCCURRENCE)
    return None if run is None else Talk(ctx, run, person)


def room_name(talk: Talk) -> str:
    """The room into which somebody was invited, as it is called."""
    ctx = talk.ctx
    room = ctx.room_for(talk.run.state.get("room", ""))
    return ctx.sops.community.name if room is None else room.title or room.key
