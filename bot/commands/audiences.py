"""``/audience``: which audiences there are, who is in one and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from bot.audience.conditions import Condition
from bot.audience.scope import Scope
from bot.audience.selecting import everybody
from bot.audience.shown import Shown, as_lines, show, why
from bot.commands.people import find, is_number, shown
from bot.errors import BotError
from bot.sop.audiences import Audiences, named_or_said
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.reach import scope
from bot.sop.templates import harmless, harmless_name

FIRST = 10
LONGEST = 60


def tell(ctx: CommandContext) -> None:
    """All; one with its first members; or one and a member."""
    when = scope(ctx.sops, ctx.now)
    if not ctx.args:
        audiences = ctx.sops.audiences
        _read_later(ctx, lambda connection: counted(connection, audiences, when))
        return
    text, whom = _asked(ctx)
    try:
        condition = named_or_said(text, ctx.sops.audiences, ctx.sops.known)
    except BotError as error:
        ctx.reply(harmless(str(error), 200))
        return
    if whom is None:
        _read_later(ctx, lambda connection: lines(text, show(connection, condition, when, FIRST)))
    else:
        _tell_why(ctx, condition, when, whom)


def _asked(ctx: CommandContext) -> tuple[str, str | None]:
    """The audience, by its name or as a condition, and the member that is asked about."""
    first, *more = ctx.args
    if first in ctx.sops.audiences.conditions:
        return first, " ".join(more) or None
    if more and is_number(more[-1]):
        return ctx.rest.strip().removesuffix(more[-1]).strip(), more[-1]
    return ctx.rest.strip(), None


def _tell_why(ctx: CommandContext, condition: Condition, when: Scope, whom: str) -> None:
    person = find(ctx, whom)
    if person is not None:
        found = why(ctx.tx.connection, condition, when, person.member_id)
        ctx.reply("\n".join([f"{shown(person)} {'在里面' if found.is_in else '不在里面'}", *as_lines(found)]))


def _read_later(ctx: CommandContext, told: Callable[[Connection], Iterator[str]]) -> None:
    """All members are looked through, so that is done beside the core."""
    reader = ctx.tx.reader
    if reader is None:
        ctx.reply("\n".join(told(ctx.tx.connection)))
        return

    def read() -> str:
        with reader() as connection:
            return "\n".join(told(connection))

    ctx.reply_later(read)


def counted(connection: Connection, audiences: Audiences, when: Scope) -> Iterator[str]:
    """Each audience, and how many are in it."""
    if not audiences.conditions:
        yield "还没有人群，写在 sops/audiences.yaml 里。"
        return
    sizes = {name: len(everybody(connection, when, it)) for name, it in audiences.conditions.items()}
    yield f"会员一共{len(everybody(connection, when))}位"
    yield from (f"{name} {size}位" for name, size in sizes.items())
    yield f"看一群：/人群 {next(iter(sizes))}"


def lines(name: str, it: Shown) -> Iterator[str]:
    """How many there are, and who is first."""
    places = "｜" + " ".join(f"{room}{number}" for room, number in it.rooms.items()) if it.rooms else ""
    alone = f"｜另有{it.alone}位关了个性化，不按这些挑" if it.alone else ""
    yield f"{harmless(name, LONGEST)} {it.members}位，会员一共{it.of}位{places}{alone}"
    for one in it.first:
        yield f"M{one.number} {harmless_name(one.name)}：{'，'.join(one.why)}"
    if len(it.first) < it.members:
        yield f"……还有{it.members - len(it.first)}位"


COMMANDS = (
    Command(
        ("audience", "人群"),
        Who.STAFF,
        "一群人有几位，是谁，为什么",
        tell,
        Where.DESK,
        usage="[爱做饭的] [M37]",
    ),
)
