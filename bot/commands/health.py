"""``/status`` and ``/health``: how the bot is, in a line, and what admins should know when it is not well."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import func, select

from bot.commands.outbox import rest
from bot.commands.wording import moment, span
from bot.outbox import brakes, review
from bot.outbox.brakes import BrakeKind
from bot.outbox.queue import State
from bot.people import cases, directory
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.operators import waiting_for_a_human
from bot.store.tables import failure, outgoing, slot

DAY = timedelta(days=1)
MOST_FAILURES = 3


def show_status(ctx: CommandContext) -> None:
    """What went wrong, and what waits for a human, is told where no member reads it."""
    ctx.reply("｜".join([*_in_short(ctx), *(_to_be_dealt_with(ctx) if ctx.is_at_desk else [])]))


def _in_short(ctx: CommandContext) -> list[str]:
    rooms = [room for room in directory.rooms_of(ctx.tx, ctx.account) if room.enabled]
    sent, queued = _today(ctx, State.SENT), review.counts(ctx.tx, ctx.account).get(State.QUEUED, 0)
    return [_link(ctx), f"{len(rooms)}群", f"今天发{sent} 待发{queued}"]


def _to_be_dealt_with(ctx: CommandContext) -> list[str]:
    open_now = review.counts(ctx.tx, ctx.account)
    named = (
        ("投诉", len(cases.open_cases(ctx.tx, ctx.account))),
        ("扣", open_now["held"]),
        ("没发成", _today(ctx, State.FAILED)),
        ("过时作废", _today(ctx, State.EXPIRED)),
        ("去向不明", open_now.get(State.UNKNOWN, 0)),
    )
    parts = [f"{name}{count}" for name, count in named if count]
    waiting = waiting_for_a_human(ctx.tx, ctx.sops, ctx.account)
    parts += [" ".join(f"{name}{count}" for name, count in waiting.items())] if waiting else []
    return [*parts, f"{len(ctx.desk.problems)}处SOP有错"] if ctx.desk.problems else parts


def _link(ctx: CommandContext) -> str:
    stopped = BrakeKind.STOPPED in brakes.brakes(ctx.tx, ctx.account)
    return f"{ctx.desk.link}，已停发" if stopped else ctx.desk.link


def _today(ctx: CommandContext, state: State) -> int:
    zone = ctx.sops.community.zone
    today = datetime.combine(ctx.now.astimezone(zone).date(), time(), zone)
    query = select(func.count()).where(
        outgoing.c.account == ctx.account, outgoing.c.state == state, outgoing.c.settled_at >= today
    )
    return ctx.tx.connection.execute(query).scalar_one()


def show_health(ctx: CommandContext) -> None:
    ctx.reply("\n".join([*_link_lines(ctx), *_sending(ctx), *_missed(ctx), *_failures(ctx)]))


def _link_lines(ctx: CommandContext) -> Iterator[str]:
    status = ctx.desk.status
    since = "" if status.since is None else f"，{moment(ctx, status.since)}起"
    yield f"连接：{status.link}{since}"
    if status.gap is not None:
        yield f"上次断了{span(status.gap)}，那段时间群里说的话收不回来。"


def _sending(ctx: CommandContext) -> Iterator[str]:
    n = review.counts(ctx.tx, ctx.account)
    named = (("待发", State.QUEUED), ("去向不明", State.UNKNOWN), ("没发成", State.FAILED))
    counted = " ".join(f"{name}{n.get(state, 0)}" for name, state in named)
    expired = review.expired_since(ctx.tx, ctx.account, ctx.now - review.RECENT)
    yield f"发件：{counted} 扣着{n['held']} 过时作废{expired}（近7天，发 /发件箱 看）"
    stopped = brakes.brakes(ctx.tx, ctx.account).get(BrakeKind.STOPPED)
    if stopped is not None:
        yield f"停发：{moment(ctx, stopped.since)}起，发件箱也要接着发以后才答。接着发：/恢复发送"
    if (resting := rest(ctx)) is not None:
        yield f"微信说发得太频繁，歇到{moment(ctx, resting)}。"


def _missed(ctx: CommandContext) -> Iterator[str]:
    query = select(func.count()).where(slot.c.state == "missed", slot.c.handled_at >= ctx.now - 7 * DAY)
    if count := ctx.tx.connection.execute(query).scalar_one():
        yield f"近7天有{count}次到点没发（当时没在跑）。"


def _failures(ctx: CommandContext) -> Iterator[str]:
    recent = failure.c.at >= ctx.now - DAY
    count = ctx.tx.connection.execute(select(func.count()).where(recent)).scalar_one()
    if not count:
        yield "一天内没有出错。"
        return
    yield f"一天内出错{count}次，最近的："
    latest = select(failure).where(recent).order_by(failure.c.id.desc()).limit(MOST_FAILURES)
    for row in ctx.tx.connection.execute(latest):
        yield f"{moment(ctx, row.at)} {row.place}：{row.error[:80]}"


COMMANDS = (
    Command(("status", "状态"), Who.ADMIN, "是否在线，今天发了多少", show_status, despite_stop=True),
    Command(
        ("health", "健康"),
        Who.ADMIN,
        "连接、发件和出错的情况",
        show_health,
        where=Where.PRIVATE,
        despite_stop=True,
    ),
)
