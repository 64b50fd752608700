"""What members spend in the shop, and their purchase grade by it: an axis of its own, that moves no level."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from bot.scoring.daybook import MEMBERS
from bot.scoring.orders import PAID, REFUNDED, standing
from bot.scoring.rules import Purchase
from bot.store.benefits import spending
from bot.store.reading import about, stream
from bot.store.session import upsert
from bot.store.tables import identity, interaction
from bot.store.transaction import Transaction

YEAR = timedelta(days=365)


class Spent(NamedTuple):
    member_id: int
    cents: int
    grade: int


def grades(cents: Mapping[int, int], purchase: Purchase) -> dict[int, int]:
    """The grade of each buyer, by the share of buyers who are worth less."""
    ranked = sorted(it for it in cents.values() if it > 0)
    if len(ranked) < purchase.buyers:
        return dict.fromkeys(cents, 0)
    return {
        member_id: sum(bisect_left(ranked, it) >= share * len(ranked) for share in purchase.grades)
        for member_id, it in cents.items()
    }


def read(
    connection: Connection, purchase: Purchase, now: datetime, outside: Collection[int] = ()
) -> list[Spent]:
    """Of everybody but those ``outside``, from the orders that were paid in the last twelve months."""
    cents: defaultdict[int, int] = defaultdict(int)
    for order in standing(row for row in _orders(connection, now) if row.member_id not in outside):
        cents[order.buyer.id] += order.worth()
    graded = grades(cents, purchase)
    return [Spent(member_id, total, graded[member_id]) for member_id, total in sorted(cents.items())]


def _orders(connection: Connection, now: datetime) -> Iterable[Any]:
    i = interaction.c
    query = (
        select(i.source, i.name, i.identity_id, identity.c.member_id, i.occurred_at, i.amount_cents, i.props)
        .select_from(interaction.join(identity, identity.c.id == i.identity_id))
        .where(
            i.name.in_((PAID, REFUNDED)),
            i.occurred_at > now - YEAR,
            i.occurred_at <= now,
            i.is_test.is_(False),
            i.actor_role.in_(MEMBERS),
            identity.c.member_id.is_not(None),
        )
    )
    return stream(connection, query)


def stored(connection: Connection, members: Collection[int] | None = None) -> dict[int, Spent]:
    rows = about(connection, select(spending), spending.c.member_id, members)
    return {row.member_id: Spent(*row) for row in rows}


def put(tx: Transaction, found: Iterable[Spent]) -> None:
    upsert(tx.connection, spending, [it._asdict() for it in found], ["member_id"])
