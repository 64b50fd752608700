"""What the twelve buy and whom they bring, whether they recommend, and what all that costs.

X is an account of the shop of which nobody knows whose it is.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from bot.store import log
from bot.store.session import insert_new
from bot.store.tables import identity
from bot.store.transaction import Transaction
from tests.scoring.community import STAFF, WHO, ZONE, at, happen

X = 77


def on(date: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(date).replace(hour=hour, tzinfo=ZONE)


def order(tx: Transaction, who: str | int, when: datetime, yuan: int, **told: Any) -> str:
    """An order that was paid; ``told`` is what the shop tells of it. Gives its number."""
    id = f"O{tx.new_id()}"
    _of_the_shop(tx, "order_paid", who, when, yuan, {"order_id": id, **told})
    return id


def refund(tx: Transaction, who: str | int, order_id: str, when: datetime, yuan: int) -> None:
    _of_the_shop(tx, "order_refunded", who, when, yuan, {"order_id": order_id})


def _of_the_shop(
    tx: Transaction, name: str, who: str | int, when: datetime, yuan: int, props: dict[str, Any]
) -> None:
    by = WHO[who] if isinstance(who, str) else who
    row = log.entry(tx, "shop:test", f"{tx.new_id()}", name, when, identity_id=by, channel="shop")
    log.append(tx, [{**row, "amount_cents": yuan * 100, "props": props}])


def cost(tx: Transaction, category: str, when: datetime, yuan: int) -> None:
    happen(tx, "cost_recorded", None, when, object_type="cost", object_id=category, cost_cents=yuan * 100)


def brought(
    tx: Transaction, who: str | int, by: str | int | None, how: str, when: datetime, **more: Any
) -> int:
    """A word of who brought whom."""
    more |= {"target_identity_id": WHO[by] if isinstance(by, str) else by, "props": {"by": how}}
    more |= {"object_type": "referral", "object_id": str(WHO[who] if isinstance(who, str) else who)}
    return happen(tx, "member_referred", who, when, room_id=None, **more)


def recommend(tx: Transaction) -> None:
    """There are eleven. A, B, C, D, F and L were asked and are there; D takes back, F says nothing, and the
    earlier mark of A counts no more. M left. E was asked before September."""
    for who in "ABCDFLM":
        happen(tx, "nps_asked", who, at(2, 9))
    happen(tx, "nps_answered", "E", on("2026-09-01"), value_int=3)
    for who, mark in (("A", 0), ("B", 6), ("C", 8), ("D", 9), ("L", 9), ("M", 10), ("A", 10)):
        answered = happen(tx, "nps_answered", who, at(12), value_int=mark)
        if who == "D":
            happen(tx, "survey_withdrawn", "D", at(12, 11), corrects_event_id=answered)
    happen(tx, "nps_answered", STAFF, at(12), value_int=10)


def buy(tx: Transaction) -> None:
    """All orders that tell their margin come to 600 yuan, of which 240 are ours; so B's first is worth 20."""
    account = {"id": X, "source": "shop/test", "external_id": "X", "member_id": None, "name": ""}
    insert_new(tx.connection, identity, [account])
    _buy_since_last_year(tx)
    order(tx, "C", at(5), 200, margin=8000)
    order(tx, "C", at(5, 20), 20)  # the same day
    order(tx, "D", at(10), 30)
    order(tx, "D", at(28), 30, discount=500)
    for who, day in (("E", 12), ("F", 15), ("H", 20), ("I", 25)):
        order(tx, who, at(day), 30)
    order(tx, "K", on("2026-08-03"), 30)
    order(tx, "K", at(1), 30)  # on the 90th day
    order(tx, "L", on("2026-08-31"), 30)
    order(tx, "L", at(30), 30)  # on the 91st
    refund(tx, "G", order(tx, "G", at(18), 30), at(19), 30)
    order(tx, STAFF, at(3), 999, margin=90000)
    cost(tx, "广告", at(2), 90)
    cost(tx, "物流", at(5), 10)


def _buy_since_last_year(tx: Transaction) -> None:
    """First years: A 40 + 30/2 - 12 = 43 (the third order is later), B 20, X 20."""
    order(tx, "B", on("2025-09-01"), 50)  # before any cost was recorded
    cost(tx, "广告", on("2025-10-01"), 50)
    cost(tx, "样品", on("2025-11-01"), 12)
    cost(tx, "物流", on("2025-11-02"), 500)
    order(tx, "A", on("2025-10-10"), 100, margin=4000)
    refund(tx, "A", order(tx, "A", on("2026-01-10"), 100, margin=3000), on("2026-01-20"), 50)
    happen(tx, "benefit_used", "A", on("2026-02-01"), cost_cents=1200)
    happen(tx, "benefit_used", "A", on("2026-03-01"), cost_cents=500)
    happen(tx, "benefit_reversed", "A", on("2026-03-02"), cost_cents=-500)
    order(tx, "A", on("2026-10-20"), 80, margin=3200)
    order(tx, X, on("2025-11-20"), 60, margin=2000)
    order(tx, X, at(20), 30, margin=1900, discount=0)
    order(tx, X, at(21), 30, margin=1900, discount=0)


def bring(tx: Transaction) -> None:
    """C, D, E, F, H and I are new. Proven: C and H by A, I by C, who was brought. E says so without a name, a
    code of E's was taken back; D's is 70 days old, and F was brought by a colleague."""
    word = partial(brought, tx)
    word("C", "A", "code", on("2026-10-20"))
    word("D", "B", "code", on("2026-09-01"))
    word("E", None, "answer", at(20))
    taken_back = happen(tx, "message_posted", "E", at(11))
    happen(tx, "message_recalled", "E", at(11), parent_event_id=taken_back)
    word("E", "A", "code", at(11), parent_event_id=taken_back)
    word("F", STAFF, "invite", at(1))
    named = word("H", "D", "answer", at(1))
    word("H", "A", "code", at(10), corrects_event_id=named)
    word("I", "C", "invite", at(20))
    word("I", "B", "invite", at(21))  # the first one counts
    word("K", "K", "code", at(1))  # nobody brings themselves
