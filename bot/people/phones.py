"""Phone numbers: kept as a keyed hash alone, that tells the same number again and calls nobody.

The key lies beside the database, not in it: whoever has the rows alone cannot try all numbers.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from enum import Enum, auto

from sqlalchemy import ColumnElement, delete, insert, select

from bot.people import merging
from bot.people.directory import Person
from bot.people.merging import Entry, Kind, Proof, Why
from bot.store.tables import identity
from bot.store.transaction import Transaction

SOURCE = "phone"
_DIGITS = 11
_MOBILE = re.compile(r"1[3-9]\d{9}")
_BETWEEN = re.compile(r"[\s\-‐-―.()·]")
_COUNTRY = re.compile(r"^(?:\+|00)?86(?=1)")
_IN_TEXT = re.compile(
    r"(?<!\d)((?:(?:[0０]{2})?[8８][6６][ -]?)?[1１][3-9３-９]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)"
)
_ITS_END = re.compile(r"\d{4}[ -]?\d{4}")
"""In any number that ``_IN_TEXT`` finds; quicker told."""


def normal(typed: str) -> str | None:
    """The 11 digits of a mainland mobile number, in whatever form it was typed; None: it is none."""
    if len(typed) < _DIGITS:
        return None  # nearly everything that is none
    if len(typed) == _DIGITS and typed.isascii():
        return typed if _MOBILE.fullmatch(typed) else None
    plain = _COUNTRY.sub("", _BETWEEN.sub("", unicodedata.normalize("NFKC", typed)))
    return plain if _MOBILE.fullmatch(plain) else None


def hashed(key: bytes, number: str) -> str:
    """What is kept of a number that is ``normal``."""
    return hmac.digest(key, number.encode(), "sha256").hex()


def masked(text: str) -> str:
    """``text`` without the middle of any mobile number."""
    if len(text) < _DIGITS or _ITS_END.search(text) is None:
        return text  # nearly everything that is said
    return _IN_TEXT.sub(r"\1****\2", text)


def hidden(typed: str) -> str:
    """A cell in which a number may stand in any form, without the middle of it."""
    number = normal(typed)
    return masked(typed if number is None else number)


class Given(Enum):
    """What came of a number that a member gave."""

    NOTED = auto()
    KNOWN = auto()
    HAS_ANOTHER = auto()
    CLAIMED = auto()


def give(tx: Transaction, person: Person, phone: str) -> tuple[Given, Entry | None]:
    """A member says that a phone (its hash) is theirs: what shops know by it, and nobody has, is linked.

    One that another member has moves nothing; the claim, if it is new, is for humans.
    """
    mine = set(tx.connection.scalars(select(identity.c.external_id).where(_of(person.member_id))))
    if mine:
        return (Given.KNOWN if phone in mine else Given.HAS_ANOTHER), None
    known = tx.connection.execute(select(identity.c.id, identity.c.member_id).where(_bears(phone))).all()
    others = sorted({row.member_id for row in known} - {None, person.member_id})
    if others:
        return Given.CLAIMED, merging.claim(tx, person.member_id, others[0], Why(Proof.PHONE))
    row = {"id": tx.new_id(), "source": SOURCE, "external_id": phone, "member_id": person.member_id}
    tx.connection.execute(insert(identity).values({**row, "name": ""}))
    return Given.NOTED, merging.link(tx, [row.id for row in known], person.member_id, Why(Proof.PHONE))


def forget(tx: Transaction, member_id: int, by: int) -> bool:
    """The member takes their number back, and with it what it linked; False where they gave none."""
    gone = tx.connection.execute(delete(identity).where(_of(member_id))).rowcount > 0
    for entry in merging.of(tx, member_id):
        if entry.kind is Kind.LINKED and entry.proof is Proof.PHONE:
            merging.undo(tx, entry, by)
    return gone


def _of(member_id: int) -> ColumnElement[bool]:
    return (identity.c.source == SOURCE) & (identity.c.member_id == member_id)


def _bears(phone: str) -> ColumnElement[bool]:
    """What a shop has under this number, and who said that it is theirs."""
    return (identity.c.phone == phone) | ((identity.c.source == SOURCE) & (identity.c.external_id == phone))
