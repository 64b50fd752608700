"""``我的邀请码``, ``邀请码``, ``/口碑``: by what members bring others, and who brought whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bot.commands.people import find, is_number, shown
from bot.commands.record import record
from bot.people import directory, invites, referrals, roles
from bot.people.directory import Person
from bot.people.referrals import By, Noted, Rings, Told, Word
from bot.people.roles import OURS, Standings
from bot.scoring import mouth
from bot.scoring.mouth import Mouth
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import Mistake
from bot.sop.schedule import parse_duration

NEW_FOR = timedelta(days=30)
"""So long after they came people may say who brought them."""
USUAL, LONGEST = timedelta(days=90), timedelta(days=366)
MOST = 6
HOW = {By.CODE: "邀请码", By.INVITE: "拉进群", By.ANSWER: "自己说的", By.STAFF: "同事记的"}
_SET, _DROP = "改", "删"
_HOW_TO = "记错了：/口碑 改 M37 M12（M37 是 M12 带来的），/口碑 删 M37（没有人带来）。"
_NOT_SO = {
    Noted.KNOWN: "本来就是这么记的。",
    Noted.OWN: "自己不算自己带来的。",
    Noted.ROUND: "这样会绕成一圈，先来的成了后来的人带来的。",
}
_SAID = {
    Noted.DONE: "记下了，谢谢您告诉我，也谢谢带您来的朋友。",
    Noted.KNOWN: "已经记着是谁带您来的了，不用再说。",
    Noted.OWN: "这是您自己的邀请码，给要来的朋友用的。",
    Noted.LATER: "给您这个码的朋友比您来得晚，记不上。",
}


# --- one's own code, and another's ---


def my_code(ctx: CommandContext) -> None:
    if ctx.heard.actor_role in OURS:
        ctx.reply("同事不用邀请码，带朋友来直接拉进群就好。")
        return
    code = invites.of_member(ctx.tx.connection, ctx.person.member_id) or _made(ctx)
    ctx.reply(f"您的邀请码：{code}\n朋友来的时候，在入群问卷里或者私聊我说这六位就好。")
    for line in in_short(ctx):
        ctx.reply(line)


def _made(ctx: CommandContext) -> str:
    code = ctx.desk.new_invite()
    while not invites.give(ctx.tx, ctx.person.member_id, code):
        code = ctx.desk.new_invite()
    record(ctx, "invite_created")
    return code


def in_short(ctx: CommandContext) -> Iterator[str]:
    """For 我的: a line of how many they brought, if any."""
    found = referrals.rings_of(ctx.tx.connection, ctx.person.member_id)
    if found.first:
        yield f"您带来 {len(found.first)} 位{_second(len(found.second))}"


def _second(count: int) -> str:
    return f"，再下一层 {count} 位" if count else ""


def say_code(ctx: CommandContext) -> None:
    """Somebody says whose code brought them."""
    typed = invites.within(" ".join(ctx.args))
    owners = invites.owners(ctx.tx.connection, typed)
    if not ctx.args:
        ctx.reply("朋友的邀请码这样告诉我：邀请码 K7M3QX。您自己的，发“我的邀请码”。")
    elif ctx.heard.actor_role in OURS:
        ctx.reply("同事不用邀请码。")
    elif not owners:
        ctx.reply("没有这个邀请码，对一下再发：六位，里面没有 0、1、I、L、O。")
    elif not _is_new(ctx):
        ctx.reply(f"来了超过{NEW_FOR.days}天的，就不再记是谁带来的了，谢谢您。")
    else:
        at, message = ctx.heard.occurred_at, ctx.heard.id
        owner = next(owners[it] for it in typed if it in owners)
        told = Told(ctx.person.identity_id, owner, By.CODE, at, message)
        ctx.reply(_SAID[referrals.note(ctx.tx, told)])


def _is_new(ctx: CommandContext) -> bool:
    since = referrals.met(ctx.tx, ctx.person.identity_id)
    return since is None or ctx.now - since <= NEW_FOR


# --- for our own people ---


def show(ctx: CommandContext) -> None:
    """Of the last 90 days, of so many, or of one member; or what our own people set right."""
    if ctx.args and ctx.args[0] in (_SET, _DROP):
        _set_right(ctx)
        return
    if ctx.args and is_number(ctx.args[0]):
        if (person := find(ctx, ctx.args[0])) is not None:
            _beside(ctx, lambda connection: _of_one(ctx, connection, person))
        return
    try:
        span = min(parse_duration(ctx.args[0]), LONGEST) if ctx.args else USUAL
    except Mistake:
        ctx.reply(f"这样写：/口碑，/口碑 30天，/口碑 M37。{_HOW_TO}")
        return
    _beside(ctx, lambda connection: _in_all(ctx, connection, span))


def _beside(ctx: CommandContext, tell: Callable[[Connection], Iterable[str]]) -> None:
    """All who came are looked at, so that is done beside the core."""
    reader = ctx.tx.reader
    if reader is None:
        ctx.reply("\n".join(tell(ctx.tx.connection)))
        return

    def told() -> str:
        with reader() as connection:
            return "\n".join(tell(connection))

    ctx.reply_later(told)


def _in_all(ctx: CommandContext, connection: Connection, span: timedelta) -> Iterator[str]:
    found = mouth.of(connection, ctx.now - span, ctx.sops.community.roles)
    yield f"口碑｜近{span.days}天新来 {found.came} 位"
    if not found.came:
        return
    how = [f"{HOW[by]}{count}" for by, count in found.by.items() if count]
    unnamed = [f"没说是谁{found.unnamed}"] if found.unnamed else []
    yield f"会员带来的 {_bounds(found)}：{' '.join([*how, *unnamed]) or '还没有'}"
    days = "" if ctx.sops.scoring is None else f"（来满{ctx.sops.scoring.referral.days}天）"
    yield f"其中站住了的{days}{found.stayed} 位"
    names = directory.called(connection, [it for it, _ in found.bringers], ctx.account)
    lines = [_line(names[it], rings) for it, rings in found.bringers if it in names]
    yield from ["带来最多：", *lines] if lines else []


def _bounds(found: Mouth) -> str:
    least, most = (f"{count * 100 / found.came:.0f}%" for count in (found.least, found.most))
    if found.least == found.most:
        return f"{found.least} 位（{least}）"
    return f"{found.least}–{found.most} 位（{least}–{most}，少的有据，多的加上自己说的）"


def _line(person: Person, rings: Rings) -> str:
    return f"{shown(person)} {len(rings.first)} 位{_second(len(rings.second))}"


def _of_one(ctx: CommandContext, connection: Connection, person: Person) -> Iterator[str]:
    came = referrals.of(connection, [person.member_id]).get(person.member_id)
    brought = referrals.brought_by(connection, [person.member_id])
    rings, done = referrals.rings_of(connection, person.member_id), referrals.activated(connection)
    names = directory.called(connection, [*brought, *([] if came is None else _bringer(came))], ctx.account)
    yield f"{shown(person)}｜{_came_by(ctx, came, names)}"
    yield f"带来 {len(rings.first)} 位{_second(len(rings.second))}"
    latest = sorted(brought.values(), key=lambda it: (it.at, it.id), reverse=True)
    for word in latest[:MOST]:
        yield f"{_name(names, word.came)} {_how(ctx, word)}{' 站住了' if word.id in done else ''}"


# --- set right by hand ---


def _set_right(ctx: CommandContext) -> None:
    """``改 M37 M12``: it was M12 who brought M37; ``删 M37``: nobody did."""
    if len(ctx.args) != (3 if ctx.args[0] == _SET else 2):
        ctx.reply(f"这样写：{_HOW_TO}")
        return
    people = [person for named in ctx.args[1:] if (person := find(ctx, named)) is not None]
    if len(people) < len(ctx.args) - 1 or _names_ours(ctx, people):
        return
    came, by = people[0], people[1] if len(people) > 1 else None
    before = referrals.last_word(ctx.tx.connection, came.member_id)
    if by is None and (before is None or before.is_of_nobody):
        ctx.reply(f"{shown(came)} 本来就没有记着谁带来的。")
        return
    at = before.at if before else referrals.met(ctx.tx, came.identity_id) or ctx.now
    told = Told(came.identity_id, None if by is None else by.identity_id, By.STAFF, at, ctx.heard.id)
    _say_what_came_of_it(ctx, referrals.note(ctx.tx, told), came, by)


def _names_ours(ctx: CommandContext, people: Iterable[Person]) -> bool:
    """Our own people bring nobody, and are brought by nobody; says so."""
    standings = Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    ours = [shown(it) for it in people if standings.actor_role(it.member_id) in OURS]
    if ours:
        ctx.reply(f"{'、'.join(ours)} 是同事，不算口碑。要写成没有人带来：/口碑 删 M37。")
    return bool(ours)


def _say_what_came_of_it(ctx: CommandContext, noted: Noted, came: Person, by: Person | None) -> None:
    if noted is not Noted.DONE:
        assert by is not None, "nobody cannot be in the way"
        ctx.reply(f"没有改：{_NOT_SO[noted]}")
        return
    word = referrals.last_word(ctx.tx.connection, came.member_id)
    assert word is not None, "our own people's last word is the strongest"
    ctx.can_undo({"member": came.member_id, "word": word.id})
    whom = "没有人带来" if by is None else f"{shown(by)} 带来的"
    ctx.reply(f"好的，{shown(came)} 记成{whom}，分今晚跟着改。10分钟内可 /撤销。")


def take_back(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """What was known before counts again, unless somebody said otherwise since."""
    word = referrals.last_word(ctx.tx.connection, args["member"])
    if word is None or word.id != args["word"] or not referrals.withdraw(ctx.tx, word):
        ctx.reply("撤销不了：后来又改过了。")
        return False
    before = referrals.of(ctx.tx.connection, [args["member"]]).get(args["member"])
    names = directory.called(
        ctx.tx.connection, [args["member"], *([] if before is None else _bringer(before))], ctx.account
    )
    ctx.reply(f"撤销了，{_name(names, args['member'])}：{_came_by(ctx, before, names)}。")
    return True


# --- how it is said ---


def _bringer(word: Word) -> list[int]:
    return [] if word.brought_by is None else [word.brought_by]


def _came_by(ctx: CommandContext, word: Word | None, names: Mapping[int, Person]) -> str:
    if word is None:
        return "不知道是谁带来的"
    whom = "朋友（没说是谁）" if word.brought_by is None else _name(names, word.brought_by)
    return f"{whom} 带来的（{_how(ctx, word)}）"


def _how(ctx: CommandContext, word: Word) -> str:
    local = word.at.astimezone(ctx.sops.community.zone)
    return f"{HOW[word.by]} {local.month}月{local.day}日"


def _name(names: Mapping[int, Person], person: int) -> str:
    return shown(names[person]) if person in names else "一位朋友"


COMMANDS = (
    Command(
        ("invite code", "我的邀请码"),
        Who.MEMBER,
        "朋友来的时候说它，就知道是您带来的",
        my_code,
        Where.PRIVATE,
        words=("我的邀请码", "邀请码"),
    ),
    Command(
        ("invited by", "邀请码"),
        Who.ANYONE,
        "告诉我是谁带您来的",
        say_code,
        Where.PRIVATE,
        usage="K7M3QX",
        leads=("邀请码",),
    ),
    Command(
        ("word of mouth", "口碑"),
        Who.STAFF,
        "新来的有多少是会员带来的，谁带来最多；一位成员是谁带来的，带来了谁；记错了改",
        show,
        Where.DESK,
        usage="[30天|M37|改 M37 M12|删 M37]",
        undo=take_back,
    ),
)
