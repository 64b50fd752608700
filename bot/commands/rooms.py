"""``/room enable``, ``/room disable`` and ``/room bind``: where the bot may speak and listen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.commands.wording import SURE
from bot.events import Chat
from bot.outbox.queue import Intent, Post, Priority, drop_waiting, enqueue, text
from bot.people import directory
from bot.people.directory import Room
from bot.sop.command import CommandContext, Desk
from bot.sop.community import PrivacyWords
from bot.sop.kind import Command, Where, Who
from bot.sop.loader import SopSet
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless
from bot.store.tables import interaction, membership
from bot.store.transaction import Transaction

STILL_HEARD = timedelta(hours=1)
"""A room in which somebody spoke so lately is probably where it was, and not the chat that is to be bound."""


def enable(ctx: CommandContext) -> None:
    chat = _chat(ctx)
    directory.bind_alone(ctx.tx)
    if _is_anothers(ctx, chat):
        return
    if ctx.room is not None and ctx.room.enabled and ctx.args[:1] in ((), (ctx.room.key,)):
        ctx.reply(f"这个群已经开通了，是“{ctx.room.key}”。")
        return
    key = _wanted_key(ctx)
    if key is None:
        return
    before = ctx.room if ctx.room is not None and ctx.room.enabled else None
    if before is not None:
        close_room(ctx.tx, ctx.desk, before.id, "the chat has another key now")
    room = directory.bind_room(ctx.tx, ctx.account, chat, key)
    ctx.desk.sync_timetable(ctx.tx)
    ctx.reply(f"这个群从“{before.key}”改成了“{key}”。" if before else f"开通了，这个群是“{key}”。")
    post_privacy_notice(ctx.tx, ctx.sops, ctx.account, room, ctx.heard.id, ctx.heard.occurred_at)


def _chat(ctx: CommandContext) -> Chat:
    chat = ctx.heard.message.chat
    assert chat is not None, "the command is refused outside of rooms"
    return chat


def _is_anothers(ctx: CommandContext, chat: Chat) -> bool:
    """Whether another account of ours answers here: it heard the same command, and was faster."""
    here = directory.rooms_at(ctx.tx, ctx.account, [chat.id]).get(chat.id)
    return here is not None and here.account != ctx.account


def _wanted_key(ctx: CommandContext) -> str | None:
    """The key that was asked for, or that the room had before, or the only one left; else say what to do."""
    taken = {key: room for key, room in directory.rooms_by_key(ctx.tx).items() if room.enabled}
    free = [key for key in ctx.sops.community.rooms if key not in taken]
    before = ctx.room.key if ctx.room is not None and ctx.room.key in free else ""
    key = ctx.args[0] if ctx.args else free[0] if len(free) == 1 else before
    if key in free:
        return key
    if key in taken:
        ctx.reply(_taken(ctx, taken[key]))
    elif key:
        ctx.reply(_unknown(ctx, key))
    else:
        ctx.reply(
            f"要说是哪个群，例如 /开群 {free[0]}。还没用的有：{'、'.join(free)}。"
            if free
            else "community.yaml 里的群都开通了。要再开一个，先在那里的 rooms 加上名字。"
        )
    return None


def _taken(ctx: CommandContext, by: Room) -> str:
    if by.account != ctx.account:
        return f"“{by.key}”是另一个账号（{by.account}）的群。先让它在那边 /关群，再来这里开。"
    title = harmless(by.title, 20) or "没有名字"
    moved = f"要是同一个群换了编号，发 /绑群 {by.key}。"
    return f"“{by.key}”已经是另一个群（{title}）了。先在那边发 /关群，再来这里开；{moved}"


def _unknown(ctx: CommandContext, key: str) -> str:
    meant = did_you_mean(key, ctx.sops.community.rooms)
    return f"community.yaml 里没有“{harmless(key, 20)}”这个群{meant}"


def post_privacy_notice(
    tx: Transaction,
    sops: SopSet,
    account: str,
    room: Room,
    cause: int | None,
    asked_at: datetime | None = None,
) -> None:
    """Tell the room what is recorded, for what and for how long.

    It answers the enabling (``asked_at``), so that it comes at any hour: the record begins with it.
    """
    community = sops.community
    words = PrivacyWords(community.name, community.mission, community.privacy.keep_days, community.bot.name)
    notice = Post(
        parts=[text(sops.templates.render(community.privacy.template, words))],
        intent=Intent.REPLY,
        priority=Priority.REPLY,
        dedupe_key=f"privacy:{room.id}:{cause}",
        room_id=room.id,
        answers_at=asked_at,
        cause_id=cause,
    )
    enqueue(tx, account, notice)


def close_room(tx: Transaction, desk: Desk, room_id: int, reason: str) -> None:
    """Nothing is said or recorded in the room any more."""
    directory.disable_room(tx, room_id)
    drop_waiting(tx, room_id, reason)
    desk.sync_timetable(tx)


def disable(ctx: CommandContext) -> None:
    assert ctx.room is not None, "the command is refused outside of rooms"
    close_room(ctx.tx, ctx.desk, ctx.room.id, "the room was disabled")
    ctx.reply("好的，我在这个群里不再说话，也不再记录。要再开通发 /开群。")


# --- a chat to which the platform gave another id ---


def bind(ctx: CommandContext) -> None:
    """This chat is the key's room, which goes on with all that it has; ``确定`` where that is in doubt."""
    chat, key = _chat(ctx), ctx.args[0] if ctx.args else ""
    directory.bind_alone(ctx.tx)
    if _is_anothers(ctx, chat):
        return
    rooms = directory.rooms_by_key(ctx.tx)
    moved = rooms.get(key)
    if moved is None:
        ctx.reply(_nothing_to_bind(ctx, key, rooms))
        return
    why_not = _why_not(ctx, moved)
    if why_not is not None:
        ctx.reply(why_not)
        return
    directory.rebind_room(ctx.tx, moved, chat)
    more = "以前的记录和没发完的话都在。" if moved.enabled else "它还关着，要开通发 /开群。"
    ctx.reply(f"接上了，这个群是“{key}”，{more}")


