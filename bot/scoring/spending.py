"""What members spend in the shop, and their purchase grade by it: an axis of its own, that moves no level."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from bot.scoring.daybook import MEMBERS
from bot.scoring.rules import Purchase
from bot.store.benefits import spending
from bot.store.reading import about, stream
from bot.store.session import upsert
from bot.store.tables import identity, interaction
from bot.store.transaction import Transaction

YEAR = timedelta(days=365)
PAID, REFUNDED = "order_paid", "order_refunded"


class Paid(NamedTuple):
    """An order; ``worth`` is its margin where the shop tells it, else what was paid."""

    member_id: int
    paid: int
    worth: int


class Spent(NamedTuple):
    member_id: int
    cents: int
    grade: int


def worth(orders: Mapping[object, Paid], refunded: Mapping[object, int]) -> dict[int, int]:
    """By member: what was given back takes the same share of an order's margin."""
    total: defaultdict[int, int] = defaultdict(int)
    for order, it in orders.items():
        back = min(refunded.get(order, 0), it.paid)
        total[it.member_id] += it.worth * (it.paid - back) // it.paid if it.paid else 0
    return dict(total)


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
    orders: dict[object, Paid] = {}
    refunded: defaultdict[object, int] = defaultdict(int)
    for source, name, member_id, amount, props in _orders(connection, now):
        if member_id in outside:
            continue
        order = (source, props.get("order_id"))
        if name == PAID:
            orders[order] = Paid(member_id, amount or 0, props.get("margin", amount or 0))
        else:
            refunded[order] += amount or 0
    cents = worth(orders, refunded)
    graded = grades(cents, purchase)
    return [Spent(member_id, total, graded[member_id]) for member_id, total in sorted(cents.items())]


def _orders(connection: Connection, now: datetime) -> Iterable[Any]:
    i = interaction.c
    query = (
        select(i.source, i.name, identity.c.member_id, i.amount_cents, i.props)
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
