"""Views of content: who opened what, when."""

from __future__ import annotations

from datetime import timedelta

from bot.ingest.columns import Column, Needed
from bot.ingest.records import AT, CUSTOMER, PHONE, Cells, Event, Record, Setting, Topic, whose
from bot.ingest.values import Refused, count, identifier, moment
from bot.store.types import EPOCH

_MILLISECOND = timedelta(milliseconds=1)


def _view(cells: Cells, setting: Setting) -> Record:
    account, note = whose(cells, setting, "content")
    content, view = identifier(cells["content"]), identifier(cells.get("view", ""))
    if not content:
        raise Refused("没有内容编号")
    at = moment(cells["at"], setting.zone, setting.now)
    seconds = cells.get("seconds")
    values = {
        "channel": "web",
        "object_type": "content",
        "object_id": content,
        "value_int": count(seconds) if seconds else None,
    }
    source_id = view or f"{content}:{account.key[1]}:{(at - EPOCH) // _MILLISECOND}"
    return Record((account,), (Event(_opened_or_clicked(cells), source_id, at, values),), note=note)


def _opened_or_clicked(cells: Cells) -> str:
    what = cells.get("action", "").casefold()
    if what in ("", "看", "浏览", "打开", "view", "open", "opened"):
        return "content_opened"
    if what in ("点", "点击", "click", "clicked"):
        return "content_clicked"
    raise Refused("动作不认识", what[:20])


VIEWS = Topic(
    "views",
    "内容浏览",
    (
        Column("view", "浏览编号", ("浏览编号", "记录编号", "viewid", "eventid", "messageid")),
        Column(
            "content",
            "内容",
            ("内容编号", "内容id", "文章编号", "文章id", "视频id", "内容", "contentid", "articleid"),
        ),
        CUSTOMER,
        PHONE,
        AT,
        Column("seconds", "停留秒数", ("停留秒数", "停留时长", "时长", "duration")),
        Column("action", "动作", ("动作", "行为", "event", "type")),
    ),
    (Needed(("content",), "内容编号"), Needed(("customer", "phone"), "用户"), Needed(("at",), "时间")),
    _view,
    origin="content:",
)
