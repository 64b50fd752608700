"""The questionnaire in private: hello, consent, one question at a time, and what becomes of the answers."""

from __future__ import annotations

from datetime import datetime

from bot.outbox.queue import Intent
from bot.people import consent, roles
from bot.people.directory import Person
from bot.sop import referring
from bot.sop.kinds.welcome import verdict
from bot.sop.kinds.welcome.asking import ask, ask_again, comes_again, is_for, say_hello
from bot.sop.kinds.welcome.talk import Ctx, Ended, Step, Talk, begin, talk_of
from bot.sop.questions.question import choices_of, written
from bot.sop.questions.reading import agrees
from bot.sop.questions.sheet import TRIES, Turn, is_first_voice, not_understood
from bot.sop.questions.talking import by_day, tag_by, taken_back

PURPOSE = "questionnaire"


def befriended(ctx: Ctx) -> None:
    """A new friend who is not in the room yet: say hello after a moment, once."""
    assert ctx.befriended is not None, "somebody became a friend"
    person = ctx.befriended.person
    if ctx.sop.mode != "gate" or verdict.is_there(ctx, person) or _is_ours(ctx, person):
        return
    talk = begin(ctx, person)
    if talk.step is Step.OVER and talk.run.state.get("ended") != Ended.REJECTED:
        talk = (talk.renewed() or talk).keep(step=Step.HELLO)
    if talk.step is Step.HELLO and not ctx.is_waiting(talk.run, "hello"):
        talk.wake_after(ctx.sop.hello.after, "hello")


def _is_ours(ctx: Ctx, person: Person) -> bool:
    """Staff and experts, who come as friends too, are asked nothing."""
    held = roles.Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    return held.actor_role(person.member_id) in roles.OURS


def hello(ctx: Ctx) -> None:
    talk = talk_of(ctx)
    if talk.step is not Step.HELLO:
        return
    if _is_ours(ctx, talk.person):
        talk.over(Ended.DONE)
    else:
        say_hello(talk)


# --- what the person says ---


def heard(ctx: Ctx) -> bool:
    """What is said in private by somebody in a questionnaire is for it alone, until it is over."""
    assert ctx.heard is not None, "something was said"
    talk = talk_of(ctx)
    if _brings_a_code(talk):
        return ask_again(talk)
    match talk.step:
        case Step.HELLO:
            if by_day(ctx, ctx.now) > ctx.now:
                say_hello(talk)  # else it comes in a moment
        case Step.CONSENT:
            _decide(talk)
        case Step.ASKING:
            _answer(talk)
        case Step.INVITED:
            return verdict.heard(talk)
        case _:
            return comes_again(talk, ctx.heard.text) and ask_again(talk)
    return True


def _brings_a_code(talk: Talk) -> bool:
    """Whether this was an invite code where another thing was asked: it is noted, and that is asked again."""
    heard, step = talk.ctx.heard, talk.step
    assert heard is not None, "something was said"
    is_asked = step is Step.ASKING and not talk.ctx.sop.questions[talk.run.state["at"]].referral
    if not (is_asked or step is Step.CONSENT) or not referring.is_a_code(talk.ctx.tx, heard.text):
        return False
    referring.answered(talk.ctx, talk.person, heard.text, heard.id)
    return True


def _decide(talk: Talk) -> None:
    """Yes or no to the questionnaire."""
    assert talk.ctx.heard is not None, "something was said"
    sop = talk.ctx.sop
    if _hints_at_voice(talk):
        return
    match agrees(talk.ctx.heard.text, sop.hello.word):
        case True:
            _start(talk)
        case False:
            _cancel(talk)
        case None:
            _not_understood(talk)


def _hints_at_voice(talk: Talk) -> bool:
    """Whether this was the first voice message: once it is said that it cannot be heard."""
    assert talk.ctx.heard is not None, "something was said"
    if not is_first_voice(talk.run.state, talk.ctx.heard):
        return False
    talk.keep(voice=True).say(talk.ctx.sop.wording.voice)
    return True


