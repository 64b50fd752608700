"""``/room enable`` and ``/room disable``: where the bot may speak and listen."""

from __future__ import annotations

from datetime import datetime

from bot.outbox.queue import Intent, Post, Priority, drop_waiting, enqueue, text
from bot.people import directory
from bot.people.directory import Room
from bot.sop.community import PrivacyWords
from bot.sop.context import CommandContext, Desk
from bot.sop.kind import Command, Where, Who
from bot.sop.loader import SopSet
from bot.sop.problems import did_you_mean
from bot.sop.templates import harmless
from bot.store.transaction import Transaction


def enable(ctx: CommandContext) -> None:
    if ctx.room is not None and ctx.room.enabled and ctx.args[:1] in ((), (ctx.room.key,)):
        ctx.reply(f"这个群已经开通了，是“{ctx.room.key}”。")
        return
    key = _wanted_key(ctx)
    if key is None:
        return
    chat = ctx.heard.message.chat
    assert chat is not None, "the command is refused outside of rooms"
    before = ctx.room if ctx.room is not None and ctx.room.enabled else None
    if before is not None:
        close_room(ctx.tx, ctx.desk, before.id, "the chat has another key now")
    room = directory.bind_room(ctx.tx, ctx.account, chat, key)
    ctx.desk.sync_timetable(ctx.tx)
    ctx.reply(f"这个群从“{before.key}”改成了“{key}”。" if before else f"开通了，这个群是“{key}”。")
    post_privacy_notice(ctx.tx, ctx.sops, ctx.account, room, ctx.heard.id, ctx.heard.occurred_at)


def _wanted_key(ctx: CommandContext) -> str | None:
    """The key that was asked for, or that the room had before, or the only one left; else say what to do."""
    taken = {room.key: room for room in directory.rooms_of(ctx.tx, ctx.account) if room.enabled}
    free = [key for key in ctx.sops.community.rooms if key not in taken]
    before = ctx.room.key if ctx.room is not None and ctx.room.key in free else ""
    key = ctx.args[0] if ctx.args else free[0] if len(free) == 1 else before
    if key in free:
        return key
    if key in taken:
        title = harmless(taken[key].title, 20) or "没有名字"
        ctx.reply(f"“{key}”已经是另一个群（{title}）了。先在那边发 /关群，再来这里开。")
    elif key:
        meant = did_you_mean(key, ctx.sops.community.rooms)
        ctx.reply(f"community.yaml 里没有“{harmless(key, 20)}”这个群{meant}")
    else:
        ctx.reply(
            f"要说是哪个群，例如 /开群 {free[0]}。还没用的有：{'、'.join(free)}。"
            if free
            else "community.yaml 里的群都开通了。要再开一个，先在那里的 rooms 加上名字。"
        )
    return None


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
    Command(("room disable", "关群"), Who.ADMIN, "让我在这个群里安静下来", disable, where=Where.ROOM),
)
