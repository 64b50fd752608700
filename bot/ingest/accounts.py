"""Accounts that files bring: nameless, and nobody's until a phone or staff tells whose they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select, update

from bot.ingest.records import Account
from bot.people import merging, phones
from bot.people.merging import Proof, Why
from bot.store.session import insert_new, one_of
from bot.store.tables import identity
from bot.store.transaction import Transaction

_i = identity.c
_FOUND = select(_i.id, _i.external_id, _i.phone, _i.member_id).where(
    _i.source == bindparam("place"), one_of(_i.external_id, "ids")
)
_HOLDERS = select(_i.external_id, _i.member_id).where(
    _i.source == phones.SOURCE, one_of(_i.external_id, "ids")
)


@dataclass(slots=True)
class Accounts:
    """The identities of accounts. What was met once is remembered, with the phone that it had.

    ``fresh`` are those that were made, or of which more was told, by the last ``find``.
    """

    dry: bool
    made: int = 0
    linked: int = 0
    fresh: set[Account] = field(default_factory=set)
    _ids: dict[Account, int] = field(default_factory=dict)
    _phones: dict[Account, str | None] = field(default_factory=dict)

    def find(self, tx: Transaction, accounts: Iterable[Account]) -> Mapping[Account, int]:
        """The identities of ``accounts``; who is new is made, or if this is dry, gets a number below 0."""
        self.fresh = set()
        new = {it: it for it in accounts if it not in self._ids or self._is_told_more(it)}
        for place in {it.source for it in new}:
            self._look_up(tx, place, [it for it in new.values() if it.source == place])
        return self._ids

    def _is_told_more(self, account: Account) -> bool:
        return account.phone is not None and self._phones[account] != account.phone

    def _look_up(self, tx: Transaction, place: str, accounts: Collection[Account]) -> None:
        asked = {"place": place, "ids": [it.external_id for it in accounts]}
        rows = {row.external_id: row for row in tx.connection.execute(_FOUND, asked)}
        known = {it: rows[it.external_id] for it in accounts if it.external_id in rows}
        self._ids |= {it: row.id for it, row in known.items()}
        self._make(tx, [it for it in accounts if it not in self._ids])
        self._phones |= {it: it.phone or (known[it].phone if it in known else None) for it in accounts}
        open_ones = [it for it in accounts if it.phone and (it not in known or known[it].member_id is None)]
        told_more = [it for it in open_ones if it in known and known[it].phone != it.phone]
        self.fresh.update(told_more)
        if not self.dry:
            self._note_phones(tx, told_more)
            self._link(tx, open_ones)

    def _make(self, tx: Transaction, accounts: Collection[Account]) -> None:
        for it in accounts:
            self._ids[it] = -1 - self.made if self.dry else tx.new_id()
            self.made += 1
        self.fresh.update(accounts)
        names = {"member_id": None, "name": ""}
        rows = [
            {"id": self._ids[it], "source": it.source, "external_id": it.external_id, "phone": it.phone}
            | names
            for it in accounts
        ]
        if not self.dry:
            insert_new(tx.connection, identity, rows)

    def _note_phones(self, tx: Transaction, accounts: Collection[Account]) -> None:
        """The shop has a number now, or another one."""
        for it in accounts:
            tx.connection.execute(update(identity).where(_i.id == self._ids[it]).values(phone=it.phone))

    def _link(self, tx: Transaction, accounts: Collection[Account]) -> None:
        """Whoever gave the same number in private: it is theirs."""
        hashes = {it.phone for it in accounts}
        holders = dict(map(tuple, tx.connection.execute(_HOLDERS, {"ids": hashes}))) if hashes else {}
        for it in accounts:
            if it.phone in holders:
                entry = merging.link(tx, [self._ids[it]], holders[it.phone], Why(Proof.PHONE))
                self.linked += entry is not None
