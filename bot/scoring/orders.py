"""Orders as they stand: what was paid, less what was given back, and what that is worth to us."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

PAID, REFUNDED = "order_paid", "order_refunded"


class Buyer(NamedTuple):
    """A member; or an account of a shop of which nobody knows whose it is."""

    id: int
    is_member: bool


def buyer_of(row: Any) -> Buyer:
    """Whom a row of the log, with its ``member_id``, is about."""
    is_member = row.member_id is not None
    return Buyer(row.member_id if is_member else row.identity_id, is_member)


@dataclass(frozen=True, slots=True)
class Order:
    """All sums are in cents; ``margin`` and ``discount`` are None where the shop does not tell them."""

    buyer: Buyer
    at: datetime
    paid: int
    back: int = 0
    margin: int | None = None
    discount: int | None = None

    @property
    def kept(self) -> int:
        return self.paid - self.back

    def worth(self, rate: float = 1.0) -> int:
        """Its margin, or where that is not told ``rate`` of what was paid; what was given back takes the
        same share of it."""
        whole = round(self.paid * rate) if self.margin is None else self.margin
        return whole * self.kept // self.paid if self.paid else 0


def standing(rows: Iterable[Any]) -> list[Order]:
    """From the log's rows of orders that were paid and refunded, in any order; each has a ``member_id``."""
    paid: dict[tuple[str, object], Any] = {}
    back: defaultdict[tuple[str, object], int] = defaultdict(int)
    for row in rows:
        order = (row.source, row.props.get("order_id"))
        if row.name == PAID:
            paid[order] = row
        else:
            back[order] += row.amount_cents or 0
    return [_order(row, back.get(order, 0)) for order, row in paid.items()]


def _order(row: Any, back: int) -> Order:
    amount, props = row.amount_cents or 0, row.props
    return Order(
        buyer_of(row), row.occurred_at, amount, min(back, amount), props.get("margin"), props.get("discount")
    )
