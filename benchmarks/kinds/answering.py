"""A kind that does nothing but answer its hashtag, and a command that does nothing but answer."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kind import Command, Kind, OnHashtag, Who
from bot.sop.language import Sop, Tag


class Answering(Sop):
    """Answers whoever uses its tag."""

    tag: Tag


@dataclass(frozen=True, slots=True)
class Words:
    """What the template is given."""

    name: str


def answer(ctx: Context[Answering]) -> None:
    assert ctx.heard is not None
    ctx.say("answer.j2", Words(ctx.heard.person.name))


def reply(ctx: CommandContext) -> None:
    ctx.reply(f"{ctx.person.name}，听到了。")


KIND = Kind(
    name="answering",
    title="回话",
    model=Answering,
    behaviours=(OnHashtag(lambda sop: (sop.tag,), answer),),
    commands=(Command(("回话",), Who.MEMBER, "回一句话", reply),),
)
