"""``权益``, ``/benefit give``, ``/benefit use``, ``/benefit take``: what members have in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.commands.people import find, shown
from bot.people import directory
from bot.people.directory import Person
from bot.scoring import benefit_book, days, spending
from bot.scoring.benefit_book import Pen
from bot.scoring.benefits import BY_HAND, Kind, Lot, Step, granted
from bot.scoring.rules import Benefit
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless

MOST = 4
_FOREVER = 2**31


def show(ctx: CommandContext) -> None:
    """One's own; of others staff alone may ask."""
    person: Person | None = ctx.person
    if ctx.args:
        if ctx.standing not in (Who.STAFF, Who.ADMIN):
            ctx.reply("只能看自己的：发 权益")
            return
        person = find(ctx, ctx.args[0])
    if person is None:
        return
    mine = in_hand(ctx, person)
    for lot in mine[:MOST]:
        ctx.reply(_line(lot))
    if len(mine) > MOST:
        ctx.reply(f"还有{len(mine) - MOST}样，用掉前面的再看。")
    if not mine:
        ctx.reply("手里现在没有权益。等级到了自己会来，不用申请。")
    elif not ctx.args:
        ctx.reply("要用哪样，跟同事说一声就好。")
    if not ctx.args and purchase_grade(ctx):
        ctx.reply("购物级别看近12个月在店里买的，只有您看得到；它不影响贡献分。")


def in_hand(ctx: CommandContext, person: Person, named: str | None = None) -> list[Lot]:
    """What can be used today, that first which ends first."""
    today = _today(ctx)
    theirs = benefit_book.lots(ctx.tx.connection, [person.member_id]).get(person.member_id, [])
    here = [it for it in theirs if it.can_be_used(today) and named in (None, it.name, it.rule)]
    return sorted(here, key=lambda it: _FOREVER if it.until is None else it.until)


def in_short(ctx: CommandContext) -> Iterator[str]:
    """For 我的: a line of what is in hand, if there is any."""
    left = Counter[str]()
    for lot in in_hand(ctx, ctx.person):
        left[lot.name] += lot.balance
    if left:
        names = "、".join(f"{name}×{times}" for name, times in [*left.items()][:2])
        yield f"手里的权益：{names}{'等' if len(left) > 2 else ''}"


def purchase_grade(ctx: CommandContext) -> str:
    """V2; nothing where no benefit goes by it, or there is none."""
    scoring = ctx.sops.scoring
    if scoring is None or not scoring.has_grades:
        return ""
    member_id = ctx.person.member_id
    found = spending.stored(ctx.tx.connection, [member_id]).get(member_id)
    return f"V{found.grade}" if found is not None and found.grade else ""


def _line(lot: Lot) -> str:
    return f"{lot.name}×{lot.balance}｜{_until(lot)}"


def _until(lot: Lot) -> str:
    if lot.until is None:
        return "一直有效"
    on = days.day_of(lot.until)
    return f"到{on.year}年{on.month}月{on.day}日"


def _today(ctx: CommandContext) -> int:
    return days.number(ctx.now, ctx.sops.community.zone)


def _pen(ctx: CommandContext) -> Pen:
    return Pen(ctx.account, ctx.heard.id)


# --- what staff do ---


def give(ctx: CommandContext) -> None:
    person = _whom(ctx, "发权益")
    benefit = None if person is None else _benefit(ctx, ctx.args[1])
    if person is None or benefit is None:
        return
    lot = granted(benefit, person.member_id, _today(ctx), f"{BY_HAND}{ctx.heard.id}")
    if _written(ctx, person, [Step(lot, Kind.GRANT, benefit.times, lot.until)]):
        ctx.reply(f"发了：{shown(person)} {benefit.name}×{benefit.times}，{_until(lot)}。没有私聊告诉对方。")


