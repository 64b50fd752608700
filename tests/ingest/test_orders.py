from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bot.ingest.orders import ORDERS
from bot.ingest.records import Account, Setting
from bot.ingest.values import Refused
from bot.people import phones
from tests.builders import MONDAY_9

KEY = b"a key"
SETTING = Setting("yuanye", ZoneInfo("Asia/Shanghai"), MONDAY_9, KEY)
PLAIN = {"order": "A1", "customer": "C1", "amount": "59.90", "paid_at": "2026-11-01 09:05"}


def events(**cells: str) -> dict[str, int | None]:
    record = ORDERS.read({**PLAIN, **cells}, SETTING)
    return {event.name: event.values["amount_cents"] for event in record.events}


def test_each_moment_is_a_thing_that_happened() -> None:
    whole = {"placed_at": "2026-11-01 09:00", "delivered_at": "2026-11-03", "refunded_at": "2026-11-05"}
    assert events(**whole) == {
        "order_placed": 5990,
        "order_paid": 5990,
        "order_delivered": None,
        "order_refunded": 5990,
    }


def test_a_part_may_be_paid_back_and_has_an_id_of_its_own() -> None:
    record = ORDERS.read({**PLAIN, "refunded_at": "2026-11-05", "refunded": "20", "refund_id": "R1"}, SETTING)
    assert [(it.name, it.source_id, it.values["amount_cents"]) for it in record.events] == [
        ("order_paid", "A1", 5990),
        ("order_refunded", "A1#R1", 2000),
    ]


@pytest.mark.parametrize(
    ("status", "amount", "expected"),
    [
        ("", "59.90", {"order_paid": 5990}),
        ("", "-59.90", {"order_refunded": 5990}),
        ("待付款", "59.90", {"order_placed": 5990}),
        ("交易成功", "59.90", {"order_delivered": None}),
        ("Refunded", "59.90", {"order_refunded": 5990}),
        ("退款成功", "-59.90", {"order_refunded": 5990}),
    ],
)
def test_one_moment_and_a_status_say_the_same(
    status: str, amount: str, expected: dict[str, int | None]
) -> None:
    assert events(paid_at="", at="2026-11-01", status=status, amount=amount) == expected


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"order": ""}, "没有订单号"),
        ({"customer": ""}, "没有买家"),
        ({"customer": "", "phone": "138****8000"}, "没有买家"),
        ({"paid_at": ""}, "一个时间也没有"),
        ({"paid_at": "11月1日"}, "没有写年份"),
        ({"amount": "-59.90"}, "金额是负数，却不是退款"),
        ({"refunded": "20"}, "没有退款时间"),
        ({"refunded": "60", "refunded_at": "2026-11-05"}, "退款比付款多"),
        ({"refunded_at": "2026-10-05"}, "退款早于"),
        ({"paid_at": "", "at": "2026-11-01", "status": "交易关闭"}, "取消了的订单不记"),
        ({"paid_at": "", "at": "2026-11-01", "status": "在路上"}, "订单状态不认识"),
        ({"margin": "三成"}, "金额看不懂"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(cells: dict[str, str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        ORDERS.read({**PLAIN, **cells}, SETTING)


def test_what_scoring_needs_is_kept_beside_it() -> None:
    more = {"margin": "12.30", "discount": "5", "bundle": "weekend", "lines": "番茄×1;米×2；电话13800138000"}
    (event,) = ORDERS.read({**PLAIN, **more}, SETTING).events
    assert event.values["props"] == {
        "order_id": "A1",
        "margin": 1230,
        "discount": 500,
        "bundle_id": "weekend",
        "lines": ["番茄×1", "米×2", "电话138****8000"],
    }


def test_a_buyer_is_an_account_and_their_number_a_hash() -> None:
    hashed = phones.hashed(KEY, "13800138000")
    by_both = ORDERS.read({**PLAIN, "phone": "138 0013 8000"}, SETTING).accounts
    assert by_both == (Account(("shop/yuanye", "C1"), hashed),)
    for cells in ({"customer": "", "phone": "+86-13800138000"}, {"customer": "13800138000"}):
        by_phone = ORDERS.read({**PLAIN, **cells}, SETTING).accounts
        assert by_phone == (Account(("shop/yuanye", f"phone:{hashed}"), hashed),)


def test_a_number_that_cannot_be_read_is_noted_and_left() -> None:
    record = ORDERS.read({**PLAIN, "phone": "138****8000"}, SETTING)
    assert record.accounts == (Account(("shop/yuanye", "C1"), None),)
    assert "认不出" in record.note


def test_without_a_key_no_number_is_an_id() -> None:
    without = Setting("yuanye", SETTING.zone, MONDAY_9, None)
    with pytest.raises(Refused, match="BOT_PHONE_KEY"):
        ORDERS.read({**PLAIN, "customer": "13800138000"}, without)
