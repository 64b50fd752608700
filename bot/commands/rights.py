"""``我的数据``, ``忘记我``, ``关闭个性化``: what members may ask of us, and admins for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from bot.commands.people import find, shown
from bot.commands.record import record
from bot.outbox.queue import Intent, Post, Priority, enqueue, file, text
from bot.people import consent, directory, roles, tag_wishes
from bot.people.directory import Person
from bot.rights import due, export
from bot.rights.export import EXPORTED
from bot.rights.folder import Folder
from bot.sop import offers
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.offers import NotTaken
from bot.store.rights import export_file
from bot.store.session import upsert
from bot.store.transaction import Errand, Transaction

KEPT_FOR = timedelta(days=1)
ASKED = "erasure_asked"
_OWN = "my-"
FORGET = "member forget"
_MINE = "forget me"
_NO_FILES = "这里给不了文件，请找管理员要。"
_SOON = "好，一分钟后全部忘掉，这是最后一条。以后您再说话，就当是新朋友。"
_OURS = "{}有角色（{}），先用 /角色 收回，再来忘记。"


# --- 我的数据, /导出 ---


def my_data(ctx: CommandContext) -> None:
    _export(ctx, ctx.person, "您的数据")


def export_member(ctx: CommandContext) -> None:
    if len(ctx.args) != 1:
        ctx.reply("这样写：/导出 M37。文件私聊发给您。")
        return
    person = find(ctx, ctx.args[0])
    if person is not None:
        _export(ctx, person, f"{shown(person)} 的数据")


def _export(ctx: CommandContext, about: Person, title: str) -> None:
    """The file is made beside the core, and handed over in private."""
    if ctx.desk.files is None:
        ctx.reply(_NO_FILES)
    elif due.is_planned(ctx.tx, about.member_id):
        ctx.reply("已经在忘记了，没有可给的。")
    elif about is ctx.person and _lies_there(ctx.tx, about.member_id):
        ctx.reply("今天给过一份了，往上翻翻；明天可以再要。")
    else:
        record(ctx, EXPORTED, **_whose(ctx, about))
        _note_file(ctx.tx, about.member_id, _name(ctx, about))
        ctx.reply("在整理，马上私聊发给您。")
        _in_the_background(ctx, about, title, Folder(ctx.desk.files))


def _whose(ctx: CommandContext, about: Person) -> dict[str, Any]:
    return {} if about is ctx.person else {"about": about}


def _name(ctx: CommandContext, about: Person) -> str:
    """Told apart by the message that asked for it."""
    day, whose = ctx.now.astimezone(ctx.sops.community.zone).date(), _OWN if about is ctx.person else ""
    return f"{whose}M{about.number}-{day:%Y%m%d}-{ctx.heard.id}.zip"


def _lies_there(tx: Transaction, member_id: int) -> bool:
    """Whether they were given one that is not deleted yet."""
    theirs = (export_file.c.member_id == member_id) & export_file.c.name.startswith(_OWN)
    return tx.connection.execute(select(export_file.c.name).where(theirs)).first() is not None


def _note_file(tx: Transaction, member_id: int, name: str) -> None:
    row = {"name": name, "member_id": member_id, "until": tx.now + KEPT_FOR}
    upsert(tx.connection, export_file, [row], ["name"])
    tx.rescheduled = True


def _in_the_background(ctx: CommandContext, about: Person, title: str, folder: Folder) -> None:
    zone, name, reader = ctx.sops.community.zone, _name(ctx, about), ctx.tx.reader

    def make(connection: Connection) -> tuple[Path, str]:
        found = export.collect(connection, about.member_id, zone)
        return folder.put(name, export.as_zip(found)), export.summary(found)

    def beside() -> tuple[Path, str] | None:
        assert reader is not None, "it is made at once otherwise"
        with reader() as connection:
            return make(connection)

    def hand_over(tx: Transaction, made: tuple[Path, str] | None) -> None:
        _hand_over(ctx, tx, title, made)

    if reader is None:
        hand_over(ctx.tx, make(ctx.tx.connection))
    else:
        ctx.tx.errands.append(Errand("data export", beside, hand_over, otherwise=None))


def _hand_over(ctx: CommandContext, tx: Transaction, title: str, made: tuple[Path, str] | None) -> None:
    said = "出了点错，没有整理成；错误已经记下。" if made is None else _told(title, made[1])
    post = Post(
        parts=[text(said)] if made is None else [text(said), file(made[0])],
        intent=Intent.REPLY,
        priority=Priority.ANSWER,
        dedupe_key=f"export:{ctx.heard.id}",
        identity_id=ctx.person.identity_id,
        answers_at=ctx.heard.occurred_at,
        expires_at=tx.now + KEPT_FOR,
        cause_id=ctx.heard.id,
    )
    enqueue(tx, ctx.account, post)


def _told(title: str, summary: str) -> str:
    return f"{title}：{summary}。\n文件在下面，data.json 是全部，表格能直接打开；我这边一天后删。"


# --- 忘记我, /忘记 ---


def forget_me(ctx: CommandContext) -> None:
    """Say what it means and give a code; with the code behind it, do it."""
    if ctx.args and ctx.args[0] != "我":
        _confirmed_by(ctx, ctx.args[0])
    elif not _may_go(ctx, ctx.person, "您"):
        return
    else:
        code = ctx.desk.new_code()
        offers.to_confirm(ctx.tx, ctx.whose, _MINE, {}, code)
        ctx.reply(
            "您说的话、图、标签、备注、问卷、手机号都会删掉，名字也不留，不能恢复；订单只留金额。\n"
            f"先要一份：我的数据。真要忘记：回“忘记 {code}”，5分钟有效"
        )


def _confirmed_by(ctx: CommandContext, code: str) -> None:
    if not (code.isdecimal() and len(code) == 4):
        ctx.reply("要忘记您自己，发“忘记我”。")
        return
    if isinstance(offers.take(ctx.tx, ctx.whose, str(int(code)), _MINE), NotTaken):
        ctx.reply("码不对或过时了，什么也没做。要忘记，再发“忘记我”。")
    elif _may_go(ctx, ctx.person, "您"):
        _plan(ctx, ctx.person)
        ctx.reply(_SOON)


def forget_member(ctx: CommandContext) -> None:
    person = find(ctx, ctx.args[0]) if len(ctx.args) == 1 else None
    if len(ctx.args) != 1:
        ctx.reply("这样写：/忘记 M37。是本人要求时才用，不能恢复。")
    elif person is not None and _may_go(ctx, person, shown(person)):
        how = ctx.to_confirm({"number": person.number})
        ctx.reply(f"要忘记 {shown(person)}：话、图、标签、备注都删，名字不留，不能恢复。{how}")


def forget_confirmed(ctx: CommandContext, args: Mapping[str, Any]) -> None:
    person = directory.member_numbered(ctx.tx, args["number"], ctx.account)
    if person is None:
        ctx.reply(f"M{args['number']} 已经没有了。")
    elif _may_go(ctx, person, shown(person)):
        _plan(ctx, person)
        ctx.reply(f"好，一分钟后忘掉 M{person.number}。")


def _may_go(ctx: CommandContext, person: Person, whom: str) -> bool:
    """Our own people first give back their roles: the last admin cannot vanish."""
    held = roles.roles(ctx.tx).get(person.member_id, ())
    if held:
        ctx.reply(_OURS.format(whom, "、".join(sorted(held))))
    elif due.is_planned(ctx.tx, person.member_id):
        ctx.reply("已经在忘记了，一分钟就好。")
        return False
    return not held


def _plan(ctx: CommandContext, person: Person) -> None:
    record(ctx, ASKED, **_whose(ctx, person))
    due.plan(ctx.tx, person.member_id)


# --- 关闭个性化, 撤回同意 ---


def impersonal(ctx: CommandContext) -> None:
    _decide(ctx, consent.PERSONAL, given=False)
    tag_wishes.be_impersonal(ctx.tx, ctx.person.member_id)
    ctx.reply(
        "好的，以后不按您的标签和喜好挑内容、找人；该有的一样有。推断出来的标签都删了，您自己答的还在。"
        "想恢复，发“打开个性化”。"
    )


def personal(ctx: CommandContext) -> None:
    _decide(ctx, consent.PERSONAL, given=True)
    ctx.reply("好的，会按您的喜好挑内容。不想要了，发“关闭个性化”。")


def withdraw_all(ctx: CommandContext) -> None:
    for purpose in (consent.CONTACT, consent.PERSONAL):
        consent.decide(ctx.tx, ctx.person.member_id, purpose, given=False, cause=ctx.heard.id)
    tag_wishes.be_impersonal(ctx.tx, ctx.person.member_id)
    record(ctx, "consent_withdrawn", consent_scope="all")
    ctx.reply(
        "撤回了：不主动找您，也不按喜好挑内容。\n手机号：/手机 删掉。要一份数据：我的数据。全部删掉：忘记我。"
    )


def _decide(ctx: CommandContext, purpose: str, *, given: bool) -> None:
    consent.decide(ctx.tx, ctx.person.member_id, purpose, given=given, cause=ctx.heard.id)
    record(ctx, "consent_granted" if given else "consent_withdrawn", consent_scope=purpose)


COMMANDS = (
    Command(
        ("my data", "我的数据"),
        Who.ANYONE,
        "我们存着的关于您的一切，一个文件",
        my_data,
        Where.PRIVATE,
        words=("我的数据", "导出我的数据"),
    ),
    Command(
        (_MINE, "忘记我"),
        Who.ANYONE,
        "删掉您的一切，不能恢复；要回一个码",
        forget_me,
        Where.PRIVATE,
        words=("忘记我", "删除我的数据"),
        leads=("忘记",),
    ),
    Command(
        ("impersonal", "关闭个性化"),
        Who.MEMBER,
        "不按您的标签和喜好挑内容",
        impersonal,
        Where.PRIVATE,
        words=("关闭个性化",),
    ),
    Command(
        ("personal", "打开个性化"),
        Who.MEMBER,
        "按您的标签和喜好挑内容",
        personal,
        Where.PRIVATE,
        words=("打开个性化",),
    ),
    Command(
        ("withdraw", "撤回同意"),
        Who.MEMBER,
        "收回您同意过的",
        withdraw_all,
        Where.PRIVATE,
        words=("撤回同意", "撤回"),
    ),
    Command(
        ("export", "导出"),
        Who.ADMIN,
        "一位成员的全部数据，一个文件，私聊给您",
        export_member,
        Where.PRIVATE,
        usage="M37",
    ),
    Command(
        (FORGET, "忘记"),
        Who.ADMIN,
        "本人要求时，忘记一位成员；要回一个码",
        forget_member,
        Where.PRIVATE,
        usage="M37",
        confirmed=forget_confirmed,
    ),
)
