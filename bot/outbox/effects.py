"""From a row of the outbox to what the channel takes, with the platform's ids and the names of today."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import bindparam, select

from bot.channels.base import (
    Effect,
    File,
    FriendAcceptance,
    Invitation,
    InvitationAcceptance,
    Message,
    Picture,
    can_be_mentioned,
)
from bot.outbox.queue import AnyRow, Kind
from bot.people import consent
from bot.store.quick import once
from bot.store.tables import identity, membership, room_address
from bot.store.transaction import Transaction


def effect(tx: Transaction, row: AnyRow) -> Effect:
    chat = None if row.room_id is None else _chat_id(tx, row.account, row.room_id)
    person = None if row.identity_id is None else _person_id(tx, row.identity_id)
    match row.kind:
        case Kind.PICTURE:
            return Picture(row.id, Path(row.payload["path"]), chat, person)
        case Kind.FILE:
            return File(row.id, Path(row.payload["path"]), person or "")
        case Kind.ACCEPT_FRIEND:
            return FriendAcceptance(row.id, row.payload["request_id"])
        case Kind.ACCEPT_INVITATION:
            return InvitationAcceptance(row.id, row.payload["invitation_id"])
        case Kind.INVITE:
            return Invitation(row.id, _chat_id(tx, row.account, row.payload["room_id"]), person or "")
    return Message(row.id, row.payload["text"], chat, person, _mentions(tx, row), "at_all" in row.payload)


def _person_id(tx: Transaction, identity_id: int) -> str:
    return str(tx.connection.execute(_PERSON_ID, {"this": identity_id}).scalar_one())


def _chat_id(tx: Transaction, account: str, room_id: int) -> str:
    here = {"here": room_id, "mine": account}
    return str(tx.connection.execute(_CHAT_ID, here).scalar_one())


# Built once: building them takes longer than its execution.
_PERSON_ID = once(select(identity.c.external_id).where(identity.c.id == bindparam("this")))
_CHAT_ID = once(
    select(room_address.c.platform_id).where(
        room_address.c.room_id == bindparam("here"), room_address.c.account == bindparam("mine")
    )
)


def _mentions(tx: Transaction, row: AnyRow) -> tuple[tuple[str, str], ...]:
    """The people to be mentioned, as (platform id, name here), but for those who do not want it.

    Nor is anybody whose name would mention others, or break the line.
    """
    ids = row.payload["mentions"]
    if not ids:
        return ()
    here = (membership.c.identity_id == identity.c.id) & (membership.c.room_id == row.room_id)
    query = (
        select(
            identity.c.id, identity.c.member_id, identity.c.external_id, identity.c.name, membership.c.alias
        )
        .select_from(identity.outerjoin(membership, here))
        .where(identity.c.id.in_(ids))
    )
    found = {r.id: r for r in tx.connection.execute(query)}
    declined = consent.opted_out(tx, [r.member_id for r in found.values()])
    wanted = [found[i] for i in ids if i in found and found[i].member_id not in declined]
    named = ((r.external_id, r.alias or r.name) for r in wanted)
    return tuple((id, name) for id, name in named if can_be_mentioned(name))
