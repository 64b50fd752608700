"""``我的``, ``/score why``, ``请假``, ``/member level``: where somebody stands, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from bot.commands import benefits, word_of_mouth
from bot.commands.people import find, shown
from bot.commands.record import record
from bot.people import directory
from bot.people.directory import Person
from bot.scoring import book, days, explain, facts
from bot.scoring.explain import Reason
from bot.scoring.levels import Facts, Standing, missing
from bot.scoring.rules import Scoring
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import Mistake, did_you_mean
from bot.sop.schedule import parse_duration
from bot.sop.templates import harmless, harmless_name

MOST_REASONS = 6
MOST_GAPS = 3
NAMES = {
    "message_posted": "说话、发图",
    "link_shared": "分享链接",
    "question_asked": "提问",
    "answer_given": "回答",
    "answer_thanked": "回答被感谢",
    "window_contributed": "主题日参与",
    "ugc_submitted": "打卡",
    "ugc_approved": "打卡通过",
    "ugc_featured": "入选精选",
    "challenge_joined": "参加挑战",
    "challenge_completed": "走完挑战",
    "prize": "得奖",
    "survey_answered": "答小问卷",
    "referral_activated": "带来的朋友站住了",
}
_LOCKED_FOR = "90d"


def mine(ctx: CommandContext) -> None:
    scoring, person = _scoring(ctx), ctx.person
    if scoring is None:
        return
    identities = directory.identities_of(ctx.tx, person.member_id)
    known = facts.of_one(ctx.tx.connection, identities, scoring, ctx.sops.community.zone, ctx.now)
    stands = _standing(ctx, person)
    level, away = scoring.level(stands.level).name, "｜请假中，等级留着" if stands.away else ""
    grade = benefits.purchase_grade(ctx)
    bought = f"｜购物级别{grade}" if grade else ""
    five = " ".join(f"{name}{points:.1f}" for name, points in known.score.by_dimension.items())
    ctx.reply(f"{harmless_name(person.name)} M{person.number}｜{level}{bought}{away}")
    ctx.reply(f"贡献分{known.score.total:.1f}：{five}")
    for line in _next(ctx, scoring, stands, known):
        ctx.reply(line)
    for line in (*benefits.in_short(ctx), *word_of_mouth.in_short(ctx)):
        ctx.reply(line)
    ctx.reply("您的分怎么来的，发 /怎么算")


def show_why(ctx: CommandContext) -> None:
    """One's own score, act by act; of others staff alone may ask."""
    person: Person | None = ctx.person
    if ctx.args:
        if ctx.standing not in (Who.STAFF, Who.ADMIN):
            ctx.reply("只能看自己的：发 /怎么算")
            return
        person = find(ctx, ctx.args[0])
    scoring = _scoring(ctx)
    if person is None or scoring is None:
        return
    identities = directory.identities_of(ctx.tx, person.member_id)
    zone = ctx.sops.community.zone
    found = explain.reasons(ctx.tx.connection, identities, scoring, zone, ctx.now)
    if not found:
        ctx.reply("还没有算分的互动。")
        return
    total = sum(reason.today for reason in found)
    strongest = sorted(found, key=lambda it: (it.today, it.day), reverse=True)[:MOST_REASONS]
    ctx.reply(f"{len(found)}次互动，今天一共{total:.1f}分；算得最多的：")
    for reason in strongest:
        ctx.reply(_reason(reason))
    ctx.reply(f"每过{scoring.half_life}天，算一半。")


def _next(ctx: CommandContext, scoring: Scoring, stands: Standing, known: Facts) -> Sequence[str]:
    """What is missing to the level above."""
    if stands.level + 1 >= len(scoring.levels):
        return []
    above = scoring.levels[stands.level + 1]
    gaps = missing(above, known, _today(ctx))
    if not gaps:
        return [f"到“{above.name}”的条件都有了，明早4点升。"]
    return [f"到“{above.name}”还差：{'；'.join(gap.said for gap in gaps[:MOST_GAPS])}"]


def _reason(reason: Reason) -> str:
    at = days.day_of(reason.day)
    asked = "，应邀" if reason.prompted else ""
    name = NAMES.get(reason.name, reason.name)
    return (
        f"{at.month}-{at.day} {name} {reason.dimension}{reason.points:+.1f}{asked}，今天剩{reason.today:.1f}"
    )


def _scoring(ctx: CommandContext) -> Scoring | None:
    if ctx.sops.scoring is None:
        ctx.reply("积分规则 scoring.yaml 有错，先不算分。")
    return ctx.sops.scoring


