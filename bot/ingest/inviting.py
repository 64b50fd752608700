"""Invite codes in orders and lists of members: the buyer, or the member, was brought by whose code it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from bot.ingest.columns import Column
from bot.people import invites, referrals
from bot.people.referrals import OBJECT, REFERRED, By, Noted, Told
from bot.store.session import one_of
from bot.store.tables import interaction
from bot.store.transaction import Transaction

INVITE = Column("invite", "邀请码", ("邀请码", "推荐码", "invitecode", "referralcode", "invitationcode"))
UNKNOWN = "邀请码认不出，没有用它"
NOT_SO = "邀请码是本人的，或者发码的人来得更晚，没有用它"


class Coded(NamedTuple):
    """A row that bears a code: whose it is, and when it was."""

    code: str
    account: int
    at: datetime


def note(tx: Transaction, coded: Sequence[Coded], dry: bool) -> Counter[str]:
    """Put on record who was brought by whom; gives what is to be said of codes that were of no use."""
    said = Counter[str]()
    if not coded:
        return said
    owners = invites.owners(tx.connection, {it.code for it in coded})
    known = _coded_before(tx, {it.account for it in coded})
    for it in sorted(coded, key=lambda it: it.at):
        if it.code not in owners:
            said[UNKNOWN] += 1
        elif not dry and it.account not in known:
            known.add(it.account)
            told = Told(it.account, owners[it.code], By.CODE, it.at, channel="shop")
            said[NOT_SO] += referrals.note(tx, told) in (Noted.OWN, Noted.LATER)
    return +said


def _coded_before(tx: Transaction, accounts: Collection[int]) -> set[int]:
    """Those of these accounts of which somebody's code is on record."""
    query = select(interaction.c.identity_id, interaction.c.props).where(
        interaction.c.object_type == OBJECT,
        interaction.c.name == REFERRED,
        one_of(interaction.c.object_id, "accounts"),
    )
    rows = tx.connection.execute(query, {"accounts": [str(it) for it in accounts]})
    return {account for account, props in rows if props["by"] == By.CODE}
