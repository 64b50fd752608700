"""The questionnaire in private: hello, consent, one question at a time, and what becomes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.events import MessageKind
from bot.outbox.queue import Intent
from bot.people import consent
from bot.people.directory import Person
from bot.sop import versions
from bot.sop.context import CommandContext
from bot.sop.kinds.welcome import verdict
from bot.sop.kinds.welcome.model import HelloWords, QuestionWords, Welcome
from bot.sop.kinds.welcome.questions import (
    Answer,
    Control,
    agrees,
    choices_of,
    control,
    how,
    read,
    shown,
    written,
)
from bot.sop.kinds.welcome.recalls import ANSWERED, taken_back
from bot.sop.kinds.welcome.talk import Ctx, Ended, Step, Talk, begin, by_day, find, tag_by, talk_of
from bot.sop.templates import harmless_name

PURPOSE = "questionnaire"
TRIES = 3
"""Answers that are not understood before a human is asked."""
BURST = timedelta(seconds=10)
_AGAIN = ("问卷", "开始", "重新开始")


def befriended(ctx: Ctx) -> None:
    """A new friend who is not in the room yet: say hello after a moment, once."""
    assert ctx.befriended is not None, "somebody became a friend"
    if ctx.sop.mode != "gate" or verdict.is_there(ctx, ctx.befriended.person):
        return
    talk = begin(ctx, ctx.befriended.person)
    if talk.step is Step.HELLO and not ctx.is_waiting(talk.run, "hello"):
        talk.wake_after(ctx.sop.hello.after, "hello")


def hello(ctx: Ctx) -> None:
    talk = talk_of(ctx)
    if talk.step is Step.HELLO:
        _say_hello(talk)


def _say_hello(talk: Talk) -> None:
    ctx = talk.ctx
    community, sop = ctx.sops.community, ctx.sop
    words = HelloWords(
        harmless_name(talk.person.name),
        community.name,
        community.mission,
        community.bot.name,
        len(sop.private),
        community.privacy.keep_days,
        sop.hello.consent,
        gate=sop.mode == "gate",
    )
    ctx.say_private(talk.person.identity_id, sop.hello.template, words)
    until = ctx.now + sop.patience.give_up
    begun = {"step": Step.CONSENT, "at": 0, "answers": {}, "unclear": 0, "voice": False}
    talk = talk.keep(**begun, until=until.isoformat())
    talk.wake_after(sop.patience.remind, "remind")
    ctx.wake_at(talk.run, until, "give_up")


# --- what the person says ---


def heard(ctx: Ctx) -> bool:
    """What is said in private by somebody in a questionnaire is for it alone, until it is over."""
    assert ctx.heard is not None, "something was said"
    talk = talk_of(ctx)
    match talk.step:
        case Step.HELLO:
            if by_day(ctx, ctx.now) > ctx.now:
                _say_hello(talk)  # else it comes in a moment
        case Step.CONSENT:
            _decide(talk)
        case Step.ASKING:
            _answer(talk)
        case Step.OVER if _comes_again(talk, ctx.heard.text) and (anew := talk.renewed()) is not None:
            _say_hello(anew)
        case Step.INVITED:
            return verdict.heard(talk)
        case _:
            return False
    return True


def _comes_again(talk: Talk, text: str) -> bool:
    """Whether somebody whose questionnaire is over asks for it: by its word, or by a yes that came too late.

    Who is in, and whom a human declined, is asked nothing any more.
    """
    sop, ended = talk.ctx.sop, talk.run.state.get("ended")
    if ended == Ended.REJECTED or (sop.mode == "gate" and verdict.is_there(talk.ctx, talk.person)):
        return False
    return text.strip().lstrip("/") in _AGAIN or (
        ended == Ended.EXPIRED and agrees(text, sop.hello.word) is True
    )


def asked_for(ctx: CommandContext) -> None:
    """A member asks for the questions: those that are open, or all from the beginning."""
    for sop in ctx.sops.sops.values():
        if isinstance(sop, Welcome) and _opens(replace(ctx.kind_context(sop), heard=ctx.heard), ctx.person):
            return
    ctx.reply("现在没有要填的问卷。")


def _opens(ctx: Ctx, person: Person) -> bool:
    """Whether this SOP has questions for somebody, and asks them now."""
    talk = find(ctx, person)
    if talk is None and ctx.sop.mode == "onboarding" and ctx.sop.private and verdict.is_there(ctx, person):
        talk = begin(ctx, person, Step.OVER)
    then = None if talk is None else versions.at(ctx.tx, ctx.sops, talk.run.sop_id, talk.run.sop_hash)
    if talk is None or not isinstance(then, Welcome):
        return False
    talk = replace(talk, ctx=replace(ctx, sop=then, run=talk.run))
    if talk.step is Step.ASKING:
        _ask(talk, talk.run.state["at"])
    elif talk.step is Step.CONSENT:
        talk.say(then.wording.how_to_begin, said=then.hello.consent)
    elif talk.step is Step.OVER and _comes_again(talk, _AGAIN[0]) and (anew := talk.renewed()) is not None:
        _say_hello(anew)
    else:
        return False
    return True


def _decide(talk: Talk) -> None:
    """Yes or no to the questionnaire; what is neither is told how to begin."""
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
            _not_understood(talk, sop.wording.how_to_begin)


def _hints_at_voice(talk: Talk) -> bool:
    """Whether this was the first voice message: once it is said that it cannot be heard."""
    heard = talk.ctx.heard
    if heard is None or heard.message.kind is not MessageKind.VOICE or talk.run.state["voice"]:
        return False
    talk.keep(voice=True).say(talk.ctx.sop.wording.voice)
    return True


def _start(talk: Talk) -> None:
    ctx, person = talk.ctx, talk.person
    consent.decide(ctx.tx, person.member_id, PURPOSE, given=True, cause=ctx.cause)
    ctx.record("consent_granted", person=person, about=("purpose", PURPOSE), props={"version": ctx.version})
    ctx.record("questionnaire_started", person=person)
    _ask(talk, ctx.sop.private[0])


def _ask(talk: Talk, place: int, *, again: bool = False) -> None:
    talk = talk if again else talk.keep(step=Step.ASKING, at=place, unclear=0)
    sop, question = talk.ctx.sop, talk.question
    words = QuestionWords(
        shown(question),
        how(question),
        sop.private.index(place) + 1,
        len(sop.private),
        question.optional,
        again,
    )
    talk.ctx.say_private(talk.person.identity_id, sop.wording.question, words)


def _answer(talk: Talk) -> None:
    heard = talk.ctx.heard
    assert heard is not None, "an answer was given"
    if _hints_at_voice(talk):
        return
    is_text = heard.message.kind is MessageKind.TEXT
    match control(heard.text) if is_text else None:
        case Control.CANCEL:
            _cancel(talk)
        case Control.BACK:
            _ask(talk, _before(talk))
        case Control.SKIP:
            _note(talk, None)
        case None:
            answer = read(talk.question, heard.text) if is_text else None
            if answer is None:
                _not_understood(talk, None)
            else:
                _note(talk, answer)


def _before(talk: Talk) -> int:
    order = talk.ctx.sop.private
    return order[max(order.index(talk.run.state["at"]) - 1, 0)]


def _note(talk: Talk, answer: Answer | None) -> None:
    """Keep an answer (None: skipped), and go on to the next question, or to the end."""
    place, message = talk.run.state["at"], talk.ctx.cause
    kept = {n: it for n, it in talk.run.state["answers"].items() if n != str(place)}
    if answer is not None:
        told = {"chosen": answer.chosen, "number": answer.number, "text": answer.text}
        kept[str(place)] = {**told, "message": message}
    talk = talk.keep(answers=kept, unclear=0)
    coming = [n for n in talk.ctx.sop.private if n > place]
    if coming:
        _ask(talk, coming[0])
    else:
        _submit(talk)


def _not_understood(talk: Talk, template: str | None) -> None:
    """Ask once more, and the third time a human; a burst of pictures is one answer.

    ``template``: what is said instead of the question.
    """
    assert talk.ctx.heard is not None, "something was said"
    said_at, before = talk.ctx.heard.occurred_at, talk.run.state.get("unclear_at")
    unclear = talk.run.state["unclear"] + 1
    if unclear > 1 and before and said_at - datetime.fromisoformat(before) < BURST:
        return
    talk = talk.keep(unclear=unclear, unclear_at=said_at.isoformat())
    if unclear >= TRIES:
        verdict.refer(talk, "看不懂回答", talk.ctx.sop.wording.human)
    elif template is not None:
        talk.say(template, said=talk.ctx.sop.hello.consent)
    else:
        _ask(talk, talk.run.state["at"], again=True)


def _cancel(talk: Talk) -> None:
    talk.ctx.record("questionnaire_cancelled", person=talk.person)
    talk.over(Ended.CANCELLED).say(talk.ctx.sop.wording.cancelled)


# --- what becomes of it ---


def _submit(talk: Talk) -> None:
    """All was answered: tags, and whether it fits; below the line a human decides."""
    ctx, sop = talk.ctx, talk.ctx.sop
    talk = talk.without(taken_back(ctx, talk.messages.values()))
    answers = talk.answers
    fit = sum(it.fit for n, answer in answers.items() for it in choices_of(sop.questions[n], answer))
    props = {
        "version": ctx.version,
        "fit": fit,
        "answers": {f"q{n + 1}": written(sop.questions[n], answer) for n, answer in answers.items()},
    }
    submitted = ctx.record("questionnaire_submitted", person=talk.person, props=props, value=round(fit))
    for n, answer in answers.items():
        tag_by(ctx, talk.person, n, answer, submitted)
        if answer.text:
            about, message = ("question", f"q{n + 1}"), talk.messages[n]
            ctx.record(ANSWERED, person=talk.person, about=about, parent=message, text=answer.text)
    if fit >= sop.fit.at_least or sop.mode != "gate":
        verdict.passed(talk)
    else:
        verdict.refer(talk, f"契合 {fit:g}/{sop.fit.at_least:g}", sop.fit.template)


def remind(ctx: Ctx) -> None:
    """One reminder, with the question that is open."""
    talk = talk_of(ctx)
    if talk.step in (Step.CONSENT, Step.ASKING):
        left = datetime.fromisoformat(talk.run.state["until"]) - (ctx.due_at or ctx.now)
        said = ctx.sop.hello.consent
        talk.say(ctx.sop.patience.template, intent=Intent.ASK, said=said, expires_after=left)


def give_up(ctx: Ctx) -> None:
    """The time is over; who comes later may begin again."""
    talk = talk_of(ctx)
    if talk.step in (Step.CONSENT, Step.ASKING):
        ctx.record("questionnaire_expired", person=talk.person)
        talk.over(Ended.EXPIRED)
