from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, RowMapping

from bot.sop import timetable
from bot.sop.schedule import Schedule
from bot.sop.timetable import Line, Slot
from bot.store.ids import Ids
from bot.store.tables import cursor, slot
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, rows

ACCOUNT = "main"
ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def line(
    words: str = "每天 12:10", late_after: timedelta = 2 * HOUR, *, sop: str = "a", room: int = 1
) -> Line:
    return Line(sop, room, "post", Schedule.parse(words), late_after)


@dataclass
class Tables:
    """The timetable of some lines, at a moment that is moved by hand."""

    connection: Connection
    lines: Sequence[Line]
    now: datetime = MONDAY_9
    account: str = ACCOUNT
    ids: Ids = field(default_factory=Ids)

    @property
    def tx(self) -> Transaction:
        return Transaction(self.connection, self.ids, self.now)

    def sync(self, *lines: Line) -> None:
        """Start, or restart, or load other SOPs."""
        self.lines = lines or self.lines
        timetable.sync(self.tx, self.account, self.lines, ZONE)

    def tick(self, after: timedelta | None = None) -> list[Slot]:
        self.now += after or timedelta(0)
        by_key = {it.key: it for it in self.lines}
        find = lambda *key: by_key.get(key)  # noqa: E731
        return list(timetable.take_due(self.tx, self.account, find, ZONE))

    def slots(self, **where: object) -> list[RowMapping]:
        return rows(self.connection, slot, **where)

    def recorded(self) -> list[tuple[str, str]]:
        return [(row["occurrence"], row["state"]) for row in self.slots()]


@pytest.fixture
def tables(engine: Engine) -> Iterator[Tables]:
    """One line, every day at 12:10 and two hours late at most; it begins on Monday at 9:00."""
    with engine.connect() as connection:
        it = Tables(connection, [line()])
        it.sync()
        yield it


def test_a_slot_is_taken_when_its_moment_comes(tables: Tables) -> None:
    assert tables.tick() == []
    (taken,) = tables.tick(4 * HOUR)
    assert (taken.line, taken.occurrence) == (tables.lines[0], "2026-11-30")
    assert taken.due_at == datetime(2026, 11, 30, 12, 10, tzinfo=ZONE)
    (row,) = tables.slots()
    assert (row["state"], row["due_at"], row["handled_at"], row["reason"]) == (
        "done",
        taken.due_at,
        tables.now,
        "",
    )


def test_a_slot_is_taken_once(tables: Tables) -> None:
    assert len(tables.tick(4 * HOUR)) == 1
    assert tables.tick() == []
    tables.sync()
    assert tables.tick(HOUR) == []


def test_a_slot_that_is_found_too_late_is_recorded_as_missed(tables: Tables) -> None:
    assert tables.tick(6 * HOUR) == []
    (row,) = tables.slots()
    assert (row["state"], row["reason"]) == ("missed", "found 2:50:00 late")


def test_the_last_moment_that_is_not_too_late_still_counts(tables: Tables) -> None:
    due = datetime(2026, 11, 30, 12, 10, tzinfo=ZONE)
    tables.now = due + 2 * HOUR
    assert len(tables.tick()) == 1
    tables.now = due + DAY + 2 * HOUR + timedelta(milliseconds=1)
    assert tables.tick() == []


def test_what_came_while_the_bot_was_away_is_missed_day_by_day(tables: Tables) -> None:
    (last,) = tables.tick(3 * DAY + 4 * HOUR)
    assert last.occurrence == "2026-12-03"
    assert tables.recorded() == [
        ("2026-11-30", "missed"),
        ("2026-12-01", "missed"),
        ("2026-12-02", "missed"),
        ("2026-12-03", "done"),
    ]


def test_a_clock_that_goes_back_plays_nothing_again(tables: Tables) -> None:
    tables.tick(4 * HOUR)
    assert tables.tick(-4 * HOUR) == []
    tables.sync()
    assert tables.tick(4 * HOUR) == []
    assert len(tables.tick(DAY)) == 1


def test_a_new_schedule_begins_now(tables: Tables) -> None:
    tables.now += 26 * HOUR
    tables.sync(line("每天 10:00"))
    assert tables.tick() == []
    assert tables.slots() == []
    assert [it.occurrence for it in tables.tick(DAY)] == ["2026-12-02"]


def test_a_schedule_that_is_moved_within_the_day_is_not_played_twice_that_day(tables: Tables) -> None:
    assert len(tables.tick(4 * HOUR)) == 1
    tables.sync(line("每天 18:00"))
    assert tables.tick(6 * HOUR) == []
    assert len(tables.tick(DAY)) == 1


def test_a_room_that_is_new_begins_now_and_leaves_the_others_alone(tables: Tables) -> None:
    tables.now += 4 * HOUR
    tables.sync(line(), line(room=2))
    assert [it.line.room_id for it in tables.tick()] == [1]
    assert [it.line.room_id for it in tables.tick(DAY)] == [1, 2]


def test_a_sop_that_is_removed_is_not_played_any_more(tables: Tables) -> None:
    tables.sync(line(sop="b"))
    assert [it.line.sop_id for it in tables.tick(4 * HOUR)] == ["b"]
    assert [row["sop_id"] for row in rows(tables.connection, cursor)] == ["b"]


