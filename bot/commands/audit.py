"""``/audit``: who typed which command when and where, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Select, exists, select

from bot.commands.people import find, is_number
from bot.commands.wording import short_moment
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.problems import Mistake
from bot.sop.schedule import parse_duration
from bot.sop.templates import harmless, harmless_name
from bot.store.tables import failure, identity, interaction, member, room, unheard

MOST = 6
REFUSED = "command_refused"
LONGEST = timedelta(days=90)


def show(ctx: CommandContext) -> None:
    """Of today, of so many days, or of one person."""
    query, since = _commands(), _midnight(ctx)
    for word in ctx.args:
        if is_number(word):
            person = find(ctx, word)
            if person is None:
                return
            query, since = query.where(identity.c.member_id == person.member_id), ctx.now - LONGEST
            continue
        try:
            since = ctx.now - min(parse_duration(word), LONGEST) if word != "今天" else since
        except Mistake:
            ctx.reply("这样写：/审计，/审计 3天，/审计 M37。")
            return
    query = query.where(interaction.c.occurred_at >= since)
    elsewhere = [] if any(map(is_number, ctx.args)) else _elsewhere(ctx, since)
    reader = ctx.tx.reader
    if reader is None:
        ctx.reply(_told(ctx, ctx.tx.connection, query, elsewhere))
        return

    def told() -> str:  # the log has no index for it, so it is read beside the core
        with reader() as connection:
            return _told(ctx, connection, query, elsewhere)

    ctx.reply_later(told)


def _told(ctx: CommandContext, connection: Connection, query: Select[Any], elsewhere: Sequence[str]) -> str:
    rows = connection.execute(query).fetchmany(MOST + 1)
    lines = [_line(ctx, row) for row in rows[:MOST]]
    more = ["……更早的还有，看一个人的：/审计 M37"] if len(rows) > MOST else []
    return "\n".join([*lines, *more, *elsewhere]) or "这段时间没有人发过命令。"


def _midnight(ctx: CommandContext) -> datetime:
    zone = ctx.sops.community.zone
    return datetime.combine(ctx.now.astimezone(zone).date(), time(), zone)


def _commands() -> Select[Any]:
    """Commands, the latest first, with whether they were refused or failed."""
    i, refusal = interaction.c, interaction.alias("refusal")
    refused = exists().where(refusal.c.parent_event_id == i.id, refusal.c.name == REFUSED)
    failed = exists().where(failure.c.interaction_id == i.id)
    joined = (
        interaction.join(identity, identity.c.id == i.identity_id)
        .join(member, member.c.id == identity.c.member_id)
        .outerjoin(room, room.c.id == i.room_id)
    )
    columns = (i.id, i.occurred_at, i.channel, i.props, identity.c.name, member.c.number, room.c.key)
    return (
        select(*columns, refused.label("refused"), failed.label("failed"))
        .select_from(joined)
        .where(i.name == "command_given")
        .order_by(i.occurred_at.desc(), i.id.desc())
    )


def _line(ctx: CommandContext, row: Any) -> str:
    where = "私聊" if row.channel == "dm" else row.key or "已换地方的群"
    args = " ".join(harmless(str(arg), 20) for arg in row.props.get("args", ()))
    typed = f"/{_chinese(ctx, row.props['command'])} {args}".rstrip()
    outcome = " ✗出错" if row.failed else " ✗没让用" if row.refused else ""
    name = harmless_name(row.name)
    return f"#{row.id} {short_moment(ctx, row.occurred_at)} M{row.number} {name} {where} {typed}{outcome}"


def _chinese(ctx: CommandContext, name: str) -> str:
    return next((it.names[-1] for it in ctx.desk.commands if it.names[0] == name), name)


def _elsewhere(ctx: CommandContext, since: datetime) -> list[str]:
    """Where nobody is heard a count a day is all that is kept."""
    first = since.astimezone(ctx.sops.community.zone).date().isoformat()
    query = select(unheard.c.command, unheard.c.times).where(unheard.c.day >= first)
    times: dict[str, int] = {}
    for name, count in ctx.tx.connection.execute(query.order_by(unheard.c.command)):
        times[name] = times.get(name, 0) + count
    counted = "，".join(f"/{_chinese(ctx, name)} {count}次" for name, count in times.items())
    return [f"没开通的群和陌生人：{counted}"] if counted else []


COMMANDS = (
    Command(
        ("audit", "审计"), Who.ADMIN, "谁在什么时候发了哪些命令", show, where=Where.PRIVATE, usage="[3天|M37]"
    ),
)
