"""Importing a file: a few thousand rows to a transaction, each thing once, so that it can be done again.

What is on record already is left as it is; a row that contradicts it, or a row before it, is refused.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import bindparam, select

from bot.ingest import inviting
from bot.ingest.accounts import Accounts
from bot.ingest.inviting import Coded
from bot.ingest.records import Cells, Event, Record, Setting, Topic
from bot.ingest.values import Refused
from bot.people import directory, merging
from bot.people.merging import Proof, Why
from bot.rights import tombstones
from bot.store import log
from bot.store.session import one_of
from bot.store.tables import identity, interaction, member
from bot.store.transaction import Transaction
from bot.store.writer import Writer

CHUNK = 5_000
FIRST = 3
"""Rows that are shown as they were understood."""
Numbered = tuple[int, Cells | None]
Read = tuple[int, Cells, Record]
"""A row that was understood, with its line and what stands there."""
Refusal = Callable[[int, str, Cells | None], None]
"""Is told a line, why it was refused, and what stood there."""

_c = interaction.c
_BEFORE = select(_c.source_id, _c.name, _c.identity_id, _c.amount_cents, _c.cost_cents).where(
    _c.source == bindparam("from"), one_of(_c.source_id, "ids")
)
_NUMBERED = select(member.c.number, member.c.id, member.c.merged_into).where(
    one_of(member.c.number, "numbers")
)


@dataclass(slots=True)
class Tally:
    """What came of a file."""

    rows: int = 0
    new: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    accounts: int = 0
    linked: int = 0
    first: list[tuple[int, Record]] = field(default_factory=list)


@dataclass(slots=True)
class Import:
    """Takes the rows of one file. A dry one writes nothing, and remembers all it saw instead."""

    topic: Topic
    setting: Setting
    refuse: Refusal
    dry: bool = False
    tally: Tally = field(default_factory=Tally)
    _accounts: Accounts = field(init=False)
    _known: dict[tuple[str, str], tuple[object, ...]] = field(default_factory=dict)
    """By (id, name): whose it is, and the sums."""

    def __post_init__(self) -> None:
        self._accounts = Accounts(self.dry)

    def take_all(self, writer: Writer, rows: Iterator[Numbered], after_each: Callable[[], None]) -> Tally:
        """All rows, each chunk in a transaction of its own."""
        with _uncollected():
            while chunk := list(islice(rows, CHUNK)):
                read = list(self.read(chunk))
                self.tally.first = self.tally.first or [(line, record) for line, _, record in read[:FIRST]]
                with writer.transaction(self.setting.now) as tx:
                    self.take(tx, read)
                after_each()
        return self.tally

    def read(self, chunk: Sequence[Numbered]) -> Iterator[Read]:
        """The rows that can be understood."""
        self.tally.rows += len(chunk)
        for line, cells in chunk:
            try:
                if cells is None:
                    raise Refused("这一行读不出来")
                record = self.topic.read(cells, self.setting)
            except Refused as why:
                self._refuse(line, why, cells)
                continue
            if record.note:
                self.tally.notes[record.note] += 1
            yield line, cells, record

    def _refuse(self, line: int, why: Refused, cells: Cells | None) -> None:
        self.tally.refused[why.reason] += 1
        self.refuse(line, str(why), cells)

    def take(self, tx: Transaction, read: Sequence[Read]) -> None:
        """Write what is new in these rows."""
        read = self._but_forgotten(tx, read)
        if self.topic.origin:
            self._take_events(tx, read)
        else:
            self._take_members(tx, read)
        self.tally.accounts, self.tally.linked = self._accounts.made, self._accounts.linked

    def _but_forgotten(self, tx: Transaction, read: Sequence[Read]) -> Sequence[Read]:
        """Nobody comes back who asked to be forgotten."""
        accounts = ((it.key, it.phone) for _, _, record in read for it in record.accounts)
        gone = tombstones.buried(tx, self.setting.key, accounts)
        if not gone:
            return read
        others: list[Read] = []
        for line, cells, record in read:
            if gone.isdisjoint(it.key for it in record.accounts):
                others.append((line, cells, record))
            else:
                self._refuse(line, Refused("本人要求忘记，不再收"), cells)
        return others

    def _meet(self, tx: Transaction, read: Sequence[Read]) -> None:
        self._accounts.find(tx, (it for _, _, record in read for it in record.accounts))

    def _count(self, is_new: bool) -> None:
        self.tally.new += is_new
        self.tally.unchanged += not is_new

    # --- things that happened ---

    @property
    def source(self) -> str:
        return f"{self.topic.origin}{self.setting.source}"

    def _take_events(self, tx: Transaction, read: Sequence[Read]) -> None:
        self._meet(tx, read)
        self._recall(tx, read)
        happened: list[tuple[Event, int | None]] = []
        taken: list[Record] = []
        for line, cells, record in read:
            who = self._accounts.id_of(record.accounts[0]) if record.accounts else None
            try:
                new = self._new_events(record, who)
            except Refused as why:
                self._refuse(line, why, cells)
                continue
            self._count(bool(new))
            happened += [(event, who) for event in new]
            taken.append(record)
        self.tally.events.update(event.name for event, _ in happened)
        if not self.dry:
            source = self.source
            rows = [
                log.entry(tx, source, it.source_id, it.name, it.at, identity_id=who, **it.values)
                for it, who in happened
            ]
            log.append(tx, rows)
        self._note_invites(tx, taken)

    def _note_invites(self, tx: Transaction, records: Sequence[Record]) -> None:
        """Who was brought by a code: at the first thing that its row tells."""
        coded = [
            Coded(
                it.invite,
                self._accounts.id_of(it.accounts[0]),
                min((event.at for event in it.events), default=self.setting.now),
            )
            for it in records
            if it.invite and it.accounts
        ]
        self.tally.notes.update(inviting.note(tx, coded, self.dry))

    def _recall(self, tx: Transaction, read: Sequence[Read]) -> None:
        """What is on record under the ids of these rows."""
        asked = {event.source_id for _, _, record in read for event in record.events}
        found = tx.connection.execute(_BEFORE, {"from": self.source, "ids": asked})
        if not self.dry:
            self._known = {}
        self._known |= {(id, name): (who, *sums) for id, name, who, *sums in found.all()}

    def _new_events(self, record: Record, who: int | None) -> list[Event]:
        """Those that are not on record. Raises ``Refused`` where one is there otherwise, and notes none."""
        new: list[Event] = []
        known: dict[tuple[str, str], tuple[object, ...]] = {}
        for event in record.events:
            key, values = (event.source_id, event.name), event.values
            told = (who, values.get("amount_cents"), values.get("cost_cents"))
            before = self._known.get(key)
            if before is None:
                known[key] = told
                new.append(event)
            elif before != told:
                raise Refused("和已经记下的对不上", f"{event.source_id[:40]} {_difference(before, told)}")
        self._known |= known
        return new

    # --- members ---

    def _take_members(self, tx: Transaction, read: Sequence[Read]) -> None:
        asked = {record.member for _, _, record in read if record.member is not None}
        found = tx.connection.execute(_NUMBERED, {"numbers": asked})
        members = {row.number: row.merged_into or row.id for row in found}
        known = []
        for line, cells, record in read:
            if record.member is None or record.member in members:
                known.append((line, cells, record))
            else:
                self._refuse(line, Refused("群里没有这个编号", f"M{record.member}"), cells)
        self._meet(tx, known)
        taken = []
        for line, cells, record in known:
            try:
                self._count(self._link(tx, record, members))
            except Refused as why:
                self._refuse(line, why, cells)
                continue
            taken.append(record)
        self._note_invites(tx, taken)

    def _link(self, tx: Transaction, record: Record, members: Mapping[int, int]) -> bool:
        """Whether anything is new by it: an account, its phone, or whose it is."""
        keys = {it.key for it in record.accounts}
        is_new = not keys.isdisjoint(self._accounts.fresh)
        self._accounts.fresh -= keys
        if record.member is None:
            return is_new
        whose, accounts = members[record.member], [self._accounts.id_of(it) for it in record.accounts]
        theirs = select(identity.c.member_id).where(
            identity.c.id.in_(accounts), identity.c.member_id != whose
        )
        if (other := tx.connection.execute(theirs).scalar()) is not None:
            raise Refused("这个账号已经是别人的", f"M{directory.number_of_member(tx, other)}")
        if self.dry:
            return is_new
        entry = merging.link(tx, accounts, whose, Why(Proof.STAFF, reason="导入的会员表"))
        self._accounts.linked += entry is not None
        return is_new or entry is not None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Rows leave no circles behind, and looking for some takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _difference(before: tuple[object, ...], told: tuple[object, ...]) -> str:
    """``记着 ¥59.00，这次 ¥69.00``; or that it is somebody else's."""
    for was, now in zip(before[1:], told[1:], strict=True):
        if was != now:
            return f"记着 {_yuan(was)}，这次 {_yuan(now)}"
    return "买家不是同一位"


def _yuan(sum: object) -> str:
    return f"¥{sum / 100:.2f}" if isinstance(sum, int) else "没有金额"
