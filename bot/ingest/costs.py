"""What winning and keeping customers cost."""

from __future__ import annotations

from bot.ingest.columns import Column, Needed
from bot.ingest.records import AT, Cells, Event, Record, Setting, Topic
from bot.ingest.values import Refused, cents, identifier, moment, words
from bot.people import phones


def _cost(cells: Cells, setting: Setting) -> Record:
    category, note = words(cells["category"], 20), phones.masked(words(cells.get("note", ""), 60))
    if not category:
        raise Refused("没有写是什么花费")
    amount, at = cents(cells["amount"]), moment(cells["at"], setting.zone, setting.now)
    if amount < 0:
        raise Refused("花费是负数")
    written = identifier(cells.get("id", ""))
    source_id = written or f"{at.astimezone(setting.zone).date()}:{category}:{amount}:{note}"
    values = {
        "actor_role": "system",
        "channel": "offline",
        "object_type": "cost",
        "object_id": category,
        "cost_cents": amount,
        "props": {"note": note} if note else {},
    }
    return Record((), (Event("cost_recorded", source_id, at, values),))


COSTS = Topic(
    "costs",
    "花费",
    (
        Column("id", "花费编号", ("花费编号", "编号", "单号", "costid")),
        Column("category", "类别", ("类别", "类型", "项目", "用途", "type")),
        Column("amount", "金额", ("金额", "花费", "费用", "cost", "spend")),
        AT,
        Column("note", "备注", ("备注", "说明", "remark")),
    ),
    (Needed(("category",), "类别"), Needed(("amount",), "金额"), Needed(("at",), "日期")),
    _cost,
    origin="costs:",
)
