"""Whose accounts at shops and platforms are: by a phone number, or by somebody's M-number."""

from __future__ import annotations

from bot.ingest.columns import Column, Needed
from bot.ingest.inviting import INVITE
from bot.ingest.records import CUSTOMER, PHONE, Account, Cells, Record, Setting, Topic, account, hashed_phone
from bot.ingest.values import Refused, code


def _member(cells: Cells, setting: Setting) -> Record:
    phone, note = hashed_phone(cells, setting)
    places = (("shop", "customer"), ("content", "reader"))
    found = [account(cells, setting, place, key, phone) for place, key in places if cells.get(key)]
    accounts = [it for it in found if it is not None] or (
        [Account((f"shop/{setting.source}", f"phone:{phone}"), phone)] if phone else []
    )
    if not accounts:
        raise Refused("没有一个认得出的账号")
    number = cells.get("member", "").upper().removeprefix("M")
    if number and not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Refused("会员编号要写成 M37", number[:20])
    if not number and all(it.phone is None for it in accounts):
        raise Refused("没有手机号也没有 M 编号，对不上是谁")
    return Record(
        tuple(accounts),
        member=int(number) if number else None,
        note=note,
        invite=code(cells.get("invite", "")),
    )


MEMBERS = Topic(
    "members",
    "会员",
    (
        Column("member", "群里的编号", ("M编号", "群编号", "成员编号", "membernumber", "number")),
        CUSTOMER,
        Column("reader", "内容平台编号", ("内容平台id", "读者id", "平台id", "contentuserid", "readerid")),
        PHONE,
        INVITE,
    ),
    (
        Needed(("customer", "reader", "phone"), "账号"),
        Needed(("phone", "member"), "手机号或 M 编号"),
    ),
    _member,
)
