"""Once a week the operators are sent the figures, some hours after a night.

Each moment is a row, as those of SOPs are: ``failed`` while nothing was sent, and tried again until it is too
late; then ``missed``. Only with ``done`` the message is queued, and so it is once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from bot.nightly.apart import Apart
from bot.people import directory
from bot.people.directory import Room
from bot.sop.loader import SopSet
from bot.sop.operators import alert
from bot.sop.timetable import YEAR, AnyRow, SlotState
from bot.store.quick import once
from bot.store.session import insert_new
from bot.store.tables import slot
from bot.store.transaction import Errand, Reader, Transaction
from bot.store.types import UtcTime

if TYPE_CHECKING:
    from bot.reporting.asked import Asked, Report, Terms

LATE_AFTER = timedelta(hours=12)
AGAIN = timedelta(minutes=10)
REPORT, STEP = "报告", "weekly"
"""In the place of a SOP's id and step; no SOP can be called so."""
_LAST = once(
    select(slot.c.due_at, slot.c.handled_at, slot.c.state)
    .where(slot.c.sop_id == REPORT, slot.c.room_id == bindparam("here"))
    .where(slot.c.due_at <= bindparam("now", type_=UtcTime))
    .order_by(slot.c.due_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a report is due, and when to look at it next."""

    room: Room
    due_at: datetime
    look_at: datetime


@dataclass(frozen=True, slots=True)
class Weekly:
    """The weekly message of the account that has the operators' room."""

    account: str
    sops: SopSet

    def next_due(self, tx: Transaction) -> datetime | None:
        coming = None if tx.reader is None else self._coming(tx)
        return None if coming is None else coming.look_at

    def tick(self, tx: Transaction) -> None:
        coming = self._coming(tx)
        if coming is None or coming.look_at > tx.now or tx.reader is None:
            return
        if tx.now - coming.due_at > LATE_AFTER:
            self._note(tx, coming, SlotState.MISSED)
            return
        self._note(tx, coming, SlotState.FAILED)
        tx.errands.append(self._errand(coming, tx))

    def _coming(self, tx: Transaction) -> _Moment | None:
        community = self.sops.community
        room = directory.enabled_room(tx, self.account, community.operators)
        if room is None or community.weekly is None:
            return None
        last = self._last(tx, room)
        if last is not None and last.state == SlotState.FAILED:
            return _Moment(room, last.due_at, last.handled_at + AGAIN)
        since = max(room.enabled_at, tx.now - YEAR, *(() if last is None else (last.due_at,)))
        due = community.weekly.next_after(since, community.zone)
        return None if due is None else _Moment(room, due, due)

    def _last(self, tx: Transaction, room: Room) -> AnyRow | None:
        """The last moment that came; what a clock said that was ahead is none."""
        return tx.connection.execute(_LAST, {"here": room.id, "now": tx.now}).first()

    def _note(self, tx: Transaction, moment: _Moment, state: SlotState) -> None:
        day = moment.due_at.astimezone(self.sops.community.zone).date().isoformat()
        key = {"sop_id": REPORT, "room_id": moment.room.id, "step": STEP, "occurrence": day}
        row = {"id": tx.new_id(), **key, "due_at": moment.due_at, "handled_at": tx.now, "state": state}
        if not insert_new(tx.connection, slot, [row]):
            this = update(slot).filter_by(**key).values(handled_at=tx.now, state=state)
            tx.connection.execute(this)
        tx.rescheduled = True

    def _errand(self, moment: _Moment, tx: Transaction) -> Errand[Report | None]:
        from bot.reporting.asked import Terms, last_week  # here, because a start should not wait for it

        assert tx.reader is not None, "there is something to read"
        zone = self.sops.community.zone
        asked, today = last_week(moment.due_at, zone), moment.due_at.astimezone(zone).date()
        read = partial(_made, tx.reader, Terms.of(self.sops), asked, today)
        where = Apart() if tx.apart else _here
        return Errand("weekly report", lambda: next(where(read)), partial(self._send, moment), None)

    def _send(self, moment: _Moment, tx: Transaction, report: Report | None) -> None:
        from bot.reporting.screen import as_screen
        from bot.reporting.wanted import waiting, wanted

        if report is None:
            return
        waits = waiting(tx, self.sops, self.account)
        words = "\n".join(as_screen(report, wanted(report, waits)))
        alert(tx, moment.room.key, self.account, words, f"{REPORT}:{moment.due_at:%Y%m%dT%H%M}")
        self._note(tx, moment, SlotState.DONE)


def _made(reader: Reader, terms: Terms, asked: Asked, today: date) -> Iterator[Report]:
    from bot.reporting.making import make

    with reader() as connection:
        yield make(connection, terms, asked, today)


def _here(read: Callable[[], Iterator[Report]]) -> Iterator[Report]:
    return read()
