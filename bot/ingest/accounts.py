"""Accounts that files bring: nameless, and nobody's until a phone or staff tells whose they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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


Key = tuple[str, str]


@dataclass(slots=True)
class Accounts:
    """The identities of accounts. What was met once is remembered, with the phone that it had.

    ``fresh`` are those that were made, or of which more was told, by the last ``find``.
    """

    dry: bool
    made: int = 0
    linked: int = 0
    fresh: set[Key] = field(default_factory=set)
    _met: dict[Key, tuple[int, str | None]] = field(default_factory=dict)

    def find(self, tx: Transaction, accounts: Iterable[Account]) -> None:
        """Meet ``accounts``: who is new is made, or if this is dry, gets a number below 0."""
        self.fresh = set()
        new: dict[Key, Account] = {}
        for it in accounts:
            key, phone = it
            met = self._met.get(key)
            if met is None or (phone is not None and phone != met[1]):
                new[key] = it
        for place in sorted({place for place, _ in new}):
            self._look_up(tx, place, [it for it in new.values() if it.key[0] == place])

    def id_of(self, account: Account) -> int:
        """The identity of an account that was met."""
        return self._met[account.key][0]

    def _look_up(self, tx: Transaction, place: str, accounts: Collection[Account]) -> None:
        asked = {"place": place, "ids": [it.key[1] for it in accounts]}
        known = {(place, row.external_id): row for row in tx.connection.execute(_FOUND, asked)}
        self._met |= {key: (row.id, row.phone) for key, row in known.items()}
        self._make(tx, [it for it in accounts if it.key not in self._met])
        open_ones = [
            it for it in accounts if it.phone and (it.key not in known or known[it.key].member_id is None)
        ]
        told_more = [it for it in open_ones if self._met[it.key][1] != it.phone]
        self._met |= {it.key: (self.id_of(it), it.phone) for it in accounts if it.phone}
        self.fresh.update(it.key for it in told_more)
        if not self.dry:
            self._note_phones(tx, told_more)
            self._link(tx, open_ones)

    def _make(self, tx: Transaction, accounts: Collection[Account]) -> None:
        for it in accounts:
            self._met[it.key] = (-1 - self.made if self.dry else tx.new_id()), it.phone
            self.made += 1
        self.fresh.update(it.key for it in accounts)
        rows = [
            {
                "id": self.id_of(it),
                "source": it.key[0],
                "external_id": it.key[1],
                "member_id": None,
                "name": "",
                "phone": it.phone,
            }
            for it in accounts
        ]
        if not self.dry:
            insert_new(tx.connection, identity, rows)

    def _note_phones(self, tx: Transaction, accounts: Collection[Account]) -> None:
        """The shop has a number now, or another one."""
        for it in accounts:
            tx.connection.execute(update(identity).where(_i.id == self.id_of(it)).values(phone=it.phone))

    def _link(self, tx: Transaction, accounts: Collection[Account]) -> None:
        """Whoever gave the same number in private: it is theirs."""
        hashes = {it.phone for it in accounts}
        holders = dict(map(tuple, tx.connection.execute(_HOLDERS, {"ids": hashes}))) if hashes else {}
        for it in accounts:
            if it.phone in holders:
                entry = merging.link(tx, [self.id_of(it)], holders[it.phone], Why(Proof.PHONE))
                self.linked += entry is not None
