"""A picture without words among the tables of others: its author is told once how it would count."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, exists, select

from bot.sop.context import Context
from bot.sop.kinds.challenge.board import AnyRow
from bot.sop.kinds.challenge.model import Challenge
from bot.store.quick import once
from bot.store.tables import identity, interaction, membership
from bot.store.types import UtcTime

HINTED = "challenge_hinted"
NEAR = timedelta(minutes=10)
MOST_READ = 50
_follows = interaction.alias()


def whom(ctx: Context[Challenge], entries: list[AnyRow]) -> int | None:
    """The identity of whom to tell, once a person and challenge; that they are told is recorded."""
    authors = {row.member_id for row in entries}
    for picture in _pictures(ctx, entries):
        near = any(abs(picture.occurred_at - row.occurred_at) <= NEAR for row in entries)
        if near and picture.member_id not in authors and _may_be_told(ctx, picture.member_id):
            ctx.record(HINTED, identity_id=picture.identity_id, parent=picture.id)
            return int(picture.identity_id)
    return None


def _pictures(ctx: Context[Challenge], entries: list[AnyRow]) -> list[AnyRow]:
    """Members' pictures here around these entries that are part of nothing and were not taken back."""
    times = [row.occurred_at for row in entries]
    asked = {"here": ctx.room and ctx.room.id, "since": min(times) - NEAR, "until": max(times) + NEAR}
    return list(ctx.tx.connection.execute(_LOOSE, asked))


_i = interaction.c
_used = exists().where(
    _follows.c.parent_event_id == _i.id, _follows.c.name.in_(("challenge_part", "message_recalled"))
)
_HERE = bindparam("here", type_=interaction.c.room_id.type)
_were_here = select(membership.c.identity_id).where(membership.c.room_id == _HERE)
_SINCE, _UNTIL = bindparam("since", type_=UtcTime), bindparam("until", type_=UtcTime)
_LOOSE = once(
    select(_i.id, _i.identity_id, identity.c.member_id, _i.occurred_at)
    .select_from(interaction.join(identity, identity.c.id == _i.identity_id))
    .where(_i.identity_id.in_(_were_here))  # what people said is found by who they are
    .where(_i.room_id == _HERE, _i.name == "message_posted", _i.media_count > 0)
    .where(_i.occurred_at.between(_SINCE, _UNTIL), _i.actor_role == "member", ~_used)
    .order_by(_i.id)
    .limit(MOST_READ)
)


def _may_be_told(ctx: Context[Challenge], member_id: int) -> bool:
    return not _knows(ctx, member_id) and member_id in ctx.reached([member_id])


def _knows(ctx: Context[Challenge], member_id: int) -> bool:
    """Whether somebody was told before, or has set a table already."""
    asked = {"sop": ctx.sop.id, "who": member_id}
    return ctx.tx.connection.execute(_KNOWS, asked).first() is not None


_KNOWS = once(
    select(_i.id)
    .select_from(interaction.join(identity, identity.c.id == _i.identity_id))
    .where(_i.programme_id == bindparam("sop"), _i.name.in_((HINTED, "ugc_submitted")))
    .where(identity.c.member_id == bindparam("who"))
    .limit(1)
)
