"""``我的标签``, ``删标签``, ``/标签``: what is known of somebody, why, and who may change it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, select

from bot.commands.people import find, shown
from bot.commands.record import record
from bot.people import consent, directory, tag_wishes, tags
from bot.people.directory import Person
from bot.people.tags import BEHAVIOUR, MESSAGE, PURCHASE, QUESTIONNAIRE, STAFF, Tag
from bot.scoring.tag_rules import CONTRIBUTION, OWN, Tagging
from bot.sop import offers
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless
from bot.store.figures import tag_hit

MOST_SHOWN = 12
GIVEN, TAKEN, REFUSED, ALLOWED = "tag_given", "tag_taken", "tag_refused", "tag_allowed"
_DROP = "tag drop"
_OTHERS = "其他"
_LONGEST = 20


# --- 我的标签 ---


def mine(ctx: CommandContext) -> None:
    found = [*_told(ctx, ctx.person)]
    if not found:
        ctx.reply("您还没有标签。以后聊到什么、做了什么、买了什么，会慢慢有；健康、家人、信仰这些从不记。")
    else:
        ctx.reply("\n".join(["您的标签（您和运营看得到）：", *found[:MOST_SHOWN]]))
        ctx.reply(f"不要哪个，发“删标签 {_keys(ctx, ctx.person)[0]}”，以后也不再打。")
    if consent.declined(ctx.tx, ctx.person.member_id, consent.PERSONAL):
        ctx.reply("您关闭了个性化，不从您说的、做的里推断。")


def _told(ctx: CommandContext, person: Person) -> Iterator[str]:
    """Each tag in force, by dimension, and why."""
    rows, counts = tags.rows_of(ctx.tx, person.member_id), _counts(ctx, person)
    dimension_of = _rules(ctx).keys
    for key in _keys(ctx, person):
        dimension = dimension_of.get(key, _OTHERS)
        here = [row for row in rows if row.key == key]
        why = "；".join(_why(here, counts.get(key, {}), dimension))
        low = "（不太在意）" if tags.of(ctx.tx, person.member_id)[key].score < 0 else ""
        yield f"{dimension} {harmless(key, _LONGEST)}{low}：{why}"


def _keys(ctx: CommandContext, person: Person) -> list[str]:
    """Those in force, by dimension and the strongest first."""
    dimensions = [*_rules(ctx).dimensions, _OTHERS]
    dimension_of = _rules(ctx).keys
    known = tags.of(ctx.tx, person.member_id)
    return sorted(
        known, key=lambda key: (dimensions.index(dimension_of.get(key, _OTHERS)), -known[key].score, key)
    )


def _why(rows: Sequence[Row[Any]], counts: Mapping[str, int], dimension: str) -> Iterator[str]:
    sources = {row.source for row in rows}
    if STAFF in sources:
        yield "同事打的"
    if QUESTIONNAIRE in sources:
        yield "问卷"
    if dimension == CONTRIBUTION and BEHAVIOUR in sources:
        yield "贡献分（发“怎么算”看明细）"
    elif BEHAVIOUR in sources:
        yield f"做过 {counts[BEHAVIOUR]} 次" if BEHAVIOUR in counts else "参加过活动"
    if MESSAGE in counts:
        yield f"聊过 {counts[MESSAGE]} 天"
    if PURCHASE in counts:
        yield f"买过 {counts[PURCHASE]} 次"


def _counts(ctx: CommandContext, person: Person) -> dict[str, dict[str, int]]:
    """By key: on how many days they spoke of it, how often they did or bought it."""
    h, accounts = tag_hit.c, directory.identities_of(ctx.tx, person.member_id)
    query = select(h.key, h.source, func.count(h.day.distinct()), func.sum(h.times))
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    mine = query.where(h.identity_id.in_(accounts)).group_by(h.key, h.source)
    for key, source, days, times in ctx.tx.connection.execute(mine):
        found[key][source] = days if source == MESSAGE else int(times)
    return dict(found)


def _rules(ctx: CommandContext) -> Tagging:
    """Of a file with mistakes nothing is known."""
    return ctx.sops.tagging or Tagging()


# --- 删标签, 恢复标签 ---


def drop(ctx: CommandContext) -> None:
    """Refuse a tag for good."""
    there = _keys(ctx, ctx.person)
    if len(ctx.args) != 1:
        ctx.reply(f"要删哪个？例如：删标签 {there[0]}" if there else "您还没有标签。")
        return
    key = ctx.args[0]
    if key not in there:
        ctx.reply(
            f"您没有“{harmless(key, _LONGEST)}”这个标签{did_you_mean(key, there, '。发“我的标签”看全部。')}"
        )
        return
    ctx.can_undo({"was": tag_wishes.as_it_is(ctx.tx, ctx.person.member_id, key)})
    tag_wishes.refuse(ctx.tx, ctx.person.member_id, key)
    record(ctx, REFUSED, object_type="tag", object_id=key)
    ctx.reply(f"删了，以后也不会再给您打“{key}”。点错了，发“恢复标签 {key}”。")


def drop_undone(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    tag_wishes.bring_back(ctx.tx, args["was"])
    key = args["was"][0]["key"]
    record(ctx, ALLOWED, object_type="tag", object_id=key)
    ctx.reply(f"恢复了，“{key}”和原来一样。")
    return True


def restore(ctx: CommandContext) -> None:
    """As it was, if it was refused a moment ago; else they may have it again by what they do."""
    if len(ctx.args) != 1:
        ctx.reply("要恢复哪个？例如：恢复标签 番茄")
        return
    key, last = ctx.args[0], offers.last_to_undo(ctx.tx, ctx.whose)
    if last is not None and last.command == _DROP and last.args["was"][0]["key"] == key:
        offers.use(ctx.tx, last.id)
        drop_undone(ctx, last.args)
    elif tag_wishes.allow_again(ctx.tx, ctx.person.member_id, key):
        record(ctx, ALLOWED, object_type="tag", object_id=key)
        ctx.reply(f"好的，以后聊到、做到，可以再有“{key}”。")
    else:
        ctx.reply(f"您没有删过“{harmless(key, _LONGEST)}”。")


# --- /标签 ---


def of_member(ctx: CommandContext) -> None:
    """``M37`` lists them with why, ``M37 老朋友 [原因]`` gives one, ``M37 -老朋友`` takes it back."""
    if not ctx.args:
        ctx.reply("这样写：/标签 M37 老朋友 原因；收回写 /标签 M37 -老朋友；看全部发 /标签 M37。")
        return
    person = find(ctx, ctx.args[0])
    if person is None:
        return
    if len(ctx.args) == 1:
        found = [*_told(ctx, person)][:MOST_SHOWN]
        ctx.reply(
            "\n".join([f"{shown(person)} 的标签：", *found] if found else [f"{shown(person)} 没有标签。"])
        )
        return
    key = ctx.args[1].lstrip("-－")
    (_give if key == ctx.args[1] else _take)(ctx, person, key)


def _give(ctx: CommandContext, person: Person, key: str) -> None:
    known = _vocabulary(ctx)
    if key not in known:
        there = f"。自己的标签写在 tags.yaml 的 own 里{_examples(ctx)}。"
        ctx.reply(f"没有“{harmless(key, _LONGEST)}”这个标签{did_you_mean(key, known, there)}")
        return
    before = _by_staff(ctx, person, key)
    if not tags.put(ctx.tx, person, Tag(key, 1.0, source=STAFF), ctx.heard.id):
        ctx.reply(f"没有打：本人删过“{key}”，不能再打。")
        return
    why = {"why": " ".join(ctx.args[2:])[:50]}
    record(ctx, GIVEN, about=person, object_type="tag", object_id=key, props=why)
    ctx.can_undo({"number": person.number, "key": key, "was": before})
    ctx.reply(f"好的，{shown(person)} 有“{key}”了。本人看得到。")


def _take(ctx: CommandContext, person: Person, key: str) -> None:
    before = _by_staff(ctx, person, key)
    if not before:
        ctx.reply(f"{shown(person)} 没有同事打的“{harmless(key, _LONGEST)}”。别处来的，只有本人能删。")
        return
    _drop_staffs(ctx, person, key)
    ctx.can_undo({"number": person.number, "key": key, "was": before})
    ctx.reply(f"收回了 {shown(person)} 的“{key}”。")


def change_back(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    person, key = directory.member_numbered(ctx.tx, args["number"], ctx.account), args["key"]
    if person is None or (person.member_id, key) in tag_wishes.refused(ctx.tx.connection, [person.member_id]):
        ctx.reply("撤销不了：本人后来删了这个标签，或者人已经不在了。")
        return False
    _drop_staffs(ctx, person, key)
    if args["was"]:
        tag_wishes.bring_back(ctx.tx, args["was"])
    ctx.reply(f"撤销了，{shown(person)} 的“{key}”和原来一样。")
    return True


def _by_staff(ctx: CommandContext, person: Person, key: str) -> list[dict[str, Any]]:
    known = tag_wishes.as_it_is(ctx.tx, person.member_id, key)
    return [row for row in known if row["source"] == STAFF and row["refused_at"] is None]


def _drop_staffs(ctx: CommandContext, person: Person, key: str) -> None:
    if tags.take_away(ctx.tx, person, key, STAFF, ctx.heard.id):
        record(ctx, TAKEN, about=person, object_type="tag", object_id=key)


def _vocabulary(ctx: CommandContext) -> Collection[str]:
    """All tags that there are; what nobody wrote down nobody is called."""
    given = {key for sop in ctx.sops.declared.values() for key in sop.gives_tags()}
    return sorted({*_rules(ctx).keys, *given})


def _examples(ctx: CommandContext) -> str:
    there = _rules(ctx).dimensions[OWN]
    return f"，现有：{'、'.join(there[:6])}" if there else ""


COMMANDS = (
    Command(
        ("my tags", "我的标签"),
        Who.MEMBER,
        "我有哪些标签，怎么来的",
        mine,
        Where.PRIVATE,
        words=("我的标签",),
    ),
    Command(
        (_DROP, "删标签"),
        Who.MEMBER,
        "删掉自己的一个标签，以后也不再打",
        drop,
        Where.PRIVATE,
        usage="番茄",
        leads=("删标签",),
        undo=drop_undone,
    ),
    Command(
        ("tag restore", "恢复标签"),
        Who.MEMBER,
        "删错了，恢复一个标签",
        restore,
        Where.PRIVATE,
        usage="番茄",
        leads=("恢复标签",),
    ),
    Command(
        ("member tag", "标签"),
        Who.STAFF,
        "一位成员的标签和由来；打一个，或者收回",
        of_member,
        Where.DESK,
        usage="M37 [-]老朋友 [原因]",
        recorded=2,
        undo=change_back,
    ),
)
