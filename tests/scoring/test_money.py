"""LTV, CAC and who brought whom, where something is missing, and in a room of several."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.people import roles
from bot.scoring.kpi import buying, money, predicting, recommending, word_of_mouth
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.ledger import Ledger
from bot.scoring.kpi.people import People
from bot.scoring.kpi.period import Period
from bot.scoring.kpi.report import lines
from bot.scoring.rules import Money
from bot.store.session import insert_new
from bot.store.tables import identity
from bot.store.transaction import Transaction
from tests.scoring.community import ROOM, WHO, ZONE, at, day, happen, live_in
from tests.scoring.customers import X, brought, cost, on, order

PARTS = (recommending, buying, word_of_mouth, money, predicting)


@pytest.fixture
def november(tx: Transaction) -> Period:
    live_in(tx, [WHO["A"], WHO["B"]])
    live_in(tx, [WHO["C"]], ROOM + 1)
    shop = {"id": X, "source": "shop/test", "external_id": "X", "member_id": None, "name": ""}
    insert_new(tx.connection, identity, [shop])
    return Period(tx.connection, ZONE, day(at(1)), day(at(30)), {}, [ROOM, ROOM + 1])


def found(period: Period) -> dict[str, Figure]:
    return {
        it.id: it for part in PARTS for it in part.figures(replace(period, ledger=Ledger(), people=People()))
    }


def test_of_nothing_there_is_no_figure_but_a_reason(november: Period) -> None:
    for figure in found(november).values():
        assert figure.value is None, figure.id
        assert figure.why, figure.id


def test_without_a_margin_nothing_is_taken_for_one(tx: Transaction, november: Period) -> None:
    order(tx, "A", on("2025-10-01"), 100)
    cost(tx, "广告", on("2025-09-01"), 20)
    for id in ("ltv", "ltv_cac"):
        assert found(november)[id].value is None
        assert "money.margin" in found(november)[id].why
    usual = found(replace(november, money=Money(margin=0.3)))
    assert (usual["ltv"].value, usual["ltv"].parts["毛利是估的订单"]) == (30, 100)
    assert usual["ltv_cac"].value == pytest.approx(1.5)
    assert usual["ltv_cac"].parts["回本月数"] == 1


def test_a_month_without_costs_won_nobody_for_nothing(tx: Transaction, november: Period) -> None:
    order(tx, "A", at(3), 100, margin=30)
    cost(tx, "广告", on("2026-10-31"), 20)
    cost(tx, "物流", at(3), 20)
    figure = found(november)["cac"]
    assert (figure.value, figure.n, figure.parts["没算进来的花费"]) == (None, 1, 20)
    assert figure.why


def test_which_costs_win_customers_is_written(tx: Transaction, november: Period) -> None:
    order(tx, "A", at(3), 100, margin=30)
    cost(tx, "物流", at(3), 20)
    assert found(replace(november, money=Money(acquisition=("物流",))))["cac"].value == 20


def test_who_has_not_been_there_for_a_year_is_in_no_ltv(tx: Transaction, november: Period) -> None:
    order(tx, "A", november.ends - timedelta(days=365), 100, margin=1000)
    order(tx, "B", november.ends - timedelta(days=365, seconds=-1), 100, margin=9000)
    figure = found(november)["ltv"]
    assert (figure.value, figure.n) == (10, 1)


def test_a_room_has_its_own_members_and_no_costs(tx: Transaction, november: Period) -> None:
    for who in ("A", "C", X):
        order(tx, who, at(3), 100, margin=3000)
        order(tx, who, at(4), 100, margin=3000)
    cost(tx, "广告", at(3), 90)
    assert (found(november)["repurchase"].n, found(november)["cac"].value) == (3, 30)
    room = found(replace(november, rooms=[ROOM], whole=False))
    assert room["repurchase"].n == 1
    for id in ("cac", "ltv_cac"):
        assert (room[id].value, room[id].why) == (None, "花费不分群")


def test_what_happens_later_changes_no_figure_of_before(tx: Transaction, november: Period) -> None:
    order(tx, "A", at(3), 100, margin=3000)
    order(tx, "A", at(9), 100, margin=3000)
    before = found(november)
    order(tx, "A", at(1, month=12), 100, margin=9000)
    order(tx, "B", at(1, month=12), 100, margin=9000)
    cost(tx, "广告", at(1, month=12), 90)
    assert found(november) == before


def test_the_log_is_read_once_for_all_periods_side_by_side(tx: Transaction, november: Period) -> None:
    order(tx, "A", at(3), 100)
    asked: list[str] = []
    event.listen(tx.connection, "before_cursor_execute", lambda c, cursor, sql, *more: asked.append(sql))
    lines(november, lambda moment: False)
    assert sum("cost_cents" in sql for sql in asked) == 1


def test_many_buyers_are_foretold_with_the_error_of_it(tx: Transaction, november: Period) -> None:
    pytest.importorskip("scipy")
    ids = list(range(1000, 1300))
    live_in(tx, ids)
    for n, who in enumerate(ids):
        for k in range(1 + n * 7 % 5 * (n % 3)):  # 0 to 8 orders after the first
            order(tx, who, on("2025-12-05") + timedelta(days=n + k * (9 + n % 11)), 40 + n % 50 + k)
    figure = found(replace(november, money=Money(margin=0.3)))["ltv_predicted"]
    assert figure.n == 300
    assert figure.value is not None
    assert 0 < figure.value < 300
    error = figure.parts["试猜最近90天每人差几单"]
    assert error is not None
    assert 0 < error < 3


def test_what_staff_set_right_stands_as_a_proof_of_when_they_were_brought(
    tx: Transaction, november: Period
) -> None:
    for who in ("A", "B", "C"):
        order(tx, who, at(9), 100)
    for who in ("A", "B"):
        brought(tx, who, "C", "code", at(3))
    brought(tx, "A", None, "staff", at(3))
    brought(tx, "B", "A", "staff", at(3))
    taken_back = brought(tx, "C", "A", "staff", at(3))
    happen(tx, "referral_withdrawn", "C", at(4), parent_event_id=taken_back)
    assert {came: told.brought_by for came, told in november.brought.items()} == {WHO["B"]: WHO["A"]}
    assert found(november)["word_of_mouth"].value == pytest.approx(100 / 3)


def test_a_code_that_came_with_the_first_order_brought_an_account_of_nobody(
    tx: Transaction, november: Period
) -> None:
    order(tx, X, at(3), 100)
    brought(tx, X, "A", "code", at(3))
    order(tx, "B", at(3), 100)
    brought(tx, "B", "A", "code", at(4))
    figure = found(november)["word_of_mouth"]
    assert (figure.value, figure.n) == (50, 2)  # B's came after the order


def test_that_a_colleague_invited_somebody_hides_no_member_who_brought_them(
    tx: Transaction, november: Period
) -> None:
    roles.give(tx, WHO["A"], "管理员", None)
    order(tx, "B", at(3), 100)
    brought(tx, "B", "A", "invite", at(1))
    assert found(november)["word_of_mouth"].value == 0
    brought(tx, "B", "C", "code", at(2))
    assert found(november)["word_of_mouth"].value == 100


def test_few_buyers_are_not_foretold(tx: Transaction, november: Period) -> None:
    order(tx, "A", at(3), 100, margin=30)
    assert "满200人" in found(november)["ltv_predicted"].why


def test_what_our_own_people_buy_is_in_no_figure(tx: Transaction, november: Period) -> None:
    roles.give(tx, WHO["B"], "管理员", None)
    order(tx, "B", at(3), 100, margin=3000)
    assert found(november)["repurchase"].n == 0
