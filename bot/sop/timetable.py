"""Schedules as rows: a cursor per (SOP, room, step) tells how far the schedule has been played.

The slot table is the truth about what came: each moment once, in the transaction that queues its messages.
Only ``done`` is final: a moment that was missed or failed is played after all if it is found in time, because
the clock had been wrong, or on another try.

A cursor's ``at`` is how far the line is played, ``next_at`` when to look at it again: at the next moment, or
for another try of one that failed (``at`` stays before that one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update

from bot.sop.schedule import Schedule
from bot.store.quick import once
from bot.store.session import insert_new, upsert
from bot.store.tables import cursor, slot
from bot.store.transaction import Transaction
from bot.store.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
AT_ONCE = 25
"""Moments handled in a tick, or a few more, so that nobody waits long for it; the next tick goes on."""
YEAR = timedelta(days=366)
"""Of a longer absence (or of a clock that is decades ahead) only the first year is recorded as missed."""
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
"""A clock that shows less is wrong: many begin in 1970, and are set right when the network is there."""
FIRST_RETRY = timedelta(minutes=1)
_MOMENT = timedelta(milliseconds=1)
"""How exactly the store tells the time."""

LineOf = Callable[[str, int, str], "Line | None"]
"""Finds the line of a cursor: SOP id, room id, step."""


PAUSED = "paused"
"""Why a moment was missed of a SOP that a human paused."""


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
            tx.connection.execute(cursor.delete().where(_is(row)))
        elif _spelled(line.schedule, zone) == row.schedule:
            _resume(tx, line, row, zone)
            del wanted[line.key]
    begin = max(tx.now, EARLIEST)
    rows = [{"account": account, **_cursor_row(line, begin, zone)} for line in wanted.values()]
    upsert(tx.connection, cursor, rows, ["sop_id", "room_id", "step"])
    tx.rescheduled = True


def _resume(tx: Transaction, line: Line, row: AnyRow, zone: ZoneInfo) -> None:
    """A line that was there before. What failed is tried again: a restart may have mended it."""
    if tx.now <= EARLIEST:
        return
    if not EARLIEST < row.at <= tx.now:
        _set_right(tx, line, zone)
    elif (coming := line.schedule.next_after(row.at, zone)) != row.next_at:
        _point(tx, line, row.at, coming)


def _cursor_row(line: Line, at: datetime, zone: ZoneInfo) -> dict[str, object]:
    keys = {"sop_id": line.sop_id, "room_id": line.room_id, "step": line.step}
    next_at = line.schedule.next_after(at, zone)
    return {**keys, "schedule": _spelled(line.schedule, zone), "at": at, "next_at": next_at}


def _spelled(schedule: Schedule, zone: ZoneInfo) -> str:
    """What makes a schedule another one when it changes."""
    return f"{schedule.words} {zone.key}"


def next_due(tx: Transaction, account: str) -> datetime | None:
    """When the next slot of an account is due."""
    return tx.connection.execute(_NEXT_DUE, {"mine": account}).scalar()


def take_due(tx: Transaction, account: str, line_of: LineOf, zone: ZoneInfo) -> list[Slot]:
    """The slots of an account that are due and not too late; those that are too late are recorded as missed.

    The first that are due, if there are many; in the order of their moments.
    """
    if tx.now > EARLIEST:
        _heed_wrong_clocks(tx, account, line_of, zone)
    taken: list[Slot] = []
    handled = 0
    for row in tx.connection.execute(_DUE, {"mine": account, "now": tx.now}).all():
        line = line_of(row.sop_id, row.room_id, row.step)
        if line is None:
            _point(tx, row, tx.now, None)
            continue
        moments = _unplayed(tx, line, row.at, zone)
        taken += _take(tx, line, moments, zone)
        _point(tx, line, tx.now, line.schedule.next_after(tx.now, zone))
        handled += len(moments)
        if handled >= AT_ONCE:
            break
    return sorted(taken, key=lambda it: (it.due_at, it.line.key))


def _unplayed(tx: Transaction, line: Line, since: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments of a line from ``since``, where its cursor stands, until now."""
    if tx.now - since <= YEAR:
        return list(_moments(line, since, tx.now, zone))
    in_time = max(since + YEAR, tx.now - line.late_after)
    return [*_moments(line, since, since + YEAR, zone), *_moments(line, in_time, tx.now, zone)]