def _today(ctx: CommandContext) -> int:
    return days.number(ctx.now, ctx.sops.community.zone)


def _standing(ctx: CommandContext, person: Person) -> Standing:
    return book.standing_of(ctx.tx.connection, person.member_id)


# --- leave, and what a human decides ---


def take_leave(ctx: CommandContext) -> None:
    _set_away(ctx, away=True)
    ctx.reply("好，您的等级给您留着，不会往下走。回来了发“销假”。")


def end_leave(ctx: CommandContext) -> None:
    was = _standing(ctx, ctx.person).away
    _set_away(ctx, away=False)
    ctx.reply("欢迎回来。" if was else "您没有请假。")


def _set_away(ctx: CommandContext, *, away: bool) -> None:
    stands = _standing(ctx, ctx.person)
    if stands.away != away:
        book.stand(ctx.tx, {ctx.person.member_id: replace(stands, away=away, low_since=None, notice=None)})


def set_level(ctx: CommandContext) -> None:
    """A human's word: it stands both ways until its time is over."""
    if len(ctx.args) < 3:
        ctx.reply(
            "这样写：/等级 M37 生活导师 培训合格。管90天，要别的天数写 /等级 M37 生活导师 365d 培训合格。"
        )
        return
    person, scoring = find(ctx, ctx.args[0]), _scoring(ctx)
    if person is None or scoring is None:
        return
    names = [level.name for level in scoring.levels]
    if ctx.args[1] not in names:
        meant = did_you_mean(ctx.args[1], names, f"。有：{'、'.join(names)}。")
        ctx.reply(f"没有“{harmless(ctx.args[1], 20)}”这一级{meant}")
        return
    lasting, why = _lasting(ctx.args[2:])
    before, today = _standing(ctx, person), _today(ctx)
    after = Standing(names.index(ctx.args[1]), today, locked=today + lasting, away=before.away)
    book.stand(ctx.tx, {person.member_id: after})
    _record_move(ctx, scoring, person, before, after, why[:50])
    ctx.can_undo({"member": person.member_id, "before": asdict(before), "after": asdict(after)})
    until = days.day_of(today + lasting)
    ctx.reply(
        f"好的，{shown(person)} 现在是“{ctx.args[1]}”，"
        f"到{until.month}月{until.day}日不自动升降。原因：{harmless(why, 30)}"
    )


def _record_move(
    ctx: CommandContext, scoring: Scoring, person: Person, before: Standing, after: Standing, why: str
) -> None:
    old, new = scoring.level(before.level).name, scoring.level(after.level).name
    moved = {"from": old, "to": new, "why": why}
    record(ctx, "level_changed", about=person, object_type="level", object_id=new, props=moved)


def take_back(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """They stand where they stood, unless a night or somebody else moved them since."""
    person = directory.known_as(ctx.tx, [args["member"]], ctx.account).get(args["member"])
    scoring = _scoring(ctx)
    if person is None or scoring is None:
        return False
    before, after = Standing(**args["before"]), Standing(**args["after"])
    if _standing(ctx, person) != after:
        ctx.reply("撤销不了：后来又改过了。")
        return False
    book.stand(ctx.tx, {person.member_id: before})
    _record_move(ctx, scoring, person, after, before, "撤销")
    ctx.reply(f"撤销了，{shown(person)} 还是“{scoring.level(before.level).name}”。")
    return True


def _lasting(words: Sequence[str]) -> tuple[int, str]:
    """For how many days, and why."""
    try:
        return max(1, parse_duration(words[0]).days), " ".join(words[1:]) or words[0]
    except Mistake:
        return parse_duration(_LOCKED_FOR).days, " ".join(words)


COMMANDS = (
    Command(
        ("me", "我的"), Who.MEMBER, "我的等级、贡献分，到下一级还差什么", mine, Where.PRIVATE, words=("我的",)
    ),
    Command(
        ("score why", "怎么算"),
        Who.MEMBER,
        "贡献分是哪些互动算出来的",
        show_why,
        Where.PRIVATE,
        words=("怎么算",),
        usage="[M37]",
    ),
    Command(("leave", "请假"), Who.MEMBER, "离开一阵，等级留着", take_leave, Where.PRIVATE, words=("请假",)),
    Command(("leave end", "销假"), Who.MEMBER, "回来了", end_leave, Where.PRIVATE, words=("销假",)),
    Command(
        ("member level", "等级"),
        Who.ADMIN,
        "由人定一位成员的等级，写明原因",
        set_level,
        Where.DESK,
        usage="M37 生活导师 [365d] 原因",
        recorded=2,
        undo=take_back,
    ),
)
