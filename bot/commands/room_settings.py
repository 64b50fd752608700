"""``/room list`` and ``/room settings``: which rooms there are, and what applies in one."""

from __future__ import annotations

from collections.abc import Iterator

from bot.commands.find import rooms_named
from bot.commands.wording import day, short_moment
from bot.outbox import restraints, talk
from bot.outbox.guard import used
from bot.outbox.ledger import LOOKS_BACK, begun_in
from bot.people import directory
from bot.people.directory import Room
from bot.sop.command import CommandContext
from bot.sop.index import is_for
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless

NAMELESS = "community.yaml 里已经没有它：不再按时间发，要关就在群里发 /关群"


def show_list(ctx: CommandContext) -> None:
    rooms = {room.key: room for room in directory.rooms_of(ctx.tx, ctx.account)}
    lines = [_line(ctx, key, rooms.get(key)) for key in ctx.sops.community.rooms]
    nameless = directory.nameless(rooms.values(), ctx.sops.community.rooms)
    ctx.reply("\n".join([*lines, *(f"⚠ {key} 还开着，{NAMELESS}" for key in nameless)]))


def _line(ctx: CommandContext, key: str, room: Room | None) -> str:
    if room is None:
        return f"{key} 没开通过"
    if not room.enabled:
        return f"{key} 关着"
    hushed = "，在安静" if room.id in restraints.hushed(ctx.tx, ctx.account) else ""
    return f"{key} {directory.count_present(ctx.tx, room.id)}人{hushed}"


def show(ctx: CommandContext) -> None:
    if not ctx.args:
        ctx.reply("要看哪个群？例如 /群设置 会员1群。发 /群列表 看全部。")
        return
    for room in rooms_named(ctx, ctx.args[0])[:1]:
        ctx.reply("\n".join(_settings(ctx, room)))


def _settings(ctx: CommandContext, room: Room) -> Iterator[str]:
    zone = ctx.sops.community.zone
    since = "" if room.enabled_at is None else f"，{day(room.enabled_at.astimezone(zone))}开通"
    title = f"（{harmless(room.title, 20)}）" if room.title else ""
    yield f"{room.key}{title} {directory.count_present(ctx.tx, room.id)}人{since}，账号 {room.account}"
    today = ctx.now.astimezone(zone)
    yield f"今天能说话：{ctx.sops.community.rules.hours_of(today.date())}"
    yield _used(ctx, room)
    hushed = restraints.hushed(ctx.tx, ctx.account).get(room.id)
    if hushed is not None and hushed.until is not None:
        yield f"在安静，到{short_moment(ctx, hushed.until)}"
    paused = restraints.paused(ctx.tx, ctx.account)
    names = [
        f"{sop.name}（停着）" if sop.id in paused else sop.name
        for sop in ctx.sops.sops.values()
        if is_for(sop, room.key)
    ]
    yield f"SOP：{'、'.join(names) or '没有'}"
    yield "这些写在 community.yaml 里；临时的用 /安静、/暂停。"


def _used(ctx: CommandContext, room: Room) -> str:
    """Of the room's budgets, posts by hand too, as the guard counts them."""
    guard = ctx.sops.community.guard
    since = ctx.now - LOOKS_BACK
    ours = begun_in(ctx.tx, room.id, since, ctx.now)
    begun = [*ours, *talk.posts_by_hand(ctx.tx, room.id, since, ctx.now)]
    it = used(begun, ctx.sops.community.rules, ctx.now)
    return (
        f"帖子：今天{it.today}/{guard.posts_a_day} 本周{it.week}/{guard.posts_a_week}"
        f" 推广{it.promo_week}/{guard.promo_a_week}｜28天给{it.gives}要{it.asks}"
        f"｜本月@所有人{it.at_all_month}/{guard.at_all_a_month}"
    )


COMMANDS = (
    Command(("room list", "群列表"), Who.STAFF, "有哪些群，开没开通", show_list, Where.DESK),
    Command(
        ("room settings", "群设置"),
        Who.STAFF,
        "一个群能说话的时间、用掉的次数、有哪些 SOP",
        show,
        Where.DESK,
        usage="群名",
    ),
)
