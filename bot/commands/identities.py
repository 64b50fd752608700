"""``/member merge``, ``/member split`` and ``/phone``: which accounts are one person's, and the way back."""

from __future__ import annotations

from bot.commands import people
from bot.commands.record import record
from bot.commands.wording import SURE, day
from bot.people import consent, directory, merging, phones, roles
from bot.people.directory import Person
from bot.people.merging import Entry, Kind, Proof, Why
from bot.people.phones import Given
from bot.sop import operators
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless, harmless_name

MOST = 4
"""Entries that are listed on a phone."""
PURPOSE = "phone"
LONGEST_REASON = 40
_MERGE = "这样写：/合并 M37 M81 原因，M81 会并到 M37 名下。"
_HOW = "发 /手机 加您的11位手机号，好对上您在店里的订单。\n我只留一个认不回号码的记号，不想要了发 /手机 删掉"
_FORGET = ("删掉", "删除", "不要了")


# --- staff: merge, split ---


def merge(ctx: CommandContext) -> None:
    """Say what it would do; with ``确定`` behind it, do it."""
    if not ctx.args:
        _list_claims(ctx)
        return
    sure = ctx.args[-1] == SURE
    named, reason = ctx.args[:2], " ".join(ctx.args[2:-1] if sure else ctx.args[2:])
    if len(named) < 2 or not reason:
        ctx.reply(f"要说是哪两位、为什么。{_MERGE}")
        return
    stays, gone = (people.find(ctx, name) for name in named)
    if stays is None or gone is None:
        return
    if stays.member_id == gone.member_id:
        ctx.reply(f"{people.shown(stays)} 和他们已经是一位了。")
    elif sure:
        _merge(ctx, stays, gone, harmless(reason, LONGEST_REASON))
    else:
        ctx.reply(_what_it_would_do(ctx, stays, gone, harmless(reason, LONGEST_REASON)))


def _what_it_would_do(ctx: CommandContext, stays: Person, gone: Person, reason: str) -> str:
    held = roles.roles(ctx.tx)
    both = sorted(held.get(stays.member_id, set()) | held.get(gone.member_id, set()))
    told = f"合起来的角色：{'、'.join(both)}。\n" if both else ""
    return (
        f"{people.shown(gone)} 的账号、记录、标签会都算 {people.shown(stays)} 的，以后能 /拆开。\n{told}"
        f"没错就发：/合并 M{stays.number} M{gone.number} {reason} {SURE}"
    )


def _merge(ctx: CommandContext, stays: Person, gone: Person, reason: str) -> None:
    why = Why(Proof.STAFF, ctx.person.member_id, reason)
    entry = merging.merge(ctx.tx, gone.member_id, stays.member_id, why)
    ctx.reply(f"合好了：{people.shown(gone)} 就是 {people.shown(stays)}。要拆开发 /拆开 {entry.number}")


def _list_claims(ctx: CommandContext) -> None:
    found = merging.open_claims(ctx.tx)
    if not found:
        ctx.reply(f"没有要您认的人。{_MERGE}")
        return
    more = [f"还有{len(found) - MOST}件。"] if len(found) > MOST else []
    first = found[0]
    pair = " ".join(f"M{it}" for it in _numbers(ctx, first))
    does = f"是一位：/合并 {pair} 原因；不是：/拆开 {first.number}"
    ctx.reply("\n".join([*(_line(ctx, it) for it in found[:MOST]), *more, does]))


def split(ctx: CommandContext) -> None:
    """Undo an entry by its number; of a member, list what can be undone."""
    if len(ctx.args) != 1:
        ctx.reply("这样写：/拆开 M37 看看合并过什么，再 /拆开 号。")
    elif ctx.args[0].isdecimal() and len(ctx.args[0]) < 10:
        _undo(ctx, int(ctx.args[0]))
    elif (person := people.find(ctx, ctx.args[0])) is not None:
        found = merging.of(ctx.tx, person.member_id)
        lines = [_line(ctx, entry) for entry in found[-MOST:]]
        none = f"{people.shown(person)} 没有合并过。"
        ctx.reply("\n".join([*lines, f"要拆哪个：/拆开 {found[-1].number}"]) if found else none)


