"""What was sent while time was played, what waits, and what the guard kept back: read from the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.outbox.brakes import BrakeKind
from bot.outbox.queue import Kind, State
from bot.store.tables import brake, identity, interaction, member, outgoing, room

AnyRow = Row[*tuple[Any, ...]]


class Result(StrEnum):
    """What becomes of a message within the time that is played."""

    SENT = "sent"
    HELD = "held"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Planned:
    """A message, and what becomes of it ``at`` some moment.

    It goes to a ``room`` (its key) or, in private, to a ``member`` (37 for M37). ``step`` is what the SOP
    does then, by the name of its behaviour, in ``template``'s words. ``rule`` is the last of the guard's
    that kept it back, even if it was sent in the end; ``until``: when what is held is looked at again.
    """

    at: datetime
    due_at: datetime
    room: str | None
    member: int | None
    sop: str
    step: str
    template: str
    intent: str
    text: str
    pictures: tuple[str, ...]
    result: Result
    rule: str | None
    until: datetime | None


_RESULTS = {
    State.SENT: Result.SENT,
    State.UNKNOWN: Result.SENT,
    State.QUEUED: Result.HELD,
    State.SENDING: Result.HELD,
    State.EXPIRED: Result.EXPIRED,
    State.DROPPED: Result.REFUSED,
}
STOPPED = BrakeKind.STOPPED.value
"""Stands for a rule where all sending was stopped by hand."""
_WAITED = (Result.HELD, Result.EXPIRED)
_SHOWN = (Kind.TEXT, Kind.PICTURE)


def planned(connection: Connection, account: str, since: datetime, now: datetime) -> list[Planned]:
    """What became of the account's messages from ``since`` until ``now``, in the order in which it did."""
    open_then = outgoing.c.settled_at.is_(None) | (outgoing.c.settled_at >= since)
    untried = outgoing.c.sending_at.is_(None) | (outgoing.c.sending_at >= since)
    query = (
        select(outgoing, room.c.key.label("room_key"), member.c.number)
        .select_from(
            outgoing.outerjoin(room, room.c.id == outgoing.c.room_id)
            .outerjoin(identity, identity.c.id == outgoing.c.identity_id)
            .outerjoin(member, member.c.id == identity.c.member_id)
        )
        .where(outgoing.c.account == account, open_then, untried, outgoing.c.kind.in_(_SHOWN))
        .order_by(outgoing.c.post_id, outgoing.c.sequence)
    )
    kept_back = _kept_back(connection, account, since)
    posts: dict[int, list[AnyRow]] = {}
    for row in connection.execute(query):
        posts.setdefault(row.post_id, []).append(row)
    otherwise = STOPPED if _is_stopped(connection, account) else None
    found = [_planned(parts, kept_back, otherwise, now) for parts in posts.values()]
    return sorted((it for it in found if it is not None), key=lambda it: it.at)


def _kept_back(connection: Connection, account: str, since: datetime) -> Mapping[int, str]:
    """The last rule that kept a row back, by the row's id."""
    query = (
        select(interaction.c.source_id, interaction.c.props)
        .where(interaction.c.source == f"outbox:{account}", interaction.c.name == "send_suppressed")
        .where(interaction.c.occurred_at >= since)
        .order_by(interaction.c.id)
    )
    return {int(row.source_id.partition(":")[0]): row.props["rule"] for row in connection.execute(query)}


def _is_stopped(connection: Connection, account: str) -> bool:
    stop = select(brake.c.since).where(brake.c.account == account, brake.c.kind == BrakeKind.STOPPED)
    return connection.execute(stop).first() is not None


def _planned(
    parts: Sequence[AnyRow], kept_back: Mapping[int, str], otherwise: str | None, now: datetime
) -> Planned | None:
    """The post of these rows; None where it became nothing for a reason that is not the guard's."""
    first = parts[0]
    result = _result(first, now)
    rule = kept_back.get(first.id) or first.held_by or (otherwise if result in _WAITED else None)
    if result is None or (result is Result.REFUSED and rule is None):
        return None
    step, template = _occasion(first)
    return Planned(
        at=_moment(first, result),
        due_at=first.queued_at,
        room=first.room_key,
        member=first.number if first.room_id is None else None,
        sop=first.sop_id or "",
        step=step,
        template=template,
        intent=first.intent,
        text=first.payload["text"],
        pictures=tuple(PurePath(it.payload["path"]).name for it in parts if it.kind == Kind.PICTURE),
        result=result,
        rule=rule,
        until=first.not_before if result is Result.HELD else None,
    )


def _moment(row: AnyRow, result: Result) -> datetime:
    """When it became what it is; what is held, when it is looked at again."""
    sent_at = row.sending_at if result is Result.SENT else None
    moment: datetime = sent_at or row.settled_at or row.not_before or row.queued_at
    return moment


def _result(row: AnyRow, now: datetime) -> Result | None:
    result = _RESULTS.get(State(row.state))
    is_over = result is Result.HELD and row.expires_at is not None and row.expires_at < now
    return Result.EXPIRED if is_over else result  # while nothing is sent, nobody looks at what is over


def _occasion(row: AnyRow) -> tuple[str, str]:
    """The step and the template of a message, by its key: of a slot ``SOP:step:day:room:template:…``, of a
    wait ``SOP:run:what:since:template:…``, of other occasions ``SOP:heard:id:template:…``."""
    words = row.dedupe_key.split(":")
    template = next((word for word in words if word.endswith(".j2")), "")
    if row.sop_id is None or words[0] != row.sop_id or len(words) < 3:
        return "", template
    return words[2] if words[1].isdigit() else words[1], template