def _nothing_to_bind(ctx: CommandContext, key: str, rooms: Mapping[str, Room]) -> str:
    if key in ctx.sops.community.rooms:
        return f"“{key}”还没有开通过，没有以前的记录可接。要在这里开通，发 /开群 {key}。"
    if key:
        return _unknown(ctx, key)
    ours = sorted(room.key for room in rooms.values() if room.account == ctx.account)
    if not ours:
        return "还没有开通过的群，没有以前的记录可接。"
    return f"要说是哪个群，例如 /绑群 {ours[0]}。开通过的有：{'、'.join(ours)}。"


def _why_not(ctx: CommandContext, moved: Room) -> str | None:
    """Why this chat cannot be the room ``moved``; None: it can."""
    key, here = moved.key, ctx.room
    if moved.account != ctx.account:
        return f"“{key}”是另一个账号（{moved.account}）的群，接不过来。"
    if here is not None and here.id == moved.id:
        return f"这个群就是“{key}”，不用绑。" if here.enabled else f"这个群就是“{key}”，要开通发 /开群。"
    if here is not None and here.enabled:
        return f"这个群现在是“{here.key}”。真要换成“{key}”，先在这里发 /关群，再发 /绑群 {key}。"
    last = None if SURE in ctx.args else _last_heard(ctx, moved)
    if last is None:
        return None
    title, at = harmless(moved.title, 20) or "没有名字", last.astimezone(ctx.sops.community.zone)
    return f"“{key}”（{title}）{at:%H:%M} 还有人说话，像是另一个群。确实是这个群，就发 /绑群 {key} {SURE}。"


def _last_heard(ctx: CommandContext, room: Room) -> datetime | None:
    """When somebody last said something in the room that is enabled, if that was lately."""
    people = select(membership.c.identity_id).where(membership.c.room_id == room.id)
    query = (
        select(func.max(interaction.c.occurred_at))
        .where(interaction.c.identity_id.in_(people), interaction.c.room_id == room.id)
        .where(interaction.c.occurred_at > ctx.now - STILL_HEARD)
    )
    return ctx.tx.connection.execute(query).scalar() if room.enabled else None


COMMANDS = (
    Command(
        ("room enable", "开群"),
        Who.ADMIN,
        "开通这个群，并发出隐私说明",
        enable,
        where=Where.ROOM,
        usage="[群名]",
        unheard_too=True,
    ),
    Command(
        ("room bind", "绑群"),
        Who.ADMIN,
        "这个群换了编号，接上它以前的记录",
        bind,
        where=Where.ROOM,
        usage=f"群名 [{SURE}]",
        unheard_too=True,
    ),
    Command(("room disable", "关群"), Who.ADMIN, "让我在这个群里安静下来", disable, where=Where.ROOM),
)
