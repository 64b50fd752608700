"""Prizes: who wins by rule, by lot or by the operators' choice. They are given once, when it is over."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.people import directory, roles
from bot.people.directory import shown_names
from bot.sop import runs
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.challenge import streaks
from bot.sop.kinds.challenge.model import Challenge, Prize
from bot.sop.templates import harmless, harmless_name

WHOLE = "challenge"
CHOICE = "运营挑选"
_COUNTED = {"days": "天", "streak": "天连续", "tables": "桌"}
Ctx = Context[Challenge] | CommandContext


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member's tables come to; ``at`` is when the last one came."""

    member_id: int
    identity_id: int
    days: int
    streak: int
    tables: int
    at: datetime

    def count(self, by: str) -> int:
        return {"days": self.days, "streak": self.streak, "tables": self.tables}[by]


def standings(ctx: Ctx, sop: Challenge) -> list[Standing]:
    """Everybody whose entries stand; our own people do not compete."""
    held = roles.Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    found = []
    for member_id, mine in streaks.tables(ctx, sop).items():
        if held.actor_role(member_id) != roles.STAFF:
            last = max(mine.values(), key=lambda row: row.id)
            days, at = len(mine), max(row.occurred_at for row in mine.values())
            found.append(Standing(member_id, last.identity_id, days, streaks.longest(mine), days, at))
    return found


def by_rule(sop: Challenge, name: str, prize: Prize, all_of_them: Sequence[Standing]) -> list[Standing]:
    """Everybody in the order of a prize's rule; of equals the one who got there first. None by choice."""
    if prize.by == CHOICE:
        return []
    if prize.by == "抽签":
        order = sorted(all_of_them, key=lambda one: one.member_id)
        random.Random(f"{sop.id}:{name}").shuffle(order)
        return order
    return sorted(all_of_them, key=lambda one: (-one.count(prize.by), one.at, one.member_id))


def winners(ctx: Ctx, sop: Challenge) -> dict[str, list[int]]:
    """The identities to whom each prize goes as things stand: those by rule, and what was chosen."""
    all_of_them, chosen = standings(ctx, sop), choices(ctx, sop)
    return {
        name: chosen.get(name, [])
        if prize.by == CHOICE
        else [one.identity_id for one in by_rule(sop, name, prize, all_of_them)[: prize.seats]]
        for name, prize in sop.prizes.items()
    }


def choices(ctx: Ctx, sop: Challenge) -> dict[str, list[int]]:
    """What the operators chose, as identities by prize."""
    run = runs.find(ctx.tx, sop.id, WHOLE, "prizes")
    return {} if run is None else run.state


def choose(ctx: CommandContext) -> None:
    """``/选奖 餐桌 故事奖 M37 M41``: what was chosen before for this prize is chosen no more."""
    sop, rest = which(ctx, ctx.args)
    if sop is None:
        return
    name = rest[0] if rest else ""
    prize = sop.prizes.get(name)
    if prize is None or prize.by != CHOICE:
        by_choice = [known for known, it in sop.prizes.items() if it.by == CHOICE]
        ctx.reply(f"要您挑的奖：{'、'.join(by_choice)}。" if by_choice else f"{sop.name}没有要您挑的奖。")
        return
    if ended(ctx, sop):
        ctx.reply(f"{sop.name}已经收官，奖也发了，不能再改。")
        return
    people = _people(ctx, sop, prize, rest[1:])
    if people is not None:
        run = ctx.kind_context(sop).open_run(WHOLE, "prizes")
        ctx.kind_context(sop).keep(run, {**run.state, name: [one.identity_id for one in people]})
        names = "、".join(f"M{one.number} {harmless_name(one.name)}" for one in people)
        ctx.reply(f"{name}选好了：{names}。收官时公布，之前可以重选。")