def test_a_sop_that_comes_back_begins_anew(tables: Tables) -> None:
    tables.sync(line(sop="b"))
    tables.now += 2 * DAY
    tables.sync(line())
    assert tables.tick() == []


def test_a_cursor_whose_line_is_gone_does_not_keep_the_alarm_ringing(tables: Tables) -> None:
    tables.lines = []
    assert tables.tick(4 * HOUR) == []
    assert timetable.next_due(tables.tx, ACCOUNT) is None


def test_slots_are_taken_in_the_order_of_their_moments(tables: Tables) -> None:
    tables.sync(line("每天 11:00", sop="z"), line("每天 10:30", sop="b", room=2), line("每天 10:30", sop="b"))
    assert [(it.line.sop_id, it.line.room_id) for it in tables.tick(3 * HOUR)] == [
        ("b", 1),
        ("b", 2),
        ("z", 1),
    ]


def test_the_next_moment_is_told(tables: Tables) -> None:
    assert timetable.next_due(tables.tx, ACCOUNT) == datetime(2026, 11, 30, 12, 10, tzinfo=ZONE)
    tables.tick(4 * HOUR)
    assert timetable.next_due(tables.tx, ACCOUNT) == datetime(2026, 12, 1, 12, 10, tzinfo=ZONE)


def test_whoever_changes_the_timetable_has_the_alarm_set_anew(tables: Tables) -> None:
    tx = tables.tx
    timetable.sync(tx, ACCOUNT, tables.lines, ZONE)
    assert tx.rescheduled


def test_another_account_has_a_timetable_of_its_own(tables: Tables) -> None:
    other = Tables(tables.connection, [line(room=9)], account="other", ids=tables.ids)
    other.sync()
    tables.sync()
    assert timetable.next_due(tables.tx, "nobody") is None
    assert [it.line.room_id for it in tables.tick(4 * HOUR)] == [1]
    assert [it.line.room_id for it in other.tick(4 * HOUR)] == [9]


# --- by hand ---


def test_a_run_by_hand_is_a_slot_once_for_each_message(tables: Tables) -> None:
    first = timetable.by_hand(tables.tx, line(), "manual:m1")
    assert first is not None
    assert (first.due_at, first.occurrence) == (MONDAY_9, "manual:m1")
    assert timetable.by_hand(tables.tx, line(), "manual:m1") is None
    assert timetable.by_hand(tables.tx, line(room=2), "manual:m1") is not None
    assert timetable.by_hand(tables.tx, line(), "manual:m2") is not None


def test_a_run_by_hand_does_not_take_the_place_of_the_scheduled_one(tables: Tables) -> None:
    timetable.by_hand(tables.tx, line(), "manual:m1")
    assert len(tables.tick(4 * HOUR)) == 1


def test_a_slot_whose_behaviour_failed_says_so(tables: Tables) -> None:
    (taken,) = tables.tick(4 * HOUR)
    timetable.mark_failed(tables.tx, taken.id, "the behaviour failed")
    assert [(row["state"], row["reason"]) for row in tables.slots()] == [("failed", "the behaviour failed")]
    assert tables.tick(HOUR) == []


# --- whatever happens ---

schedules = st.builds(
    "{} {:02}:{:02}".format,
    st.sampled_from(["每天", "周一", "周二、周五", "周六到周日", "每月1日", "每月15号、28号"]),
    st.integers(0, 23),
    st.integers(0, 59),
)
steps = st.lists(
    st.tuples(st.integers(-2 * 24 * 60, 20 * 24 * 60), st.booleans()), min_size=1, max_size=12
)  # minutes until the next tick (the clock may go back), and whether the bot restarts before it


@given(words=schedules, late_hours=st.integers(0, 30), path=steps)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_slot_that_comes_due_is_recorded_exactly_once(
    engine: Engine, words: str, late_hours: int, path: list[tuple[int, bool]]
) -> None:
    with engine.connect() as connection:
        its = line(words, late_hours * HOUR)
        tables = Tables(connection, [its])
        tables.sync()
        found_at: dict[datetime, datetime] = {}
        seen_until = MONDAY_9
        for minutes, restarts in path:
            tables.now += timedelta(minutes=minutes)
            if restarts:
                tables.sync()
            taken = tables.tick()
            came = list(moments(its.schedule, seen_until, tables.now))
            found_at |= dict.fromkeys(came, tables.now)
            seen_until = max(seen_until, tables.now)
            assert [it.due_at for it in taken] == [at for at in came if tables.now - at <= its.late_after]
        recorded = {row["due_at"]: row for row in tables.slots()}
        assert list(recorded) == list(found_at)
        assert len(recorded) == len(tables.slots())
        for at, when in found_at.items():
            assert recorded[at]["state"] == ("done" if when - at <= its.late_after else "missed")


def moments(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments of a schedule in (start, end]."""
    at = schedule.next_after(start, ZONE)
    while at is not None and at <= end:
        yield at
        at = schedule.next_after(at, ZONE)