def _benefit(ctx: CommandContext, named: str) -> Benefit | None:
    if ctx.sops.scoring is None:
        ctx.reply("积分规则 scoring.yaml 有错，先不发。")
        return None
    there = ctx.sops.scoring.benefits
    found = next((it for it in there if named in (it.name, it.id)), None)
    if found is None:
        names = [it.name for it in there]
        have = f"。有：{'、'.join(names[:6])}。" if names else "。在 scoring.yaml 的 benefits 里写。"
        ctx.reply(f"没有“{harmless(named, 20)}”这个权益{did_you_mean(named, names, have)}")
    return found


def use(ctx: CommandContext) -> None:
    """One of those that end first."""
    person = _whom(ctx, "用权益")
    lots = [] if person is None else _theirs(ctx, person)
    if person is None or not lots:
        return
    if _written(ctx, person, [Step(lots[0], Kind.USE, -1, lots[0].until)]):
        left = sum(it.balance for it in lots) - 1
        ctx.reply(f"记下了：{shown(person)} 用了1次{lots[0].name}，还剩{left}次。")


def take(ctx: CommandContext) -> None:
    """All of that name."""
    person = _whom(ctx, "撤权益")
    lots = [] if person is None else _theirs(ctx, person)
    if person is None or not lots:
        return
    if _written(ctx, person, [Step(it, Kind.REVERSE, -it.balance, it.until) for it in lots]):
        ctx.reply(f"撤了：{shown(person)} 的{lots[0].name}×{sum(it.balance for it in lots)}。")


def _whom(ctx: CommandContext, command: str) -> Person | None:
    if len(ctx.args) != 2:
        ctx.reply(f"这样写：/{command} M37 新品试吃")
        return None
    return find(ctx, ctx.args[0])


def _theirs(ctx: CommandContext, person: Person) -> list[Lot]:
    """Of the benefit that is named; else what they have instead."""
    found = in_hand(ctx, person, ctx.args[1])
    if not found:
        names = list(dict.fromkeys(it.name for it in in_hand(ctx, person)))
        have = f"手里有：{'、'.join(names[:6])}。" if names else "手里现在什么也没有。"
        ctx.reply(f"{shown(person)} 没有能用的“{harmless(ctx.args[1], 20)}”，{have}")
    return found


def _written(ctx: CommandContext, person: Person, steps: Sequence[Step]) -> bool:
    """Write them so that they can be undone; False where another account did something at the same moment."""
    entries = [benefit_book.write(ctx.tx, _pen(ctx), person, step) for step in steps]
    done = [it for it in entries if it is not None]
    if done:
        ctx.can_undo({"number": person.number, "entries": done})
    if len(done) < len(steps):
        ctx.reply(f"正好别人也在动这样权益，发 /权益 M{person.number} 看一眼再来。")
        return False
    return True


def undo(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    person = directory.member_numbered(ctx.tx, args["number"], ctx.account)
    assert person is not None, "members stay known"
    done = [benefit_book.undo(ctx.tx, _pen(ctx), person, it) for it in args["entries"]]
    if not all(done):
        ctx.reply("撤销不了：后来已经用掉了。" if not any(done) else "有的已经撤过，其余撤回了。")
        return any(done)
    ctx.reply(f"撤回了，{shown(person)} 的权益跟原来一样。")
    return True


COMMANDS = (
    Command(
        ("benefits", "权益"),
        Who.MEMBER,
        "我手里有什么权益，到哪天",
        show,
        Where.PRIVATE,
        words=("权益",),
        usage="[M37]",
    ),
    Command(
        ("benefit give", "发权益"),
        Who.ADMIN,
        "另外给一位成员一样权益",
        give,
        Where.DESK,
        usage="M37 名称",
        undo=undo,
    ),
    Command(
        ("benefit use", "用权益"),
        Who.ADMIN,
        "一位成员用掉了一次",
        use,
        Where.DESK,
        usage="M37 名称",
        undo=undo,
    ),
    Command(
        ("benefit take", "撤权益"),
        Who.ADMIN,
        "收回一位成员手里的一样权益",
        take,
        Where.DESK,
        usage="M37 名称",
        undo=undo,
    ),
)