def _people(
    ctx: CommandContext, sop: Challenge, prize: Prize, typed: Sequence[str]
) -> list[directory.Person] | None:
    """The members whose numbers were typed; None where something is wrong, and was said."""
    numbers = [int(found[1]) for word in typed if (found := re.fullmatch(r"[Mm]?(\d{1,9})", word))]
    if not numbers or len(numbers) != len(typed):
        ctx.reply("请写会员编号，像 /选奖 餐桌 故事奖 M37 M41。")
        return None
    if len(set(numbers)) > prize.seats:
        ctx.reply(f"这个奖只有{prize.seats}个名额。")
        return None
    took_part, found_people = set(streaks.tables(ctx, sop)), []
    for number in dict.fromkeys(numbers):
        person = directory.member_numbered(ctx.tx, number, ctx.account)
        if person is None or person.member_id not in took_part:
            ctx.reply(f"M{number} 没有打过卡，没有选。")
            return None
        found_people.append(person)
    return found_people


def show_winners(ctx: CommandContext) -> None:
    """Who would win if it were over now; nothing is given yet."""
    sop, _ = which(ctx, ctx.args)
    if sop is None:
        return
    if not sop.prizes:
        ctx.reply(f"{sop.name}没有设奖。")
        return
    all_of_them = standings(ctx, sop)
    lines = [_preview(ctx, sop, name, prize, all_of_them) for name, prize in sop.prizes.items()]
    over = ended(ctx, sop)
    ctx.reply("\n".join([f"{sop.name} {'获奖' if over else '目前'}：", *lines]))


def _preview(
    ctx: CommandContext, sop: Challenge, name: str, prize: Prize, all_of_them: Sequence[Standing]
) -> str:
    """A prize's line; where others have as much as the last winner, it says why they do not win."""
    order = by_rule(sop, name, prize, all_of_them)
    first, after = order[: prize.seats], order[prize.seats :]
    who = choices(ctx, sop).get(name, []) if prize.by == CHOICE else [one.identity_id for one in first]
    names = names_of(ctx, who)
    counts = [f"{one.count(prize.by)}{_COUNTED[prize.by]}" for one in first] if prize.by in _COUNTED else []
    shown = [f"{one} {count}" for one, count in zip(names, counts, strict=True)] if counts else names
    line = f"{name}（{len(who)}/{prize.seats}）：{'、'.join(shown) or '还没有'}"
    tied = [one for one in after if counts and one.count(prize.by) == first[-1].count(prize.by)]
    return f"{line}；另有{len(tied)}人一样多，先到的在前" if tied else line


def names_of(ctx: Ctx, identity_ids: Sequence[int]) -> list[str]:
    """How these people are called here, in this order."""
    names = shown_names(ctx.tx, set(identity_ids), None if ctx.room is None else ctx.room.id)
    return [harmless_name(names[who]) for who in identity_ids if who in names]


def ended(ctx: Ctx, sop: Challenge) -> bool:
    """Whether it was closed, by the calendar or by an admin."""
    run = runs.find(ctx.tx, sop.id, WHOLE, "close")
    return run is not None and "winners" in run.state


def which(ctx: CommandContext, args: Sequence[str]) -> tuple[Challenge | None, Sequence[str]]:
    """The challenge that the first word names, else the only one; and the words behind it."""
    known = [sop for sop in ctx.sops.sops.values() if isinstance(sop, Challenge)]
    named = [sop for sop in known if args and args[0] in (*_parts(sop), sop.id)]
    if len(named) == 1:
        return named[0], args[1:]
    if len(known) == 1:
        return known[0], args
    names = "、".join(harmless(sop.name) for sop in (named or known))
    ctx.reply(f"您说的是哪个？写上名字：{names}。" if known else "现在没有挑战。")
    return None, args


def _parts(sop: Challenge) -> set[str]:
    """Every piece of its name that is two characters or longer."""
    size = len(sop.name)
    return {sop.name[at:end] for at in range(size) for end in range(at + 2, size + 1)}
