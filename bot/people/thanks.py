"""Lists of whom to thank: who is on one, and what becomes of each: approved or dropped, and sent.

Nobody is thanked twice at an occasion, nor again within a time: whoever is on a list is left alone by others,
and who turned out to be one person with somebody is thanked once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from bot.store.ids import next_number
from bot.store.mouth import thanks
from bot.store.session import insert_new, one_of
from bot.store.tables import member
from bot.store.transaction import Transaction


class State(StrEnum):
    """Where it is; from proposed to sent a human says each step."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    SENT = "sent"
    DROPPED = "dropped"


FROM: Mapping[State, frozenset[State]] = {
    State.APPROVED: frozenset({State.PROPOSED, State.DROPPED}),
    State.DROPPED: frozenset({State.PROPOSED, State.APPROVED}),
    State.SENT: frozenset({State.APPROVED}),
}
"""From which states a human may bring it to each."""


@dataclass(frozen=True, slots=True)
class Thanks:
    """``member_id`` is who they are by now."""

    number: int
    occasion: str
    member_id: int
    reasons: Sequence[Mapping[str, Any]]
    apart: int
    state: State
    at: datetime
    changed_at: datetime

    @property
    def since(self) -> datetime:
        """From when on they are not to be thanked again for a while."""
        return max(self.at, self.changed_at)


_WHO = func.coalesce(member.c.merged_into, thanks.c.member_id).label("who")
_t = thanks.c
_ALL = (
    select(_t.number, _t.occasion, _WHO, _t.reasons, _t.apart, _t.state, _t.at, _t.changed_at)
    .select_from(thanks.outerjoin(member, member.c.id == _t.member_id))
    .order_by(_t.number)
)


def _read(connection: Connection, *which: ColumnElement[bool], **parameters: object) -> list[Thanks]:
    rows = connection.execute(_ALL.where(*which), parameters)
    return [Thanks(*row[:5], State(row.state), row.at, row.changed_at) for row in rows]


def numbered(connection: Connection, numbers: Collection[int]) -> list[Thanks]:
    return _read(connection, one_of(_t.number, "numbers"), numbers=numbers)


def of_occasion(connection: Connection, occasion: str) -> list[Thanks]:
    return _read(connection, _t.occasion == occasion)


def last_occasion(connection: Connection) -> str | None:
    """The one whose list was made last."""
    return connection.execute(select(_t.occasion).order_by(_t.number.desc()).limit(1)).scalar()


def bound(connection: Connection, occasion: str, now: datetime, apart: int) -> set[int]:
    """Those who are not to be thanked at this occasion: they are on its list, be it dropped from it, or are
    on another of not long ago, by what either list says is long."""
    return {
        it.member_id
        for it in _read(connection)
        if it.occasion == occasion or (it.state is not State.DROPPED and _is_near(it, now, apart))
    }


def _is_near(it: Thanks, now: datetime, apart: int) -> bool:
    return now - it.since < timedelta(days=max(it.apart, apart))


def propose(
    tx: Transaction, occasion: str, apart: int, found: Iterable[tuple[int, Sequence[Mapping[str, Any]]]]
) -> None:
    """Put these (member, reasons) on the list."""
    rows = [
        {
            "id": tx.new_id(),
            "number": next_number(tx.connection, "thanks"),
            "occasion": occasion,
            "member_id": member_id,
            "reasons": [dict(it) for it in reasons],
            "apart": apart,
            "state": State.PROPOSED.value,
            "at": tx.now,
            "changed_at": tx.now,
            "changed_by": None,
        }
        for member_id, reasons in found
    ]
    insert_new(tx.connection, thanks, rows)


def clash(connection: Connection, it: Thanks, now: datetime) -> Thanks | None:
    """Another thanks of the same person, too near to this one: people were merged, or lists made at once."""
    for other in _read(connection, _t.state.in_([State.APPROVED.value, State.SENT.value])):
        is_another = other.member_id == it.member_id and other.number != it.number
        if is_another and (other.occasion == it.occasion or _is_near(other, now, it.apart)):
            return other
    return None


def put(tx: Transaction, it: Thanks, state: State, by: int | None) -> None:
    changed = {"state": state.value, "changed_at": tx.now, "changed_by": by}
    tx.connection.execute(update(thanks).where(_t.number == it.number).values(changed))
