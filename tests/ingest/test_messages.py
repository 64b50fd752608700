from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.ingest import messages
from bot.ingest.messages import Answer, Unreadable
from bot.ingest.signing import AT_ONCE, WINDOW, Bucket, is_signed, signature
from bot.people import directory, phones
from bot.store.tables import identity, interaction
from bot.store.transaction import Transaction
from bot.store.types import EPOCH
from tests.builders import MONDAY_9, QING, rows

ZONE, KEY, SECRET = ZoneInfo("Asia/Shanghai"), b"a key", "s" * 32
BODY = b'{"messageId": "m1"}'
STAMP = str(int((MONDAY_9 - EPOCH).total_seconds()))
PAID = {
    "messageId": "m1",
    "type": "track",
    "userId": "C1",
    "source": "yuanye",
    "event": "order_paid",
    "timestamp": "2026-11-01T09:05:00+08:00",
    "properties": {"order_id": "A1", "amount": 59.9, "lines": ["番茄×1"]},
}
OPENED = {
    "messageId": "m2",
    "type": "track",
    "userId": "reader-1",
    "event": "content_opened",
    "timestamp": "2026-11-01T09:05:00Z",
    "properties": {"content_id": "kale-101", "seconds": 30},
}
IDENTIFIED = {
    "messageId": "m3",
    "type": "identify",
    "userId": "C1",
    "source": "yuanye",
    "traits": {"phone": "138-0013-8000", "name": "张三"},
}


def take(tx: Transaction, *told: dict[str, Any]) -> Answer:
    return messages.take(tx, messages.read(json.dumps({"batch": told}).encode()), ZONE, KEY)


# --- signatures ---


def test_what_is_signed_and_fresh_is_let_in() -> None:
    assert is_signed(SECRET, STAMP, signature(SECRET, STAMP, BODY), BODY, MONDAY_9)
    assert is_signed(SECRET, STAMP, signature(SECRET, STAMP, BODY).upper(), BODY, MONDAY_9 + WINDOW)


@pytest.mark.parametrize(
    ("stamp", "given", "body", "later"),
    [
        (STAMP, signature("x" * 32, STAMP, BODY), BODY, timedelta()),
        (STAMP, signature(SECRET, STAMP, BODY), BODY + b" ", timedelta()),
        (str(int(STAMP) + 1), signature(SECRET, STAMP, BODY), BODY, timedelta()),
        (STAMP, signature(SECRET, STAMP, BODY), BODY, WINDOW + timedelta(seconds=1)),
        (STAMP, signature(SECRET, STAMP, BODY), BODY, -WINDOW - timedelta(seconds=1)),
        ("", signature(SECRET, "", BODY), BODY, timedelta()),
        ("soon", signature(SECRET, "soon", BODY), BODY, timedelta()),
        ("-1", signature(SECRET, "-1", BODY), BODY, timedelta()),
        (STAMP, "", BODY, timedelta()),
        (STAMP, "签名", BODY, timedelta()),
    ],
)
def test_what_is_forged_or_old_is_not(stamp: str, given: str, body: bytes, later: timedelta) -> None:
    assert not is_signed(SECRET, stamp, given, body, MONDAY_9 + later)


def test_a_flood_is_slowed_down() -> None:
    bucket = Bucket()
    assert [bucket.lets_in(MONDAY_9) for _ in range(int(AT_ONCE) + 1)] == [True] * int(AT_ONCE) + [False]
    assert bucket.lets_in(MONDAY_9 + timedelta(seconds=0.2))
    bucket.lets_in(MONDAY_9 - timedelta(days=1))  # a clock that was set back fills nothing
    assert bucket.left < 2


# --- messages ---


def test_an_order_and_a_view_are_recorded_once(tx: Transaction) -> None:
    assert take(tx, PAID, OPENED) == Answer(new=2)
    assert take(tx, OPENED, PAID) == Answer(unchanged=2)
    order, view = rows(tx.connection, interaction)
    assert (order["source"], order["source_id"], order["amount_cents"]) == ("shop:yuanye", "A1", 5990)
    assert order["props"] == {"order_id": "A1", "lines": ["番茄×1"]}
    assert (view["source"], view["source_id"], view["object_id"]) == ("content:main", "m2", "kale-101")
    assert view["value_int"] == 30


def test_what_a_file_told_is_not_told_again_by_a_message(tx: Transaction) -> None:
    take(tx, PAID)
    contradicts = {**PAID, "messageId": "m9", "properties": {"order_id": "A1", "amount": "69.90"}}
    (refused,) = take(tx, contradicts).refused
    assert refused == {"messageId": "m9", "reason": "和已经记下的对不上：A1 记着 ¥59.90，这次 ¥69.90"}


def test_who_is_identified_is_linked_by_the_number_and_nothing_else_is_kept(tx: Transaction) -> None:
    person = directory.meet(tx, "fake:main", [QING])[QING.id]
    phones.give(tx, person, phones.hashed(KEY, "13800138000"))
    assert take(tx, IDENTIFIED) == Answer(new=1)
    (row,) = rows(tx.connection, identity, external_id="C1")
    assert (row["source"], row["member_id"], row["name"]) == ("shop/yuanye", person.member_id, "")
    assert take(tx, IDENTIFIED) == Answer(unchanged=1)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({**PAID, "messageId": ""}, "没有 messageId"),
        ({**PAID, "type": "page"}, "identify 或 track"),
        ({**PAID, "event": "order_dreamt"}, "不认识的 event：order_dreamt"),
        ({**PAID, "event": ["order_paid", {}]}, "不认识的 event"),
        ({**PAID, "source": "我的店"}, "source"),
        ({**PAID, "userId": None}, "没有买家"),
        ({**PAID, "userId": "C\x00\ud800"}, "看不见的字符"),
        ({**PAID, "timestamp": "11月1日"}, "没有写年份"),
        ({**PAID, "properties": {"order_id": "A1"}}, "金额看不懂"),
        ({**PAID, "properties": {"order_id": "A1", "amount": -5}}, "金额是负数"),
        ({**PAID, "properties": 5}, "properties 要是一个对象"),
        ({**OPENED, "properties": {}}, "没有内容编号"),
        ({**IDENTIFIED, "traits": {}}, "对不上是谁"),
        ({**IDENTIFIED, "traits": {"platform": "tv", "phone": "13800138000"}}, "shop 或 content"),
    ],
)
def test_a_message_that_cannot_be_taken_is_refused_and_the_others_are_not(
    tx: Transaction, message: dict[str, Any], why: str
) -> None:
    answer = take(tx, message, {**PAID, "messageId": "right"})
    assert answer.new == 1
    (refused,) = answer.refused
    assert refused["messageId"] == message["messageId"]
    assert why in refused["reason"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"5", b'"x"', b"{", b"[" * 100_000, b'{"batch": 5}', b'{"batch": [5]}', b"\xff"],
)
def test_a_body_that_is_none_is_told(body: bytes) -> None:
    with pytest.raises(Unreadable):
        messages.read(body)


def test_too_many_messages_are_none() -> None:
    with pytest.raises(Unreadable, match="more than"):
        messages.read(json.dumps({"batch": [PAID] * (messages.MOST + 1)}).encode())
