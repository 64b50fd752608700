"""What is asked in private: for consent first, then one question at a time; and again by request."""

from __future__ import annotations

from dataclasses import replace

from bot.people.directory import Person
from bot.sop import versions
from bot.sop.command import CommandContext
from bot.sop.kind import Who
from bot.sop.kinds.welcome import verdict
from bot.sop.kinds.welcome.model import HelloWords, Welcome
from bot.sop.kinds.welcome.talk import Ctx, Ended, Step, Talk, begin, find
from bot.sop.questions.question import QuestionWords, how, shown
from bot.sop.questions.reading import agrees
from bot.sop.templates import harmless_name

_AGAIN = ("问卷", "开始", "重新开始")


def say_hello(talk: Talk) -> None:
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


def ask(talk: Talk, place: int, *, again: bool = False) -> None:
    talk = talk if again else talk.keep(step=Step.ASKING, at=place, unclear=0)
    sop, question = talk.ctx.sop, talk.sheet.question
    words = QuestionWords(
        shown(question),
        how(question),
        sop.private.index(place) + 1,
        len(sop.private),
        question.optional,
        again,
    )
    talk.ctx.say_private(talk.person.identity_id, sop.wording.question, words)


# --- by request ---


def comes_again(talk: Talk, text: str) -> bool:
    """Whether somebody asks for the questionnaire: by its word, or by a yes that came too late."""
    is_too_late = talk.step is Step.OVER and talk.run.state.get("ended") == Ended.EXPIRED
    return text.strip().lstrip("/") in _AGAIN or (
        is_too_late and agrees(text, talk.ctx.sop.hello.word) is True
    )


def ask_again(talk: Talk) -> bool:
    """Somebody asks for the questionnaire; False: there is nothing to ask or to tell them."""
    wording = talk.ctx.sop.wording
    match talk.step:
        case Step.ASKING:
            ask(talk, talk.run.state["at"])
        case Step.CONSENT:
            talk.say(wording.how_to_begin, said=talk.ctx.sop.hello.consent)
        case Step.HUMAN:
            talk.say(wording.still_waiting)
        case Step.INVITED:
            talk.say(wording.passed)
        case Step.HELLO:
            say_hello(talk)
        case Step.OVER:
            return _begin_again(talk)
    return True


def _begin_again(talk: Talk) -> bool:
    """From the beginning, with the questions of today. Who is in is asked nothing any more, and whom a human
    declined a human decides about."""
    if talk.ctx.sop.mode == "gate" and verdict.is_there(talk.ctx, talk.person):
        return False
    if talk.run.state.get("ended") == Ended.REJECTED:
        verdict.refer(talk, "婉拒过，又来问", talk.ctx.sop.wording.appeal)
        return True
    anew = talk.renewed()
    if anew is not None:
        say_hello(anew)
    return anew is not None


def asked_for(ctx: CommandContext) -> None:
    """Somebody asks for the questions: those that are open, or all from the beginning."""
    for sop in ctx.sops.sops.values():
        if isinstance(sop, Welcome) and _opens(replace(ctx.kind_context(sop), heard=ctx.heard), ctx.person):
            return
    if ctx.standing is not Who.ANYONE:
        ctx.reply("现在没有要填的问卷。")


def _opens(ctx: Ctx, person: Person) -> bool:
    """Whether this SOP has questions for somebody, and asks them now."""
    talk = find(ctx, person)
    if talk is None and ctx.sop.private and is_for(ctx, person):
        talk = begin(ctx, person, Step.OVER)
    then = None if talk is None else versions.at(ctx.tx, ctx.sops, talk.run.sop_id, talk.run.sop_hash)
    if talk is None or not isinstance(then, Welcome):
        return False
    return ask_again(replace(talk, ctx=replace(ctx, sop=then, run=talk.run)))


def is_for(ctx: Ctx, person: Person) -> bool:
    """The gate's questions are for who is outside, the others for who is in."""
    return verdict.is_there(ctx, person) is (ctx.sop.mode == "onboarding")