def _start(talk: Talk) -> None:
    ctx, person = talk.ctx, talk.person
    consent.decide(ctx.tx, person.member_id, PURPOSE, given=True, cause=ctx.cause)
    ctx.record("consent_granted", person=person, about=("purpose", PURPOSE), props={"version": ctx.version})
    ctx.record("questionnaire_started", person=person)
    ask(talk, ctx.sop.private[0])


def _answer(talk: Talk) -> None:
    assert talk.ctx.heard is not None, "an answer was given"
    turn, new = talk.sheet.hear(talk.ctx.heard)
    talk = talk.keep(**new)
    match turn:
        case Turn.ASK:
            ask(talk, talk.run.state["at"])
        case Turn.AGAIN:
            ask(talk, talk.run.state["at"], again=True)
        case Turn.LOST:
            _refer(talk)
        case Turn.VOICE:
            talk.say(talk.ctx.sop.wording.voice)
        case Turn.CANCEL:
            _cancel(talk)
        case Turn.DONE:
            _submit(talk)


def _not_understood(talk: Talk) -> None:
    """What is neither yes nor no is told how to begin, and the third time a human is asked."""
    assert talk.ctx.heard is not None, "something was said"
    new = not_understood(talk.run.state, talk.ctx.heard.occurred_at)
    if new is None:
        return
    talk = talk.keep(**new)
    if new["unclear"] >= TRIES:
        _refer(talk)
    else:
        talk.say(talk.ctx.sop.wording.how_to_begin, said=talk.ctx.sop.hello.consent)


def _refer(talk: Talk) -> None:
    verdict.refer(talk, "看不懂回答", talk.ctx.sop.wording.human)


def _cancel(talk: Talk) -> None:
    talk.ctx.record("questionnaire_cancelled", person=talk.person)
    talk.over(Ended.CANCELLED).say(talk.ctx.sop.wording.cancelled)


# --- what becomes of it ---


def _submit(talk: Talk) -> None:
    """All was answered: tags, and whether it fits; below the line a human decides."""
    ctx, sop = talk.ctx, talk.ctx.sop
    talk = talk.without(taken_back(ctx.tx, talk.sheet.messages.values()))
    answers = talk.sheet.answers
    fit = sum(it.fit for n, answer in answers.items() for it in choices_of(sop.questions[n], answer))
    props = {
        "version": ctx.version,
        "fit": fit,
        "answers": {f"q{n + 1}": written(sop.questions[n], answer) for n, answer in answers.items()},
    }
    submitted = ctx.record("questionnaire_submitted", person=talk.person, props=props, value=round(fit))
    tag_by(ctx, talk.person, sop.questions, answers, submitted)
    for n, answer in answers.items():
        if sop.questions[n].referral:
            referring.answered(ctx, talk.person, answer.text, talk.sheet.messages[n])
        if answer.text:
            about, message = ("question", f"q{n + 1}"), talk.sheet.messages[n]
            ctx.record(
                "questionnaire_answered", person=talk.person, about=about, parent=message, text=answer.text
            )
    if fit >= sop.fit.at_least or sop.mode != "gate":
        verdict.passed(talk)
    else:
        verdict.refer(talk, f"契合 {fit:g}/{sop.fit.at_least:g}", sop.fit.template)


def remind(ctx: Ctx) -> None:
    """One reminder, with the question that is open; none to who left a room whose members are asked."""
    talk = talk_of(ctx)
    if talk.step in (Step.CONSENT, Step.ASKING) and is_for(ctx, talk.person):
        left = datetime.fromisoformat(talk.run.state["until"]) - (ctx.due_at or ctx.now)
        said = ctx.sop.hello.consent
        talk.say(ctx.sop.patience.template, intent=Intent.ASK, said=said, expires_after=left)


def give_up(ctx: Ctx) -> None:
    """The time is over; who comes later may begin again."""
    talk = talk_of(ctx)
    if talk.step in (Step.CONSENT, Step.ASKING):
        ctx.record("questionnaire_expired", person=talk.person)
        talk.over(Ended.EXPIRED)
