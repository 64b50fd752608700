"""Schedules as rows: a cursor per (SOP, room, step) tells how far the schedule has been played.

The slot table is the truth about what came: each moment once, in the transaction that queues its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from bot.sop.schedule import Schedule
from bot.store.session import insert_new, upsert
from bot.store.tables import cursor, slot
from bot.store.transaction import Transaction


class SlotState(StrEnum):
    DONE = "done"
    MISSED = "missed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timetable: a step of a SOP in a room."""

    sop_id: str
    room_id: int
    step: str
    schedule: Schedule
    late_after: timedelta

    @property
    def key(self) -> tuple[str, int, str]:
        return self.sop_id, self.room_id, self.step


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment that has come and is to be played now."""

    id: int
    line: Line
    due_at: datetime
    occurrence: str


def sync(tx: Transaction, account: str, lines: Iterable[Line], zone: ZoneInfo) -> None:
    """Make the cursors of an account those of ``lines``; what is new, or has a new schedule, begins now."""
    wanted = {line.key: line for line in lines}
    for row in tx.connection.execute(select(cursor).where(cursor.c.account == account)).all():
        line = wanted.get((row.sop_id, row.room_id, row.step))
        if line is None:
            here = (cursor.c.sop_id == row.sop_id) & (cursor.c.room_id == row.room_id)
            tx.connection.execute(cursor.delete().where(here, cursor.c.step == row.step))
        elif _spelled(line.schedule, zone) == row.schedule:
            del wanted[line.key]
    rows = [{"account": account, **_cursor_row(line, tx.now, zone)} for line in wanted.values()]
    upsert(tx.connection, cursor, rows, ["sop_id", "room_id", "step"])
    tx.rescheduled = True


def _cursor_row(line: Line, at: datetime, zone: ZoneInfo) -> dict[str, object]:
    keys = {"sop_id": line.sop_id, "room_id": line.room_id, "step": line.step}
    next_at = line.schedule.next_after(at, zone)
    return {**keys, "schedule": _spelled(line.schedule, zone), "at": at, "next_at": next_at}


def _spelled(schedule: Schedule, zone: ZoneInfo) -> str:
    """What makes a schedule another one when it changes."""
    return f"{schedule.words} {zone.key}"


def next_due(tx: Transaction, account: str) -> datetime | None:
    """When the next slot of an account is due."""
    query = select(func.min(cursor.c.next_at)).where(cursor.c.account == account)
    return tx.connection.execute(query).scalar()


def take_due(
    tx: Transaction, account: str, line_of: Callable[[str, int, str], Line | None], zone: ZoneInfo
) -> Iterator[Slot]:
    """The slots of an account that are due and not too late; those that are too late are recorded as missed.

    ``line_of`` finds the line of a cursor (SOP id, room id, step). Cursors move as the slots are taken, so
    the iteration must be run to its end.
    """
    due = select(cursor).where(cursor.c.account == account, cursor.c.next_at <= tx.now)
    for row in tx.connection.execute(due.order_by(cursor.c.next_at, cursor.c.sop_id, cursor.c.room_id)).all():
        line = line_of(row.sop_id, row.room_id, row.step)
        if line is None:
            _move(tx, row.sop_id, row.room_id, row.step, None)
        else:
            yield from _play(tx, line, row.next_at, zone)


def _play(tx: Transaction, line: Line, first: datetime, zone: ZoneInfo) -> Iterator[Slot]:
    """Take every slot of a line from ``first`` until now."""
    moment: datetime | None = first
    while moment is not None and moment <= tx.now:
        day = moment.astimezone(zone).date().isoformat()
        missed = tx.now - moment > line.late_after
        new = _add(tx, line, day, moment, SlotState.MISSED if missed else SlotState.DONE)
        if new is not None and not missed:
            yield new
        moment = line.schedule.next_after(moment, zone)
    _move(tx, *line.key, moment)


def _move(tx: Transaction, sop_id: str, room_id: int, step: str, next_at: datetime | None) -> None:
    """The cursor has come to now, and has nothing to do before ``next_at``."""
    here = (cursor.c.sop_id == sop_id) & (cursor.c.room_id == room_id) & (cursor.c.step == step)
    tx.connection.execute(update(cursor).where(here).values(at=tx.now, next_at=next_at))


def by_hand(tx: Transaction, line: Line, occurrence: str) -> Slot | None:
    """A slot now, outside the schedule; None if this ``occurrence`` was run before."""
    return _add(tx, line, occurrence, tx.now, SlotState.DONE)


def _add(tx: Transaction, line: Line, occurrence: str, due_at: datetime, state: SlotState) -> Slot | None:
    slot_id = tx.new_id()
    row = {
        "id": slot_id,
        "sop_id": line.sop_id,
        "room_id": line.room_id,
        "step": line.step,
        "occurrence": occurrence,
        "due_at": due_at,
        "handled_at": tx.now,
        "state": state,
        "reason": f"found {tx.now - due_at} late" if state == SlotState.MISSED else "",
    }
    new = insert_new(tx.connection, slot, [row])
    return Slot(slot_id, line, due_at, occurrence) if new else None


def mark_failed(tx: Transaction, slot_id: int, reason: str) -> None:
    """The slot's behaviour failed; nothing of it was kept."""
    tx.connection.execute(
        update(slot).where(slot.c.id == slot_id).values(state=SlotState.FAILED, reason=reason)
    )
