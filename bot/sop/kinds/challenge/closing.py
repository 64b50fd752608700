"""The end of a challenge: what is won is settled once, then told in each of its rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.outbox.queue import Intent
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.challenge import featured, prizes
from bot.sop.kinds.challenge.board import standing_entries
from bot.sop.kinds.challenge.model import Challenge, Close
from bot.sop.kinds.challenge.words import CloseWords, Won
from bot.sop.runs import Run
from bot.sop.schedule import Schedule, once

LATE_AFTER = timedelta(hours=8)
WON, COMPLETED, CLOSED = "prize_won", "challenge_completed", "challenge_closed"


def schedule(sop: Challenge) -> Schedule | None:
    return None if sop.close is None else once(sop.days.last + timedelta(days=1), sop.close.at)


def post(ctx: Context[Challenge]) -> None:
    """The day after the last one has come."""
    if ctx.local(ctx.now).date() == ctx.sop.days.last + timedelta(days=1):
        _tell(ctx, settle(ctx, ctx.sop.days.last))


def settle(ctx: Context[Challenge], last: date) -> Run:
    """Compute and record who won and who went all the way, once for all rooms."""
    run = ctx.open_run(prizes.WHOLE, "close")
    if "winners" in run.state:
        return run
    won = prizes.winners(ctx, ctx.sop)
    for name, who in won.items():
        for place, identity_id in enumerate(who, 1):
            _give(ctx, name, identity_id, place)
    for one in prizes.standings(ctx, ctx.sop):
        if _went_all_the_way(ctx.sop, one, last):
            _complete(ctx, one.identity_id)
    ctx.record(CLOSED)
    return ctx.keep(run, {"winners": won, "last": last.isoformat(), "told": []})


def _give(ctx: Context[Challenge], name: str, identity_id: int, place: int) -> None:
    """A prize is a row of the log, with its gift; where it brings points, of the ledger too."""
    prize = ctx.sop.prizes[name]
    its_own = replace(ctx, key=f"{ctx.key}:{name}:{identity_id}")
    props = {"by": prize.by, **({"gift": prize.gift} if prize.gift else {})}
    won = its_own.record(WON, identity_id=identity_id, about=("prize", name), props=props, value=place)
    if won is not None and prize.points:
        ctx.points(identity_id, "prize", prize.points, event=won, dimension="创作")


def _went_all_the_way(sop: Challenge, one: prizes.Standing, last: date) -> bool:
    badges = sop.streak.badge_at
    return one.days >= sop.length(last) or (bool(badges) and one.streak >= badges[-1])


def _complete(ctx: Context[Challenge], identity_id: int) -> None:
    its_own = replace(ctx, key=f"{ctx.key}:{identity_id}")
    done = its_own.record(COMPLETED, identity_id=identity_id)
    if done is not None:
        ctx.points(identity_id, COMPLETED, 4, event=done, dimension="创作")


def _tell(ctx: Context[Challenge], run: Run) -> None:
    """The summary in this room, once; of a challenge that nobody took part in there is nothing to tell."""
    assert ctx.room is not None, "summaries are posted in rooms"
    if ctx.room.id in run.state["told"] or not standing_entries(ctx.tx, ctx.sop.id):
        return
    template = (ctx.sop.close or Close()).template
    ctx.say(template, _words(ctx, run), intent=Intent.GIVE, expires_after=LATE_AFTER)
    ctx.keep(run, {**run.state, "told": [*run.state["told"], ctx.room.id]})


def _words(ctx: Context[Challenge], run: Run) -> CloseWords:
    entries = standing_entries(ctx.tx, ctx.sop.id)
    won = tuple(
        Won(name, tuple(prizes.names_of(ctx, who)), ctx.sop.prizes[name].gift)
        for name, who in run.state["winners"].items()
        if who and name in ctx.sop.prizes
    )
    return CloseWords(
        challenge=ctx.sop.name,
        days=ctx.sop.length(date.fromisoformat(run.state["last"])),
        people=len({row.member_id for row in entries}),
        tables=len(entries),
        winners=won,
        featured=featured.names(ctx),
        community=ctx.sops.community.name,
    )


def end_early(ctx: CommandContext) -> None:
    """``/挑战 结束 餐桌`` tells what would happen; once its code is said, it does.

    Where the bot was away when the end came, this is how it is told after all.
    """
    sop, _ = prizes.which(ctx, ctx.args)
    if sop is not None and _may_end(ctx, sop):
        _preview(ctx, sop)


def end(ctx: CommandContext, args: Mapping[str, Any]) -> None:
    sop = ctx.sops.sops.get(args["sop"])
    if not isinstance(sop, Challenge):
        ctx.reply("这个挑战现在没有了，什么也没做。")
    elif _may_end(ctx, sop):
        today = sop.day_of(ctx.now, ctx.sops.community.zone)
        _end(ctx, sop, min(today, sop.days.last))


def _may_end(ctx: CommandContext, sop: Challenge) -> bool:
    """Whether there is anything to end; else say so."""
    today = sop.day_of(ctx.now, ctx.sops.community.zone)
    may = not prizes.ended(ctx, sop) and today >= sop.days.first
    if not may:
        ctx.reply(f"{sop.name}现在没有在进行。")
    return may


def _end(ctx: CommandContext, sop: Challenge, last: date) -> None:
    as_sop = ctx.kind_context(sop)
    rooms = as_sop.rooms()
    settle(as_sop.in_room(rooms[0]) if rooms else as_sop, last)
    for room in rooms:
        run = as_sop.open_run(prizes.WHOLE, "close")
        _tell(as_sop.in_room(room), run)
    ctx.reply(f"{sop.name}结束了，收官发{len(rooms)}群。之后的餐桌不再算。")


def _preview(ctx: CommandContext, sop: Challenge) -> None:
    entries = standing_entries(ctx.tx, sop.id)
    won = [
        f"{name} {'、'.join(prizes.names_of(ctx, who)) or '没有人'}"
        for name, who in prizes.winners(ctx, sop).items()
    ]
    lines = [
        f"{sop.name}提前结束：{len({row.member_id for row in entries})}人{len(entries)}桌",
        *won,
        f"马上在群里收官，不能反悔。{ctx.to_confirm({'sop': sop.id})}",
    ]
    ctx.reply("\n".join(lines))
