"""Somebody asks for the survey: whom the bot could not write to, and who wants to go on."""

from __future__ import annotations

from dataclasses import replace

from bot.outbox.queue import Intent
from bot.people.directory import Person
from bot.people.roles import OURS
from bot.sop import runs, versions
from bot.sop.command import CommandContext
from bot.sop.kinds.survey.model import Survey
from bot.sop.kinds.survey.rounds import asked_lately, open_round
from bot.sop.kinds.survey.talk import Ctx, Step, Talk, open_talk

_NOTHING = "现在没有要填的小问卷。"


def asked_for(ctx: CommandContext) -> None:
    if ctx.heard.actor_role in OURS:
        ctx.reply("小问卷是问会员的，同事不用填。")
        return
    for sop in ctx.sops.sops.values():
        if isinstance(sop, Survey) and _opens(replace(ctx.kind_context(sop), heard=ctx.heard), ctx.person):
            return
    ctx.reply(_NOTHING)


def _opens(ctx: Ctx, person: Person) -> bool:
    """Whether this survey has something to ask somebody, and asks it now."""
    day = open_round(ctx, person)
    if day is None or person.member_id not in ctx.reached([person.member_id]):
        return False
    run = runs.find(ctx.tx, ctx.sop.id, f"member:{person.member_id}", day)
    talk = None if run is None else Talk(replace(ctx, run=run), run, person)
    if talk is not None and talk.step is Step.ASKING and talk.note_asked() is not None:
        return _go_on(talk)
    is_done = person.member_id in asked_lately(ctx) if talk is None else talk.run.state["answered"]
    if is_done:
        return False
    if talk is not None:
        talk.withdraw()
    open_talk(ctx, person, day, Intent.REPLY)
    return True


def _go_on(talk: Talk) -> bool:
    """The question that is open, as it was asked."""
    ctx = talk.ctx
    then = versions.at(ctx.tx, ctx.sops, talk.run.sop_id, talk.run.sop_hash)
    if not isinstance(then, Survey):
        return False
    replace(talk, ctx=replace(ctx, sop=then)).ask()
    return True
