"""Counting entries: who has how many tables, and how the challenge stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, Row, Select, bindparam, exists, select

from bot.people.directory import shown_names
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.index import is_for
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.templates import harmless_name
from bot.store.quick import once
from bot.store.tables import identity, interaction
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
WITHDRAWN, DUPLICATE, REJECTED, HELD = "ugc_withdrawn", "ugc_duplicate", "ugc_rejected", "ugc_held"
GONE = (WITHDRAWN, DUPLICATE, REJECTED)
OUT = (*GONE, HELD)
"""What takes an entry out; an ``ugc_restored`` that corrects it brings the entry back."""
RESTORED = "ugc_restored"
PART, PART_REMOVED = "challenge_part", "challenge_part_removed"
_REMOVAL = interaction.alias()
OneSop = str | BindParameter[Any]
OF_SOP = bindparam("sop", type_=interaction.c.programme_id.type)
"""The challenge that is named when the statement is run."""
SHOWN = 5
"""Places that a ranking shows; one's own is told in private."""


def standing_entries(
    tx: Transaction,
    sop_id: str,
    room_id: int | None = None,
    since: datetime | None = None,
    member_id: int | None = None,
    out: Collection[str] = OUT,
) -> Sequence[AnyRow]:
    """The entries that stand: (id, identity_id, member_id, occurred_at, object_id, room_id), oldest first.

    With ``out=GONE`` also those that wait for a human.
    """
    wanted = {"here": room_id, "since": since, "whose": member_id}
    asked = {name: value for name, value in wanted.items() if value is not None}
    query = _standing(tuple(asked), tuple(out))
    return tx.connection.execute(query, {**asked, "sop": sop_id}).all()


@cache
def _standing(by: tuple[str, ...], out: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    i = interaction.c
    narrower = {
        "here": i.room_id == bindparam("here"),
        "since": i.occurred_at >= bindparam("since", type_=UtcTime),
        "whose": i.identity_id.in_(identities_of("whose")),
    }
    return once(
        select(i.id, i.identity_id, identity.c.member_id, i.occurred_at, i.object_id, i.room_id)
        .select_from(interaction.join(identity, identity.c.id == i.identity_id))
        .where(i.programme_id == OF_SOP, i.name == "ugc_submitted", i.id.not_in(about(OF_SOP, out)))
        .where(*(narrower[name] for name in by))
        .order_by(i.occurred_at, i.id)
    )


def identities_of(name: str) -> Select[Any]:
    """Those of the member that the parameter ``name`` gives: to ask of each row is cheaper than to join."""
    return select(identity.c.id).where(identity.c.member_id == bindparam(name))


def about(sop: OneSop, names: Collection[str]) -> Select[Any]:
    """The entries about which there is a row of these names that nothing took back."""
    i = interaction.c
    return select(i.corrects_event_id).where(
        i.programme_id == sop,
        i.name.in_(names),
        i.corrects_event_id.is_not(None),
        i.id.not_in(undone(sop)),
    )


def undone(sop: OneSop) -> Select[Any]:
    """The rows that an ``ugc_restored`` took back."""
    i = interaction.c
    return select(i.corrects_event_id).where(
        i.programme_id == sop, i.name == RESTORED, i.corrects_event_id.is_not(None)
    )


def removed(part: FromClause) -> ColumnElement[bool]:
    """That a part was taken back, or freed for another attempt."""
    return exists().where(_REMOVAL.c.parent_event_id == part.c.id, _REMOVAL.c.name == PART_REMOVED)


def today(ctx: Context[Any] | CommandContext, sop: Challenge, room_id: int | None) -> Sequence[AnyRow]:
    """The entries of the challenge's day that it is now."""
    zone = ctx.sops.community.zone
    return standing_entries(ctx.tx, sop.id, room_id, sop.begins(sop.day_of(ctx.now, zone), zone))


def progress(ctx: CommandContext, sop: Challenge) -> str:
    day = sop.day_of(ctx.now, ctx.sops.community.zone)
    if day < sop.days.first:
        return f"{sop.days.first.month}月{sop.days.first.day}日开始"
    if day > sop.days.last:
        return "已结束"
    return f"第{(day - sop.days.first).days + 1}/{(sop.days.last - sop.days.first).days + 1}天"


def show_rank(ctx: CommandContext) -> None:
    lines = [line for sop in challenges(ctx) for line in _ranking(ctx, sop)]
    ctx.reply("\n".join(lines) or "现在没有挑战。")


def _ranking(ctx: CommandContext, sop: Challenge) -> list[str]:
    """The first five by tables (who got there first stands higher), and in private one's own place."""
    tables: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in standing_entries(ctx.tx, sop.id):
        tables[row.member_id].append(row)
    order = sorted(tables, key=lambda member: (-len(tables[member]), tables[member][-1].occurred_at))
    if not order:
        return [f"{sop.name}：还没有人打卡，等您第一桌。"]
    first = [tables[member][-1].identity_id for member in order[:SHOWN]]
    names = shown_names(ctx.tx, first, ctx.room.id if ctx.room else None)
    lines = [
        f"{place}. {harmless_name(names[who])} {len(tables[member])}桌"
        for place, (who, member) in enumerate(zip(first, order[:SHOWN], strict=True), 1)
    ]
    return [f"{sop.name} 排行", *lines, *_own_place(ctx, order, tables)]


def _own_place(ctx: CommandContext, order: list[int], tables: dict[int, list[AnyRow]]) -> list[str]:
    if ctx.room is not None:
        return []
    me = ctx.person.member_id
    if me not in order:
        return ["您还没有打卡。"]
    return [f"您排第{order.index(me) + 1}，{len(tables[me])}桌。"]


def challenges(ctx: CommandContext) -> list[Challenge]:
    """The challenges of this room; in private all."""
    found = [sop for sop in ctx.sops.sops.values() if isinstance(sop, Challenge)]
    return [sop for sop in found if ctx.room is None or is_for(sop, ctx.room.key)]
