"""Who may come in: by the answers, or by a human; and whether the invited really came.

``invited`` is not ``joined``: who has not come after a day is asked once, and after another day a human is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.outbox.queue import Intent
from bot.people import directory
from bot.people.directory import Person
from bot.sop import runs, versions
from bot.sop.command import CommandContext
from bot.sop.kinds.welcome.model import Welcome
from bot.sop.kinds.welcome.talk import OCCURRENCE, Ctx, Ended, Step, Talk, find, talk_of
from bot.sop.loader import SopSet
from bot.sop.questions.question import shown, written
from bot.sop.runs import Run
from bot.sop.templates import harmless, harmless_name
from bot.store.tables import run
from bot.store.transaction import Transaction

DAY = timedelta(hours=24)
MOST_SHOWN = 5
FULL = 500
"""People in a room, as far as the platform lets."""


def passed(talk: Talk) -> None:
    """They fit: invite them, where there is a gate; else thank them."""
    if talk.ctx.sop.mode != "gate":
        talk.ctx.record("questionnaire_passed", person=talk.person)
        talk.over(Ended.DONE).say(talk.ctx.sop.wording.passed)
    elif not _invite(talk):
        refer(talk, "合适，但没有开通、还有空位的群", talk.ctx.sop.fit.template)


def _invite(talk: Talk) -> bool:
    """Invite them into the first room that has a place; False: there is none."""
    ctx = talk.ctx
    room = next((room for room in ctx.rooms() if directory.count_present(ctx.tx, room.id) < FULL), None)
    if room is None or not ctx.invite(talk.person, room.key):
        return False
    ctx.record("questionnaire_passed", person=talk.person)
    talk = talk.keep(step=Step.INVITED, room=room.key, answers={}, asked=False)
    talk.say(ctx.sop.wording.passed)
    talk.wake_after(DAY, "follow_up")
    return True


def refer(talk: Talk, why: str, template: str) -> None:
    """A human decides; the person hears that one does, and by when."""
    ctx, person = talk.ctx, talk.person
    ctx.record("questionnaire_referred_to_human", person=person, props={"why": why})
    talk = talk.keep(step=Step.HUMAN, referred_at=ctx.now.isoformat())
    talk.say(template)
    asked = f"{_summary(talk, why)}\n请回 /通过 M{person.number} 或 /婉拒 M{person.number}"
    ctx.alert(asked, "decide", quotes=tuple(talk.sheet.messages.values()))
    talk.wake_after(ctx.sop.fit.answer_within, "overdue")


def _summary(talk: Talk, why: str) -> str:
    lines = [f"入群问卷待定：M{talk.person.number} {harmless_name(talk.person.name)}（{why}）"]
    for n, answer in sorted(talk.sheet.answers.items()):
        question = talk.ctx.sop.questions[n]
        said = written(question, answer)
        chosen = said.get("chosen")
        free = harmless(answer.text) if answer.number is None else f"{answer.number:g}"
        text = "、".join(chosen) if isinstance(chosen, list) else free
        lines.append(f"{harmless(shown(question).splitlines()[0], 14)} {text}")
    return "\n".join(lines[:MOST_SHOWN])


def overdue(ctx: Ctx) -> None:
    """Nobody decided in the promised time: say so to both sides, once."""
    talk = talk_of(ctx)
    if talk.step is Step.HUMAN:
        talk.say(ctx.sop.wording.still_waiting, intent=Intent.SERVICE)
        who = f"M{talk.person.number} {harmless_name(talk.person.name)}"
        ctx.alert(f"{who} 的问卷还没有人定，已经超过答应的时间。发 /待定 看看。", "overdue")


def joined(ctx: Ctx) -> None:
    """Somebody came in, by whatever way: nothing is left to ask at the gate."""
    assert ctx.joined is not None, "somebody came"
    talk = find(ctx, ctx.joined.person)
    if talk is not None and ctx.sop.mode == "gate" and talk.step is not Step.OVER:
        talk.over(Ended.DONE)


def follow_up(ctx: Ctx) -> None:
    """A day after the invitation: who is not there is asked once."""
    talk = talk_of(ctx)
    if talk.step is Step.INVITED and not is_there(ctx, talk.person):
        ctx.record("invitation_followed_up", person=talk.person)
        talk = talk.keep(asked=True)
        talk.say(ctx.sop.wording.follow_up, intent=Intent.ASK, expires_after=DAY)
        talk.wake_after(DAY, "not_there")


def not_there(ctx: Ctx) -> None:
    """Two days after: a human takes over."""
    talk = talk_of(ctx)
    if talk.step is Step.INVITED and not is_there(ctx, talk.person):
        name = harmless_name(talk.person.name)
        ctx.alert(f"M{talk.person.number} {name} 邀请了两天还没进群，请人看一下。", "not there")
        talk.over(Ended.EXPIRED)


def heard(talk: Talk) -> bool:
    """The first thing that somebody says after the follow-up: they may need help, so a human is told."""
    if not talk.run.state.get("asked"):
        return False
    talk.keep(asked=False)
    who = f"M{talk.person.number} {harmless_name(talk.person.name)}"
    talk.ctx.alert(f"{who} 收到邀请还没进群，私聊里回了话，请人看一下。", "invited")
    return True


def is_there(ctx: Ctx, person: Person) -> bool:
    """Whether somebody is in one of the SOP's rooms."""
    return any(directory.is_present(ctx.tx, room.id, person.identity_id) for room in ctx.rooms())


