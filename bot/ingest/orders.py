"""Orders of a shop: placed, paid, delivered, refunded; a column for each moment, or a status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from bot.ingest.columns import Column, Needed
from bot.ingest.inviting import INVITE
from bot.ingest.records import AT, CUSTOMER, PHONE, Cells, Event, Record, Setting, Topic, whose
from bot.ingest.values import MANY, Refused, cents, code, identifier, moment, words
from bot.people import phones
from bot.store.types import EPOCH

MOST_LINES = 50
PLACED, PAID, DELIVERED, REFUNDED = "order_placed", "order_paid", "order_delivered", "order_refunded"
_TIMES = {"placed_at": PLACED, "paid_at": PAID, "delivered_at": DELIVERED, "refunded_at": REFUNDED}
_STATUS = {
    PLACED: ("已下单", "待付款", "等待买家付款", "placed", "created", "pending"),
    PAID: ("已付款", "已支付", "待发货", "已发货", "买家已付款", "paid", "shipped"),
    DELIVERED: ("已收货", "已签收", "已完成", "交易成功", "delivered", "completed"),
    REFUNDED: ("已退款", "退款成功", "退款完成", "refunded"),
    "": ("已取消", "已关闭", "交易关闭", "cancelled", "canceled", "closed"),
}
_EVENT_OF = {word: name for name, said in _STATUS.items() for word in said}


def _order(cells: Cells, setting: Setting) -> Record:
    order = identifier(cells["order"])
    if not order:
        raise Refused("没有订单号")
    account, note = whose(cells, setting, "shop")
    amount = cents(cells["amount"])
    times = _order_times(cells, setting, amount)
    paid_back = _paid_back(cells, amount, times)
    props = _order_props(cells, order)
    refund_id = identifier(cells.get("refund_id", ""))
    amounts = {PLACED: amount, PAID: amount, DELIVERED: None, REFUNDED: paid_back}
    events = [
        Event(
            name,
            f"{order}#{refund_id}" if name == REFUNDED and refund_id else order,
            at,
            {"amount_cents": amounts[name], "channel": "shop", "props": props},
        )
        for name, at in times.items()
    ]
    return Record((account,), tuple(events), None, note, code(cells.get("invite", "")))


def _order_times(cells: Cells, setting: Setting, amount: int) -> dict[str, datetime]:
    """When what happened to an order: a column each, or one moment and what the order is by then."""
    times = {
        name: moment(cells[key], setting.zone, setting.now) for key, name in _TIMES.items() if cells.get(key)
    }
    if not times and cells.get("at"):
        name = _named(cells.get("status", ""), amount)
        times = {name: moment(cells["at"], setting.zone, setting.now)}
    if not times:
        raise Refused("一个时间也没有")
    if amount < 0 and set(times) != {REFUNDED}:
        raise Refused("金额是负数，却不是退款")
    if REFUNDED in times and times[REFUNDED] < max(
        (times[it] for it in (PLACED, PAID) if it in times), default=EPOCH
    ):
        raise Refused("退款早于下单或付款")
    return times


def _named(status: str, amount: int) -> str:
    """What an order's status says; without one it is paid, or where money goes back, refunded."""
    status = status.casefold()
    if not status:
        return REFUNDED if amount < 0 else PAID
    if status not in _EVENT_OF:
        raise Refused("订单状态不认识", status[:20])
    if not (name := _EVENT_OF[status]):
        raise Refused("取消了的订单不记")
    return name


def _paid_back(cells: Cells, amount: int, times: Mapping[str, datetime]) -> int:
    told = cells.get("refunded")
    back = abs(cents(told)) if told else 0
    if REFUNDED not in times and back:
        raise Refused("有退款金额，没有退款时间")
    if 0 <= amount < back:
        raise Refused("退款比付款多")
    return back or abs(amount)


def _order_props(cells: Cells, order: str) -> dict[str, Any]:
    bundle = cells.get("bundle")
    props: dict[str, Any] = {"order_id": order}
    for name in ("margin", "discount"):
        if it := cells.get(name):
            props[name] = cents(it)
    if bundle:
        props["bundle_id"] = identifier(bundle)
    if lines := _lines(cells.get("lines", "")):
        props["lines"] = list(lines)
    return props


@lru_cache(MANY)
def _lines(text: str) -> tuple[str, ...]:
    """What was bought, one by one; many orders have the same."""
    every = text.replace(";", "；").split("；")
    return tuple(phones.masked(words(it, 60)) for it in every if it.strip())[:MOST_LINES]


ORDERS = Topic(
    "orders",
    "订单",
    (
        Column(
            "order",
            "订单号",
            ("订单编号", "订单号", "主订单编号", "订单id", "orderid", "orderno", "ordernumber"),
        ),
        CUSTOMER,
        PHONE,
        Column(
            "amount",
            "金额",
            (
                "实付金额",
                "实付",
                "实付款",
                "订单金额",
                "总金额",
                "金额",
                "paidamount",
                "total",
                "totalamount",
            ),
        ),
        Column(
            "placed_at",
            "下单时间",
            ("下单时间", "订单创建时间", "创建时间", "下单日期", "createdat", "ordertime"),
        ),
        Column("paid_at", "付款时间", ("付款时间", "支付时间", "订单付款时间", "付款日期", "paymenttime")),
        Column(
            "delivered_at", "收货时间", ("收货时间", "签收时间", "确认收货时间", "完成时间", "completedat")
        ),
        Column("refunded_at", "退款时间", ("退款时间", "退款完成时间", "退款日期", "refundtime")),
        AT,
        Column("status", "状态", ("订单状态", "状态", "orderstatus", "state")),
        Column("refund_id", "退款单号", ("退款单号", "退款编号", "售后单号")),
        Column("refunded", "退款金额", ("退款金额", "已退金额", "refundamount", "refundedamount")),
        Column("margin", "毛利", ("毛利", "毛利额", "利润", "grossmargin", "profit")),
        Column(
            "discount",
            "优惠",
            ("优惠金额", "优惠", "折扣金额", "discountamount"),
        ),
        Column("bundle", "套餐", ("套餐", "礼盒", "组合", "bundleid")),
        Column("lines", "商品", ("商品", "商品名称", "商品明细", "宝贝标题", "明细", "items", "products")),
        INVITE,
    ),
    (
        Needed(("order",), "订单号"),
        Needed(("amount",), "金额"),
        Needed(("customer", "phone"), "买家"),
        Needed((*_TIMES, "at"), "时间"),
    ),
    _order,
    origin="shop:",
)