def _moments(line: Line, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When a line comes in (after, until]."""
    moment = line.schedule.next_after(after, zone)
    while moment is not None and moment <= until:
        yield moment
        moment = line.schedule.next_after(moment, zone)


def _take(tx: Transaction, line: Line, moments: Sequence[datetime], zone: ZoneInfo) -> Iterator[Slot]:
    """Those of a line's ``moments`` that are to be played now."""
    late = [moment for moment in moments if tx.now - moment > line.late_after]
    missed = [_row(tx, line, _day(moment, zone), moment, SlotState.MISSED) for moment in late]
    insert_new(tx.connection, slot, missed)
    for moment in moments[len(late) :]:
        day = _day(moment, zone)
        found = _add(tx, line, day, moment) or _add_after_all(tx, line, day, moment)
        if found is not None:
            yield found


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()


def _point(tx: Transaction, it: AnyRow | Line, at: datetime, next_at: datetime | None) -> None:
    """Let the cursor of a line stand at ``at``, with nothing to do before ``next_at``."""
    key = {"of": it.sop_id, "here": it.room_id, "which": it.step}
    tx.connection.execute(_POINT, {**key, "new_at": at, "new_next": next_at})


# Built once, because each tick or each moment of each room asks for it.
_MINE, _NOW = cursor.c.account == bindparam("mine"), bindparam("now", type_=UtcTime)
_NEXT_DUE = once(select(func.min(cursor.c.next_at)).where(_MINE))
_DUE = once(
    select(cursor)
    .where(_MINE, cursor.c.next_at <= _NOW)
    .order_by(cursor.c.next_at, cursor.c.sop_id, cursor.c.room_id, cursor.c.step)
    .limit(AT_ONCE)
)
_WRONG = once(select(cursor).where(_MINE, (cursor.c.at > _NOW) | (cursor.c.at <= EARLIEST)))
_POINT = once(
    update(cursor)
    .where(
        cursor.c.sop_id == bindparam("of"),
        cursor.c.room_id == bindparam("here"),
        cursor.c.step == bindparam("which"),
    )
    .values(at=bindparam("new_at", type_=UtcTime), next_at=bindparam("new_next", type_=UtcTime))
)


def _is(it: AnyRow | Line) -> ColumnElement[bool]:
    """The cursor of a line."""
    return (cursor.c.sop_id == it.sop_id) & (cursor.c.room_id == it.room_id) & (cursor.c.step == it.step)


# --- clocks that were wrong ---


def _heed_wrong_clocks(tx: Transaction, account: str, line_of: LineOf, zone: ZoneInfo) -> None:
    for row in tx.connection.execute(_WRONG, {"mine": account, "now": tx.now}).all():
        line = line_of(row.sop_id, row.room_id, row.step)
        if line is not None:
            _set_right(tx, line, zone)


def _set_right(tx: Transaction, line: Line, zone: ZoneInfo) -> None:
    """The cursor was moved by a clock that was wrong, and would wait, or begin, where that was."""
    missed = _missed_by_a_clock_ahead(tx, line, zone)
    at = tx.now if missed is None else missed - _MOMENT
    _point(tx, line, at, line.schedule.next_after(at, zone))


def _missed_by_a_clock_ahead(tx: Transaction, line: Line, zone: ZoneInfo) -> datetime | None:
    """The first moment that is not too late, and was missed or failed at a time that is not reached yet."""
    since = tx.now - line.late_after
    query = select(func.min(slot.c.due_at)).where(
        slot.c.sop_id == line.sop_id,
        slot.c.room_id == line.room_id,
        slot.c.step == line.step,
        slot.c.occurrence.between(_day(since, zone), _day(tx.now, zone)),
        slot.c.state != SlotState.DONE,
        slot.c.due_at.between(since, tx.now),
        slot.c.handled_at > tx.now,
    )
    return tx.connection.execute(query).scalar()


# --- slots ---


def by_hand(tx: Transaction, line: Line, occurrence: str) -> Slot | None:
    """A slot now, outside the schedule; None if this ``occurrence`` was run before."""
    return _add(tx, line, occurrence, tx.now)


def _add(tx: Transaction, line: Line, occurrence: str, due_at: datetime) -> Slot | None:
    """A slot that is being played; None if there is one of this ``occurrence``."""
    row = _row(tx, line, occurrence, due_at, SlotState.DONE)
    new = insert_new(tx.connection, slot, [row])
    return Slot(row["id"], line, due_at, occurrence) if new else None


def _row(tx: Transaction, line: Line, occurrence: str, due_at: datetime, state: SlotState) -> dict[str, Any]:
    return {
        "id": tx.new_id(),
        "sop_id": line.sop_id,
        "room_id": line.room_id,
        "step": line.step,
        "occurrence": occurrence,
        "due_at": due_at,
        "handled_at": tx.now,
        "state": state,
        "reason": f"found {tx.now - due_at} late" if state == SlotState.MISSED else "",
    }


def _add_after_all(tx: Transaction, line: Line, occurrence: str, due_at: datetime) -> Slot | None:
    """The slot of this ``occurrence``, if it was missed or failed before."""
    here = (slot.c.sop_id == line.sop_id) & (slot.c.room_id == line.room_id) & (slot.c.step == line.step)
    changed = (
        update(slot)
        .where(here, slot.c.occurrence == occurrence, slot.c.state != SlotState.DONE)
        .values(state=SlotState.DONE, due_at=due_at, handled_at=tx.now, reason="")
        .returning(slot.c.id)
    )
    found = tx.connection.execute(changed).scalar()
    return None if found is None else Slot(found, line, due_at, occurrence)


def mark_missed(tx: Transaction, slot_id: int, reason: str) -> None:
    """The slot came, and nothing was to be done."""
    missed = {"state": SlotState.MISSED, "reason": reason}
    tx.connection.execute(update(slot).where(slot.c.id == slot_id).values(missed))


def mark_failed(tx: Transaction, slot_id: int, reason: str) -> None:
    """The slot's behaviour failed; nothing of it was kept."""
    tx.connection.execute(
        update(slot).where(slot.c.id == slot_id).values(state=SlotState.FAILED, reason=reason)
    )


def try_again(tx: Transaction, it: Slot) -> None:
    """The slot failed: play it again while it is not too late, 1, 5, 25 … minutes late and at a restart."""
    row = tx.connection.execute(select(cursor).where(_is(it.line))).first()
    if row is None:
        return
    again = tx.now + max(FIRST_RETRY, 4 * (tx.now - it.due_at))
    moments = [row.next_at] if again - it.due_at > it.line.late_after else [row.next_at, again]
    next_at = min((moment for moment in moments if moment is not None), default=None)
    _point(tx, it.line, min(row.at, it.due_at - _MOMENT), next_at)