# --- commands ---


def show_waiting(ctx: CommandContext) -> None:
    lines = [
        f"M{talk.person.number} {harmless_name(talk.person.name)}（等{_hours(talk)}时）"
        for talk in _waiting(ctx)
    ]
    if not lines:
        ctx.reply("没有待定的入群问卷。")
        return
    more = [f"还有{len(lines) - MOST_SHOWN}位。"] if len(lines) > MOST_SHOWN else []
    ctx.reply("\n".join([*lines[:MOST_SHOWN], *more, "回 /通过 M37 或 /婉拒 M37 想说的话"]))


def _hours(talk: Talk) -> int:
    since = datetime.fromisoformat(talk.run.state["referred_at"])
    return int((talk.ctx.now - since).total_seconds() // 3600)


def accept(ctx: CommandContext) -> None:
    if (talk := _named(ctx)) is not None:
        invited = _invite(talk)
        who = f"M{talk.person.number} {harmless_name(talk.person.name)}"
        ctx.reply(f"好的，已邀请 {who}。" if invited else f"没有开通、还有空位的群，{who} 先留在待定里。")


def reject(ctx: CommandContext) -> None:
    if (talk := _named(ctx)) is not None:
        talk.ctx.record("questionnaire_rejected", person=talk.person)
        said = " ".join(ctx.args[1:])
        talk.over(Ended.REJECTED).say(talk.ctx.sop.wording.rejected, said=harmless(said, 80))
        ctx.reply(f"好的，已经好好地回复了 M{talk.person.number}。")


def _named(ctx: CommandContext) -> Talk | None:
    """The questionnaire that waits for a decision about whom the command names."""
    waiting = _waiting(ctx)
    number = ctx.args[0].lstrip("Mm") if ctx.args else ""
    found = [talk for talk in waiting if str(talk.person.number) == number]
    if found:
        return found[0]
    known = "、".join(f"M{talk.person.number}" for talk in waiting[:MOST_SHOWN])
    hint = f"待定的有 {known}，请写编号，例如 /通过 {known.partition('、')[0]}。"
    ctx.reply(hint if known else "没有待定的入群问卷。")
    return None


def waiting(tx: Transaction, sops: SopSet, account: str) -> dict[str, int]:
    """How many people wait for a decision."""
    return {"待定": sum(1 for _ in _undecided(tx, account))}


def _waiting(ctx: CommandContext) -> list[Talk]:
    talks = (_as_asked(ctx, it) for it in _undecided(ctx.tx, ctx.account))
    return [talk for talk in talks if talk is not None]


def _undecided(tx: Transaction, account: str) -> Iterator[Run]:
    """Who waits for a decision, also where the SOP is not played any more."""
    asked = select(run.c.sop_id).where(run.c.account == account, run.c.occurrence == OCCURRENCE)
    for sop_id in sorted(tx.connection.scalars(asked.distinct())):
        for it in runs.open_runs(tx, sop_id, "member:"):
            if it.account == account and it.state.get("step") == Step.HUMAN:
                yield it


def _as_asked(ctx: CommandContext, it: Run) -> Talk | None:
    """A questionnaire with the SOP as it was when it began."""
    person = directory.person_by_id(ctx.tx, it.identity_id or 0)
    sop = versions.at(ctx.tx, ctx.sops, it.sop_id, it.sop_hash)
    if person is None or not isinstance(sop, Welcome):
        return None
    return Talk(replace(ctx.kind_context(sop), run=it), it, person)
