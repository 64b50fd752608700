"""A survey in private: what is said in it, and what becomes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.outbox.queue import Intent
from bot.people import cases, consent, directory
from bot.scoring.kpi.intervals import DETRACTS
from bot.sop.kinds.survey.model import NPS, WHY
from bot.sop.kinds.survey.recalls import REWARD
from bot.sop.kinds.survey.rounds import has_declined
from bot.sop.kinds.survey.talk import LOOK_AFTER, PURPOSE, PURPOSES, Ctx, Step, Talk, talk_of
from bot.sop.questions.question import Answer, Question, written
from bot.sop.questions.reading import declines, declines_questions
from bot.sop.questions.sheet import Turn
from bot.sop.questions.talking import tag_by, taken_back
from bot.sop.templates import harmless, harmless_name

POINTS = 2
"""For a survey, whatever was answered in it."""
COMPLAINED_WITHIN = timedelta(days=30)


def heard(ctx: Ctx) -> bool:
    """What is said in private by somebody who was asked is for the survey, until it is over."""
    assert ctx.heard is not None, "something was said"
    begun = talk_of(ctx)
    asked = begun.note_asked()
    talk = asked or begun
    if _wants_no_more(talk, ctx.heard.text):
        return _decline(talk)
    if asked is None or talk.step is Step.OVER or _refused_meanwhile(talk):
        return False
    turn, new = talk.sheet.hear(ctx.heard)
    _go_on(*_with_reason(talk.keep(**new), turn, ctx.heard.id))
    return True


def _with_reason(talk: Talk, turn: Turn, message: int) -> tuple[Talk, Turn]:
    """Who said why together with the mark is not asked for it."""
    sheet, marked = talk.sheet, talk.ctx.sop.needs.get(talk.run.state["at"])
    if turn is not Turn.ASK or marked is None or sheet.messages.get(marked) != message:
        return talk, turn
    if not (reason := sheet.answers[marked].text):
        return talk, turn
    turn, new = sheet.note(message, Answer(text=reason))
    return talk.keep(**new), turn


def _wants_no_more(talk: Talk, text: str) -> bool:
    """Whether somebody declines for good; free words may say 别再发广告, and mean something else."""
    asks_for_words = talk.step is Step.ASKING and talk.sheet.question.answer == "text"
    return declines_questions(text) or (not asks_for_words and declines(text))


def _refused_meanwhile(talk: Talk) -> bool:
    """Whether somebody said 退订 or the like to others since they were asked; then the survey is over."""
    refused = consent.refused_since(talk.ctx.tx, talk.person.member_id, talk.run.opened_at)
    is_refused = any(purpose in PURPOSES for purpose in refused)
    if is_refused:
        talk.over()
    return is_refused


def _decline(talk: Talk) -> bool:
    ctx, person = talk.ctx, talk.person
    if consent.declined(ctx.tx, person.member_id, PURPOSE):
        return False
    consent.decide(ctx.tx, person.member_id, PURPOSE, given=False, cause=ctx.cause)
    ctx.record("survey_declined", person=person)
    talk.over().say(ctx.sop.wording.declined)
    return True


def _go_on(talk: Talk, turn: Turn) -> None:
    wording = talk.ctx.sop.wording
    talk = _tell_of_low(talk)
    match turn:
        case Turn.ASK:
            talk.ask()
        case Turn.AGAIN:
            talk.ask(again=True)
        case Turn.VOICE:
            talk.say(wording.voice)
        case Turn.LOST:
            _submit(talk, is_whole=False).say(wording.unclear)
        case Turn.CANCEL:
            talk.ctx.record("survey_cancelled", person=talk.person)
            talk.over().say(wording.cancelled)
        case Turn.DONE:
            _submit(talk).say(wording.thanks)


def _tell_of_low(talk: Talk) -> Talk:
    """Operators hear at once of who would not recommend us and says why: that is for a human."""
    names = list(talk.ctx.sop.asked)
    answers = {names[place]: answer for place, answer in talk.sheet.answers.items()}
    mark, why = answers.get(NPS), answers.get(WHY)
    if mark is None or mark.number is None or why is None or mark.number > DETRACTS or talk.run.state["told"]:
        return talk
    who = f"M{talk.person.number} {harmless_name(talk.person.name)}"
    text = f"有人打了{mark.number:g}分｜{who}：“{harmless(why.text)}”\n方便的话请人私聊问问。"
    talk.ctx.alert(text, "low", quotes=tuple(talk.sheet.messages.values()))
    return talk.keep(told=True)


# --- what becomes of it ---


def _submit(talk: Talk, *, is_whole: bool = True) -> Talk:
    """It is over: keep what was answered, and not taken back, each answer with its message."""
    ctx = talk.ctx
    talk = talk.without(taken_back(ctx.tx, talk.sheet.messages.values()))
    asked, answers, messages = ctx.sop.asked, talk.sheet.answers, talk.sheet.messages
    names = list(asked)
    kept = [
        _record(talk, names[place], asked[names[place]], answer, messages[place])
        for place, answer in sorted(answers.items())
    ]
    first = next((it for it in kept if it is not None), None)
    if first is not None:
        ctx.points(talk.person, REWARD, POINTS, event=first, dimension="共建")
        tag_by(ctx, talk.person, list(asked.values()), answers, first)
    if not is_whole:
        ctx.record("survey_expired", person=talk.person, parent=talk.asked, value=len(answers))
    return talk.over(answered=bool(kept))


def _record(talk: Talk, name: str, question: Question, answer: Answer, message: int) -> int | None:
    ctx = replace(talk.ctx, key=f"run:{talk.run.id}:{name}")
    number = answer.number
    return ctx.record(
        "nps_answered" if name == NPS else "survey_answered",
        person=talk.person,
        about=("question", name),
        parent=message,
        prompt=talk.asked,
        initiated_by="prompted",
        value=int(number) if number is not None and number.is_integer() else None,
        props={"version": ctx.version, **written(question, answer)},
        text="" if name == NPS else answer.text,
        keep_until=ctx.now + ctx.sop.keep,
    )


def sent(ctx: Ctx) -> None:
    """Look whether the first question has left; what never will was no question."""
    talk = talk_of(ctx)
    if talk.note_asked() is not None:
        return
    if talk.is_waiting:
        ctx.wake_at(talk.run, ctx.now + max(ctx.now - talk.run.opened_at, LOOK_AFTER), "sent")
    else:
        ctx.close(talk.run)


def remind(ctx: Ctx) -> None:
    """One reminder, with the question that is open; none to who left, declined or complained meanwhile."""
    talk = talk_of(ctx)
    who = talk.person.identity_id
    is_there = any(directory.is_present(ctx.tx, room.id, who) for room in ctx.rooms())
    complained = cases.has_open_case(ctx.tx, who, None, ctx.now, COMPLAINED_WITHIN)
    if talk.step is not Step.ASKING or not is_there or complained or has_declined(ctx, talk.person):
        return
    left = ctx.sop.patience.give_up - ctx.sop.patience.remind
    talk.say(ctx.sop.patience.template, intent=Intent.ASK, expires_after=left)


def give_up(ctx: Ctx) -> None:
    """The time is over; what was answered by then counts."""
    talk = talk_of(ctx)
    if talk.step is Step.ASKING:
        _submit(talk, is_whole=False)


def rest(ctx: Ctx) -> None:
    assert ctx.run is not None, "a run waited"
    ctx.close(ctx.run)
