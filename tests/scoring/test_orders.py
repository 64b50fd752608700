"""What an order comes to, in whichever order its parts became known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.orders import PAID, REFUNDED, Buyer, Order, standing
from tests.builders import MONDAY_9


def row(name: str, order: int, cents: int, member_id: int | None = 1, **told: Any) -> SimpleNamespace:
    props = {"order_id": order, **told}
    return SimpleNamespace(
        name=name, source="shop:a", identity_id=5, member_id=member_id, occurred_at=MONDAY_9,
        amount_cents=cents, props=props,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "rate", "worth"),
    [
        (Order(Buyer(1, True), MONDAY_9, 10_000, margin=3_000), 0.5, 3_000),
        (Order(Buyer(1, True), MONDAY_9, 10_000, 2_500, margin=3_000), 0.5, 2_250),
        (Order(Buyer(1, True), MONDAY_9, 10_000, 2_500), 0.4, 3_000),
        (Order(Buyer(1, True), MONDAY_9, 10_000, 10_000, margin=3_000), 0.5, 0),
        (Order(Buyer(1, True), MONDAY_9, 0), 0.5, 0),
    ],
)
def test_an_order_is_worth_its_margin_less_the_share_that_was_given_back(
    order: Order, rate: float, worth: int
) -> None:
    assert order.worth(rate) == worth


def test_an_account_that_is_nobodys_is_a_buyer_too() -> None:
    mine, nobodys = standing([row(PAID, 1, 100), row(PAID, 2, 100, member_id=None, discount=0)])
    assert (mine.buyer, nobodys.buyer) == (Buyer(1, True), Buyer(5, False))
    assert (mine.discount, nobodys.discount) == (None, 0)


_ROWS = st.lists(
    st.tuples(st.sampled_from([PAID, REFUNDED]), st.integers(1, 4), st.integers(0, 10_000)),
    unique_by=lambda it: it[:2],
)


@given(_ROWS, st.randoms(use_true_random=False))
def test_what_stands_goes_by_no_order_and_is_never_below_nothing(
    told: list[tuple[str, int, int]], random: Any
) -> None:
    rows = [row(*it) for it in told]
    shuffled = random.sample(rows, len(rows))
    found = standing(rows)
    assert all(0 <= it.kept <= it.paid for it in found)
    assert sorted((it.paid, it.back) for it in found) == sorted(
        (it.paid, it.back) for it in standing(shuffled)
    )
    assert len(found) == sum(name == PAID for name, _, _ in told)
