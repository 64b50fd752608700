"""The greeting of a group: who joins within a while is greeted together, once a member, in all rooms."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.people import directory, roles
from bot.sop import referring, runs
from bot.sop.context import Context
from bot.sop.kinds.welcome.model import Greet, GreetWords, Welcome
from bot.sop.kinds.welcome.talk import Step, begin
from bot.sop.occasion import Joined
from bot.sop.questions.question import shown
from bot.sop.questions.reading import control, read
from bot.sop.questions.talking import MARGIN, by_day, tag_by
from bot.sop.runs import Run
from bot.sop.templates import harmless_name
from bot.store.tables import identity, interaction

GREETED = "member_greeted"
TOO_LATE = timedelta(hours=2)
"""Who came longer ago, told late, is not greeted as if they had just come."""
AWAY = timedelta(days=1)
"""Who was greeted a shorter while ago is not welcomed back: some leave and come several times a day."""
AFTER_ANSWER = timedelta(days=1)
"""How long the question in the group takes answers."""


def joined(ctx: Context[Welcome]) -> None:
    """Somebody came: the first opens the gathering, one message ends it."""
    came, greet = ctx.joined, ctx.sop.greet
    assert came is not None, "somebody came"
    if greet is None or came.actor_role in roles.OURS or ctx.now - came.occurred_at > TOO_LATE:
        return
    if _is_greeted(ctx, came):
        return
    run = _gathering(ctx, came)
    people = [*run.state.get("people", []), [came.person.identity_id, came.id, came.again]]
    ctx.keep(run, {"people": people})
    if not ctx.is_waiting(run, "greet"):
        ctx.wake_at(run, by_day(ctx, ctx.now + greet.gather), "greet")


def _gathering(ctx: Context[Welcome], came: Joined) -> Run:
    """The one that is open in the room, else a new one; each ends with its greeting."""
    scope = f"room:{came.room.id}"
    opened = (run for run in runs.open_runs(ctx.tx, ctx.sop.id, scope) if run.scope == scope)
    return next(opened, None) or ctx.open_run(scope, f"greet:{came.id}")


def _is_greeted(ctx: Context[Welcome], came: Joined) -> bool:
    """Whether this member was greeted in any room, or is about to be; who comes back is greeted once more."""
    theirs = set(
        ctx.tx.connection.scalars(select(identity.c.id).where(identity.c.member_id == came.person.member_id))
    )
    gathering = runs.open_runs(ctx.tx, ctx.sop.id, "room:")
    if any(_is_awaited(ctx, run, theirs) for run in gathering):
        return True
    return came.person.identity_id in _greeted(ctx, [came.person.identity_id], again=came.again)


def _greeted(ctx: Context[Welcome], people: Collection[int], *, again: bool) -> set[int]:
    """Those of ``people`` who were greeted, in any room and under any of their identities."""
    other = identity.alias()
    query = (
        select(identity.c.id)
        .join(other, other.c.member_id == identity.c.member_id)
        .join(interaction, interaction.c.identity_id == other.c.id)
        .where(identity.c.id.in_(people), interaction.c.programme_id == ctx.sop.id)
        .where(interaction.c.name == GREETED)
    )
    lately = interaction.c.occurred_at > ctx.now - AWAY
    return set(ctx.tx.connection.scalars(query.where(lately) if again else query))


def _is_awaited(ctx: Context[Welcome], run: Run, theirs: set[int]) -> bool:
    """Whether a gathering will greet them: not where they left again."""
    if run.room_id is None:
        return False
    mine = theirs.intersection(who for who, *_ in run.state.get("people", []))
    return any(directory.is_present(ctx.tx, run.room_id, who) for who in mine)


def greet(ctx: Context[Welcome]) -> None:
    """Greet those who are still there."""
    assert ctx.run is not None, "a run waited"
    assert ctx.room is not None, "people are greeted in rooms"
    ctx.close(ctx.run)
    there = _there(ctx, ctx.run.state.get("people", []))
    if not there or ctx.sop.greet is None or not ctx.room.enabled:
        return
    ctx.say(ctx.sop.greet.template, _words(ctx, ctx.sop.greet, there), expires_after=TOO_LATE)
    for identity_id, join, _ in there:
        ctx.record(GREETED, identity_id=identity_id, parent=join)
        _listen(ctx, identity_id, join)


def _there(ctx: Context[Welcome], people: list[Any]) -> list[Any]:
    """Those who are still there, and whom no other room greeted meanwhile."""
    assert ctx.room is not None, "people are greeted in rooms"
    greeted = {
        again: _greeted(ctx, [it[0] for it in people if it[2] is again], again=again)
        for again in (True, False)
    }
    return [
        it
        for it in people
        if it[0] not in greeted[it[2]] and directory.is_present(ctx.tx, ctx.room.id, it[0])
    ]


def _words(ctx: Context[Welcome], greet: Greet, there: list[Any]) -> GreetWords:
    assert ctx.room is not None, "people are greeted in rooms"
    names = directory.shown_names(ctx.tx, [it[0] for it in there], ctx.room.id)
    new = [harmless_name(names[who]) for who, _, again in there if not again]
    back = [harmless_name(names[who]) for who, _, again in there if again]
    community = ctx.sops.community
    room_left = max(greet.names - len(new), 0)
    return GreetWords(
        names=tuple(new[: greet.names]),
        more=max(len(new) - greet.names, 0) + max(len(back) - room_left, 0),
        back=tuple(back[:room_left]),
        community=community.name,
        mission=community.mission,
        question=next((shown(q) for q in ctx.sop.questions if ctx.sop.in_group(q)), ""),
        private=len(ctx.sop.private) if ctx.sop.mode == "onboarding" else 0,
    )


# --- the one question in the group ---


def _listen(ctx: Context[Welcome], identity_id: int, join: int) -> None:
    """Who was just greeted may answer the group's question there, and the others in private."""
    person = directory.person_by_id(ctx.tx, identity_id)
    if ctx.sop.mode != "onboarding" or person is None or not ctx.sop.questions:
        return
    if any(ctx.sop.in_group(question) for question in ctx.sop.questions):
        run = ctx.open_run(f"answer:{person.member_id}", f"group:{join}", person=person)
        ctx.listen(run, ctx.now + AFTER_ANSWER)
        ctx.wake_at(run, ctx.now + AFTER_ANSWER + MARGIN, "answer_over")
    if ctx.sop.private:
        begin(ctx, person, Step.OVER)


def answer_over(ctx: Context[Welcome]) -> None:
    assert ctx.run is not None, "a run waited"
    ctx.close(ctx.run)


def heard(ctx: Context[Welcome], run: Run) -> None:
    """An answer to the group's question: noted without a word. Others hear it too."""
    assert ctx.heard is not None, "something was said"
    places = [n for n, question in enumerate(ctx.sop.questions) if ctx.sop.in_group(question)]
    if not places or control(ctx.heard.text) is not None:
        return
    answer = read(ctx.sop.questions[places[0]], ctx.heard.text)
    if answer is None:
        return
    answered = ctx.record(
        "questionnaire_answered",
        person=ctx.heard.person,
        about=("question", "group"),
        text=answer.text,
        keep_until=ctx.now + timedelta(days=ctx.sops.community.privacy.keep_days),
    )
    tag_by(ctx, ctx.heard.person, ctx.sop.questions, {places[0]: answer}, answered)
    if ctx.sop.questions[places[0]].referral:
        referring.answered(ctx, ctx.heard.person, answer.text, ctx.heard.id)
    ctx.close(run)
