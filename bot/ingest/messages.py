"""What other systems tell by HTTP: ``identify`` and ``track``, read as rows of the same kinds as files have.

    {"messageId": "m1", "type": "identify", "userId": "C1", "source": "yuanye", "traits": {"phone": "138…"}}
    {"messageId": "m2", "type": "track", "userId": "C1", "source": "yuanye", "event": "order_paid",
     "timestamp": "2026-11-01T09:05:00+08:00", "properties": {"order_id": "A1", "amount": "59.90"}}

One such object, or many as ``{"batch": […]}``. What was told before changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from bot.ingest.columns import SOURCE
from bot.ingest.files import cell
from bot.ingest.importing import Import, Numbered
from bot.ingest.members import MEMBERS
from bot.ingest.orders import DELIVERED, ORDERS, PAID, PLACED, REFUNDED
from bot.ingest.records import Cells, Setting, Topic
from bot.ingest.values import Refused
from bot.ingest.views import VIEWS
from bot.store.transaction import Transaction

MOST = 500
LONGEST_ID = 200
_PLACES = {"shop": "customer", "content": "reader"}
_MOMENTS = {PLACED: "placed_at", PAID: "paid_at", DELIVERED: "delivered_at", REFUNDED: "refunded_at"}
_ACTIONS = {"content_opened": "opened", "content_clicked": "clicked"}
_OF_ORDERS = {"order": "order_id", "amount": "amount", "refund_id": "refund_id", "margin": "margin"} | {
    "bundle": "bundle_id",
    "discount": "discount",
    "lines": "lines",
    "invite": "invite_code",
}
Message = Mapping[str, Any]


class Unreadable(ValueError):
    """A body that is no such message."""


@dataclass(slots=True)
class Answer:
    """What came of a body; ``refused`` by message id."""

    new: int = 0
    unchanged: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)


def read(body: bytes) -> Sequence[Message]:
    """The messages in a body. Raises ``Unreadable``."""
    try:
        found = json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None
    messages = found.get("batch", [found]) if isinstance(found, dict) else None
    if not isinstance(messages, list) or not all(isinstance(it, dict) for it in messages):
        raise Unreadable('the body is neither an object nor {"batch": [objects]}')
    if len(messages) > MOST:
        raise Unreadable(f"more than {MOST} messages")
    return messages


def take(tx: Transaction, messages: Sequence[Message], zone: ZoneInfo, key: bytes | None) -> Answer:
    """Write what is new in ``messages``."""
    answer = Answer()
    groups: dict[tuple[str, str], tuple[Topic, list[Numbered]]] = {}
    for number, message in enumerate(messages):
        try:
            topic, source, cells = _row(message)
        except Refused as why:
            answer.refused.append(_refusal(message, str(why)))
            continue
        groups.setdefault((topic.name, source), (topic, []))[1].append((number, cells))
    for (_, source), (topic, rows) in groups.items():
        _take_alike(tx, topic, Setting(source, zone, tx.now, key), rows, messages, answer)
    return answer


def _take_alike(
    tx: Transaction,
    topic: Topic,
    setting: Setting,
    rows: Sequence[Numbered],
    messages: Sequence[Message],
    answer: Answer,
) -> None:
    def refuse(number: int, reason: str, _cells: Cells | None) -> None:
        answer.refused.append(_refusal(messages[number], reason))

    importing = Import(topic, setting, refuse)
    importing.take(tx, list(importing.read(rows)))
    answer.new += importing.tally.new
    answer.unchanged += importing.tally.unchanged


def _refusal(message: Message, reason: str) -> dict[str, str]:
    return {"messageId": cell(message.get("messageId"))[:LONGEST_ID], "reason": reason}


# --- a message as a row ---


def _row(message: Message) -> tuple[Topic, str, Cells]:
    message_id, source = cell(message.get("messageId")), cell(message.get("source", "main"))
    if not message_id or len(message_id) > LONGEST_ID:
        raise Refused("没有 messageId，或者太长")
    if not re.fullmatch(SOURCE, source):
        raise Refused("source 只能用小写字母、数字、- 和 _")
    user = {"customer": cell(message.get("userId")), "phone": cell(_inner(message, "traits").get("phone"))}
    if message.get("type") == "identify":
        return _whole(MEMBERS, source, _identified(message, user))
    if message.get("type") == "track":
        topic, cells = _tracked(message, message_id)
        return _whole(topic, source, {**cells, **user})
    raise Refused("type 要是 identify 或 track")


def _whole(topic: Topic, source: str, cells: Cells) -> tuple[Topic, str, Cells]:
    return (
        topic,
        source,
        {
            **dict.fromkeys((it.key for it in topic.columns), ""),
            **{key: it.strip() for key, it in cells.items()},
        },
    )


def _inner(message: Message, name: str) -> Message:
    inner = message.get(name, {})
    if not isinstance(inner, dict):
        raise Refused(f"{name} 要是一个对象")
    return inner


def _identified(message: Message, user: Cells) -> Cells:
    place = cell(_inner(message, "traits").get("platform", "shop"))
    if place not in _PLACES:
        raise Refused("traits.platform 要是 shop 或 content")
    return {_PLACES[place]: user["customer"], "phone": user["phone"]}


def _tracked(message: Message, message_id: str) -> tuple[Topic, dict[str, str]]:
    event, at, told = (
        cell(message.get("event")),
        cell(message.get("timestamp")),
        _inner(message, "properties"),
    )
    if event in _MOMENTS:
        return ORDERS, {key: cell(told.get(name)) for key, name in _OF_ORDERS.items()} | {_MOMENTS[event]: at}
    if event in _ACTIONS:
        content = {"content": cell(told.get("content_id")), "seconds": cell(told.get("seconds"))}
        return VIEWS, {**content, "view": message_id, "at": at, "action": _ACTIONS[event]}
    raise Refused("不认识的 event", event[:30])
