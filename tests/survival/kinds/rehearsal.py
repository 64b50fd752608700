"""A kind for the harness: slots all day long, answers, and waits; each of its texts is like no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.outbox.queue import Intent
from bot.sop.context import Context
from bot.sop.kind import Kind, OnHashtag, OnSlot, OnWait
from bot.sop.language import Sop, Tag
from bot.sop.schedule import Schedule

TIMES = [f"{hour}:{minute:02}" for hour in range(9, 19) for minute in range(0, 60, 10)]
SHORT, LONG = timedelta(minutes=5), timedelta(hours=3)
"""The graces of the slots, in turn: one is soon missed while the bot is down, the other hardly ever."""
ANSWER_WITHIN = timedelta(hours=1)
LATER = timedelta(minutes=2)


class Rehearsal(Sop):
    """Answers ``tag``, and answers once more a little later."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class Words:
    """What the template is given."""

    text: str


def post(ctx: Context[Rehearsal], grace: timedelta) -> None:
    ctx.say("line.j2", Words(f"slot {ctx.key}"), intent=Intent.GIVE, expires_after=grace)


def answer(ctx: Context[Rehearsal]) -> None:
    assert ctx.heard is not None
    said = ctx.heard.message.id
    ctx.say("line.j2", Words(f"heard {said}"), expires_after=ANSWER_WITHIN)
    run = ctx.open_run("message", said, state={"said": said})
    ctx.wake_at(run, ctx.now + LATER, "again")


def again(ctx: Context[Rehearsal]) -> None:
    assert ctx.run is not None
    ctx.say("line.j2", Words(f"again {ctx.run.state['said']}"), expires_after=ANSWER_WITHIN)
    ctx.close(ctx.run)


def _slot(time: str, grace: timedelta) -> OnSlot:
    schedule = Schedule.parse(f"每天 {time}")
    return OnSlot(time, lambda _: schedule, lambda _: grace, lambda ctx: post(ctx, grace))


KIND = Kind(
    name="rehearsal",
    title="排练",
    model=Rehearsal,
    behaviours=(
        *(_slot(time, LONG if number % 2 else SHORT) for number, time in enumerate(TIMES)),
        OnHashtag(lambda sop: (sop.tag,), answer),
        OnWait("again", again),
    ),
)