def _undo(ctx: CommandContext, number: int) -> None:
    entry = merging.numbered(ctx.tx, number)
    if entry is None or entry.ended_at is not None:
        ctx.reply(f"没有 {number} 号，或者已经拆开了。发 /拆开 M编号 看看。")
        return
    merging.undo(ctx.tx, entry, ctx.person.member_id)
    done = {
        Kind.MERGED: "拆开了，账号、记录、标签各归各的",
        Kind.LINKED: "拆开了，这些账号现在不算任何人的",
        Kind.CLAIMED: "记下了，是两位",
    }
    ctx.reply(f"{done[entry.kind]}（{_what(ctx, entry)}）。")


def _line(ctx: CommandContext, entry: Entry) -> str:
    because = "同一个手机号" if entry.proof is Proof.PHONE else entry.reason or "同事说的"
    on = day(entry.at.astimezone(ctx.sops.community.zone)).split()[0]
    return f"{entry.number}｜{_what(ctx, entry)}｜{on}｜{because}"


def _what(ctx: CommandContext, entry: Entry) -> str:
    to, *gone = _numbers(ctx, entry)
    match entry.kind:
        case Kind.LINKED:
            return f"{len(entry.moved)}个店铺或平台账号→M{to}"
        case Kind.CLAIMED:
            return f"M{gone[0]} 留的手机号 M{to} 也有"
    return f"M{gone[0]}→M{to}"


def _numbers(ctx: CommandContext, entry: Entry) -> list[int]:
    """Of who stays, and of who went or claims."""
    ids = [entry.to_id] if entry.from_id is None else [entry.to_id, entry.from_id]
    return [directory.number_of_member(ctx.tx, member_id) for member_id in ids]


# --- members: their phone number ---


def phone(ctx: CommandContext) -> None:
    """The number is hashed at once: it is neither kept nor logged."""
    if ctx.rest.strip() in _FORGET:
        _forget(ctx)
        return
    number, key = phones.normal(ctx.rest), ctx.desk.phone_key
    if number is None:
        ctx.reply(_HOW)
    elif key is None:
        ctx.reply("这边还没准备好收手机号，请跟管理员说一声。")
    else:
        _note(ctx, *phones.give(ctx.tx, ctx.person, phones.hashed(key, number)))


def _note(ctx: CommandContext, given: Given, entry: Entry | None) -> None:
    if given is Given.HAS_ANOTHER:
        ctx.reply("您以前留过另一个号码。要换，先发 /手机 删掉，再发新的。")
        return
    if given is Given.CLAIMED:
        ctx.reply("收到，同事会核对一下。")
        if entry is not None:
            _call_staff(ctx, entry)
        return
    _consent(ctx, "consent_granted", given=True)
    ctx.reply("记下了，用来对上您在店里的订单。号码本身不留；不想要了发 /手机 删掉")


def _call_staff(ctx: CommandContext, entry: Entry) -> None:
    holder, _ = _numbers(ctx, entry)
    words = (
        f"M{ctx.person.number} {harmless_name(ctx.person.name)} 留的手机号，M{holder} 也有，我没有动。\n"
        f"是一位就私聊我 /合并 M{holder} M{ctx.person.number} 原因，不是就 /拆开 {entry.number}"
    )
    room = ctx.sops.community.operators
    operators.alert(ctx.tx, room, ctx.account, words, f"claim:{entry.id}", cause_id=ctx.heard.id)


def _forget(ctx: CommandContext) -> None:
    if not phones.forget(ctx.tx, ctx.person.member_id, by=ctx.person.member_id):
        ctx.reply("您没有留过手机号。")
        return
    _consent(ctx, "consent_withdrawn", given=False)
    ctx.reply("删掉了，凭号码对上的店铺账号也分开了。")


def _consent(ctx: CommandContext, name: str, *, given: bool) -> None:
    consent.decide(ctx.tx, ctx.person.member_id, PURPOSE, given=given, cause=ctx.heard.id)
    record(ctx, name, consent_scope=PURPOSE)


COMMANDS = (
    Command(
        ("member merge", "合并"),
        Who.ADMIN,
        "两位是同一个人，合成一位；先说会怎样",
        merge,
        where=Where.PRIVATE,
        usage="M37 M81 原因",
    ),
    Command(
        ("member split", "拆开"),
        Who.ADMIN,
        "合错了，拆回原样",
        split,
        where=Where.PRIVATE,
        usage="M37",
    ),
    Command(
        ("phone", "手机"),
        Who.MEMBER,
        "留手机号，对上您在店里的订单",
        phone,
        where=Where.PRIVATE,
        usage="号码",
    ),
)
