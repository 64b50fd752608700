"""What a row of a file is understood as, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.ingest.columns import Column, Needed
from bot.ingest.values import Refused, identifier
from bot.people import phones

Cells = Mapping[str, str]
"""The cells of a row by what they are, stripped; columns that the file has not are not in it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a file comes from; ``key`` hashes phone numbers, ``hashes`` are those of the numbers so far."""

    source: str
    zone: ZoneInfo
    now: datetime
    key: bytes | None
    hashes: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)


class Account(NamedTuple):
    """Somebody's account at a shop or platform; ``phone`` is the hash of the number it has."""

    key: tuple[str, str]
    """Its source, and what it is called there."""
    phone: str | None = None


class Event(NamedTuple):
    """What happened, once; ``values`` are columns of ``interaction``."""

    name: str
    source_id: str
    at: datetime
    values: dict[str, Any]


class Record(NamedTuple):
    """A row as understood: what happened, by which accounts; ``member`` is the M-number that staff gave."""

    accounts: tuple[Account, ...] = ()
    events: tuple[Event, ...] = ()
    member: int | None = None
    note: str = ""
    invite: str = ""
    """The invite code that stands there."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of file; ``origin`` is what stands before the source's name in the log."""

    name: str
    title: str
    columns: tuple[Column, ...]
    needed: tuple[Needed, ...]
    read: Callable[[Cells, Setting], Record]
    origin: str = ""


# --- whose it is ---

BAD_PHONE = "手机号认不出，没有用它"
PHONE = Column(
    "phone",
    "手机",
    ("手机号", "手机", "手机号码", "联系手机", "联系电话", "电话", "mobile", "tel", "phonenumber"),
)
CUSTOMER = Column(
    "customer",
    "买家",
    (
        "买家编号",
        "买家id",
        "买家",
        "会员id",
        "会员编号",
        "客户编号",
        "客户id",
        "用户id",
        "customerid",
        "buyerid",
        "userid",
    ),
)
AT = Column("at", "时间", ("时间", "日期", "发生时间", "time", "date", "datetime", "occurredat", "timestamp"))


def hashed_phone(cells: Cells, setting: Setting) -> tuple[str | None, str]:
    """The hash of the row's number, and a note where there is something else in its place."""
    typed = cells.get("phone")
    if not typed:
        return None, ""
    if typed not in setting.hashes:
        number, key = phones.normal(typed), setting.key
        setting.hashes[typed] = phones.hashed(key, number) if number and key else None
    found = setting.hashes[typed]
    return found, BAD_PHONE if found is None else ""


def account(cells: Cells, setting: Setting, place: str, key: str, phone: str | None) -> Account | None:
    """The account in the column ``key``; one that is a phone number is kept as its hash alone."""
    source, named = f"{place}/{setting.source}", identifier(cells.get(key, ""))
    number = phones.normal(named) if named else None
    if number is not None and setting.key is None:
        raise Refused("编号是手机号，要先设 BOT_PHONE_KEY")
    if number is not None and setting.key is not None:
        phone, named = phones.hashed(setting.key, number), ""
    if named:
        return Account((source, named), phone)
    return Account((source, f"phone:{phone}"), phone) if phone else None


def whose(cells: Cells, setting: Setting, place: str) -> tuple[Account, str]:
    phone, note = hashed_phone(cells, setting)
    owner = account(cells, setting, place, "customer", phone)
    if owner is None:
        raise Refused("没有买家或用户编号，也没有认得出的手机号")
    return owner, note
