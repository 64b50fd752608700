from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
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


def local(moment: str) -> datetime:
    """``2026-11-30 12:10`` in Shanghai."""
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


@dataclass
class Tables:
    """The timetable of some lines, at a moment that is moved by hand."""

    connection: Connection
    lines: Sequence[Line]
    now: datetime = MONDAY_9
    account: str = ACCOUNT
    ids: Ids = field(default_factory=Ids)
    zone: ZoneInfo = ZONE

    @property
    def tx(self) -> Transaction:
        return Transaction(self.connection, self.ids, self.now)

    def sync(self, *lines: Line) -> None:
        """Start, or restart, or load other SOPs."""
        self.lines = lines or self.lines
        timetable.sync(self.tx, self.account, self.lines, self.zone)

    def restart(self, moment: str) -> list[Slot]:
        """End the process; another begins when the machine's clock shows ``moment``."""
        self.now = local(moment)
        self.sync()
        return self.tick()

    def tick(self, after: timedelta | None = None) -> list[Slot]:
        self.now += after or timedelta(0)
        by_key = {it.key: it for it in self.lines}
        find = lambda *key: by_key.get(key)  # noqa: E731
        return timetable.take_due(self.tx, self.account, find, self.zone)

    def at(self, moment: str) -> list[Slot]:
        """Tick when the machine's clock shows ``moment``, whatever it showed before."""
        self.now = local(moment)
        return self.tick()

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


def test_steps_that_are_due_together_come_in_a_defined_order(tables: Tables) -> None:
    steps = [replace(line(sop="b"), step=step) for step in ("remind", "post")]
    tables.sync(*steps, line(room=2), line())
    taken = tables.tick(4 * HOUR)
    assert [it.line.key for it in taken] == [
        ("a", 1, "post"),
        ("a", 2, "post"),
        ("b", 1, "post"),
        ("b", 1, "remind"),
    ]


def test_what_is_due_in_great_number_is_taken_a_part_at_a_time(tables: Tables) -> None:
    rooms = range(1, 2 * timetable.AT_ONCE + 2)
    tables.sync(*(line(room=room) for room in rooms))
    tables.now += 4 * HOUR
    parts = [[it.line.room_id for it in tables.tick()] for _ in range(4)]
    assert [len(part) for part in parts] == [timetable.AT_ONCE, timetable.AT_ONCE, 1, 0]
    assert [room for part in parts for room in part] == list(rooms)


def test_of_a_year_away_each_date_is_missed_once_and_the_last_is_played(tables: Tables) -> None:
    (last,) = tables.at("2027-11-30 13:00")
    assert last.occurrence == "2027-11-30"
    assert [state for _, state in tables.recorded()] == ["missed"] * 365 + ["done"]
    assert len({day for day, _ in tables.recorded()}) == 366


def test_of_a_longer_time_away_the_first_year_is_recorded_and_the_last_moment_played(tables: Tables) -> None:
    (last,) = tables.at("2050-11-30 13:00")
    assert last.occurrence == "2050-11-30"
    assert len(tables.slots(state="missed")) == 366


def test_what_may_be_later_than_its_period_is_all_made_up_for_in_its_order(tables: Tables) -> None:
    tables.sync(line("每天 08:00", 3 * DAY), line("每天 09:00", 3 * DAY, sop="b"))
    taken = tables.at("2026-12-04 08:30")
    assert [(it.line.sop_id, it.occurrence[-2:]) for it in taken] == [
        ("b", "01"),
        ("a", "02"),
        ("b", "02"),
        ("a", "03"),
        ("b", "03"),
        ("a", "04"),
    ]


def test_a_schedule_that_was_edited_while_the_bot_was_down_begins_at_the_restart(tables: Tables) -> None:
    tables.lines = [line("每天 10:00", 3 * DAY)]
    assert tables.restart("2026-12-01 12:00") == []
    assert [it.occurrence for it in tables.at("2026-12-02 10:00")] == ["2026-12-02"]


def test_a_moment_that_was_missed_and_is_moved_to_later_that_day_is_played(tables: Tables) -> None:
    assert tables.at("2026-11-30 15:00") == []
    tables.sync(line("每天 18:00"))
    assert [it.occurrence for it in tables.at("2026-11-30 18:00")] == ["2026-11-30"]
    assert tables.recorded() == [("2026-11-30", "done")]


def test_another_time_zone_begins_now_and_repeats_no_date(tables: Tables) -> None:
    assert len(tables.at("2026-11-30 12:10")) == 1
    tables.zone = ZoneInfo("Europe/Berlin")
    assert tables.restart("2026-11-30 13:00") == []
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-11-30 19:10")
    assert tables.at("2026-11-30 19:10") == []
    assert [it.occurrence for it in tables.at("2026-12-01 19:10")] == ["2026-12-01"]


def test_a_time_that_comes_twice_in_autumn_is_played_once(tables: Tables) -> None:
    tables.zone, tables.now = ZoneInfo("Europe/Berlin"), local("2027-10-30 20:00")
    tables.sync(line("每天 02:30"))
    taken = [it.due_at for hour in range(40) for it in tables.tick(HOUR)]
    assert (
        taken
        == [datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 11, 1, 1, 30, tzinfo=UTC)][: len(taken)]
    )
    assert taken != []


# --- clocks that are wrong, and set right ---


@pytest.mark.parametrize("ahead", ["2026-12-10 03:00", "2027-11-30 03:00", "2050-01-01 03:00"])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_slot_that_passed_while_the_clock_was_ahead_is_played_in_time(
    tables: Tables, ahead: str, restarts: bool
) -> None:
    tables.at("2026-11-30 12:00")
    assert tables.at(ahead) == []
    back = tables.restart if restarts else tables.at
    assert [it.occurrence for it in back("2026-11-30 12:20")] == ["2026-11-30"]
    assert tables.slots(state="done")[0]["due_at"] == local("2026-11-30 12:10")


@pytest.mark.parametrize("ahead", ["2026-12-10 03:00", "2027-11-30 03:00", "2050-01-01 03:00"])
def test_after_a_clock_that_was_ahead_each_day_is_played_as_if_nothing_had_been(
    tables: Tables, ahead: str
) -> None:
    tables.at(ahead)
    assert tables.at("2026-11-30 12:00") == []
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        assert timetable.next_due(tables.tx, ACCOUNT) == local(f"{day} 12:10")
        assert [it.occurrence for it in tables.at(f"{day} 12:11")] == [day]
        assert tables.at(f"{day} 23:00") == []


def test_a_restart_with_the_clock_set_right_knows_what_comes_next(tables: Tables) -> None:
    """Nobody ticks before that."""
    tables.at("2027-11-30 03:00")
    tables.now = local("2026-11-30 12:20")
    tables.sync()
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-11-30 12:10")


def test_what_was_played_by_a_clock_that_was_ahead_is_not_played_again(tables: Tables) -> None:
    assert len(tables.at("2026-11-30 12:10")) == 1  # it is 11:10
    assert tables.at("2026-11-30 11:30") == []
    assert tables.at("2026-11-30 12:10") == []
    assert [it.occurrence for it in tables.at("2026-12-01 12:10")] == ["2026-12-01"]


def test_a_line_that_began_by_a_clock_that_was_ahead_begins_when_that_is_right(tables: Tables) -> None:
    tables.now = local("2050-01-01 00:00")
    tables.sync(line(sop="b"))
    assert tables.at("2026-11-30 12:20") == []
    assert [it.line.sop_id for it in tables.at("2026-12-01 12:10")] == ["b"]


@pytest.mark.parametrize("behind", ["1970-01-01 00:05", "2026-06-30 08:00", "2026-11-29 18:00"])
def test_a_clock_that_is_behind_at_boot_costs_nothing_once_it_is_right(tables: Tables, behind: str) -> None:
    tables.at("2026-11-30 12:00")
    assert tables.restart(behind) == []
    assert [it.occurrence for it in tables.at("2026-11-30 12:20")] == ["2026-11-30"]
    assert tables.at("2026-11-30 12:21") == []


def test_a_line_that_began_in_1970_begins_when_the_clock_is_right(tables: Tables) -> None:
    tables.now = local("1970-01-01 08:05")
    tables.sync(line(sop="b"))
    assert tables.at("1970-01-01 12:10") == []
    coming = timetable.next_due(tables.tx, ACCOUNT)
    assert coming is not None
    assert tables.now < coming, "the alarm rings once the clock is right"
    assert tables.at("2026-11-30 12:20") == []
    assert tables.slots() == []
    assert [it.line.sop_id for it in tables.at("2026-12-01 12:10")] == ["b"]


def test_a_clock_that_stays_behind_plays_by_what_it_shows_and_no_date_twice(tables: Tables) -> None:
    assert len(tables.at("2026-12-01 12:10")) == 1
    assert [it.occurrence for it in tables.restart("2026-11-29 12:11")] == []
    assert [it.occurrence for it in tables.at("2026-11-30 12:10")] == ["2026-11-30"]
    assert tables.at("2026-12-01 12:10") == []
    assert len(tables.at("2026-12-02 12:10")) == 1


def test_a_small_step_back_plays_nothing_twice(tables: Tables) -> None:
    assert len(tables.at("2026-11-30 12:10")) == 1
    tables.now -= timedelta(milliseconds=300)
    assert tables.tick() == []
    assert tables.tick(timedelta(seconds=1)) == []
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-12-01 12:10")


def test_a_run_by_hand_that_failed_by_a_clock_that_was_ahead_is_left_alone(tables: Tables) -> None:
    tables.at("2026-12-10 12:00")
    by_hand = timetable.by_hand(tables.tx, line(), "manual:m1")
    assert by_hand is not None
    timetable.mark_failed(tables.tx, by_hand.id, "the behaviour failed")
    assert tables.at("2026-11-30 12:00") == []
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-11-30 12:10")


# --- another try ---


def fail(tables: Tables, *taken: Slot) -> None:
    for it in taken:
        timetable.mark_failed(tables.tx, it.id, "the behaviour failed")
        timetable.try_again(tables.tx, it)


def test_a_slot_that_failed_is_tried_again_and_is_the_same(tables: Tables) -> None:
    (first,) = tables.at("2026-11-30 12:10")
    fail(tables, first)
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-11-30 12:11")
    assert tables.at("2026-11-30 12:10") == []
    (second,) = tables.at("2026-11-30 12:11")
    assert second == first
    assert [(row["state"], row["handled_at"]) for row in tables.slots()] == [("done", tables.now)]
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-12-01 12:10")


def test_a_slot_that_failed_does_not_keep_the_next_from_its_moment(tables: Tables) -> None:
    tables.sync(line("每天 12:10", 3 * DAY))
    fail(tables, *tables.at("2026-11-30 20:00"))
    assert timetable.next_due(tables.tx, ACCOUNT) == local("2026-12-01 12:10")
    assert [it.occurrence for it in tables.at("2026-12-01 12:10")] == ["2026-11-30", "2026-12-01"]


def test_a_slot_that_failed_by_a_clock_that_was_ahead_is_played_when_it_comes(tables: Tables) -> None:
    fail(tables, *tables.at("2026-12-02 12:11"))
    assert [it.occurrence for it in tables.at("2026-11-30 12:20")] == ["2026-11-30"]
    assert [it.occurrence for it in tables.at("2026-12-01 12:10")] == ["2026-12-01"]
    assert [it.occurrence for it in tables.at("2026-12-02 12:10")] == ["2026-12-02"]


def test_a_slot_whose_sop_was_removed_meanwhile_is_not_tried_again(tables: Tables) -> None:
    (taken,) = tables.at("2026-11-30 12:10")
    tables.sync(line(sop="b"))
    fail(tables, taken)
    assert tables.at("2026-11-30 12:11") == []


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
    st.tuples(st.integers(0, 20 * 24 * 60), st.booleans()), min_size=1, max_size=12
)  # minutes until the next tick, and whether the bot restarts before it


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


offsets = st.sampled_from(
    [timedelta(0)] * 3 + [HOUR, -HOUR, 3 * DAY, -3 * DAY, 40 * DAY, -40 * DAY, 9000 * DAY, -9000 * DAY]
)
wrong_steps = st.lists(
    st.tuples(st.integers(0, 3 * 24 * 60), offsets, st.booleans()), min_size=1, max_size=14
)  # minutes until the next tick, how far the clock is off by then, and whether the bot restarts before it


@given(words=schedules, late_hours=st.integers(1, 60), path=wrong_steps)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_wrong_the_clock_was_nothing_is_played_twice_and_nothing_lost_in_time(
    engine: Engine, words: str, late_hours: int, path: list[tuple[int, timedelta, bool]]
) -> None:
    with engine.connect() as connection:
        its = line(words, late_hours * HOUR)
        tables = Tables(connection, [its])
        tables.sync()
        truth, played = MONDAY_9, list[str]()
        for minutes, offset, restarts in path:
            truth += timedelta(minutes=minutes)
            tables.now = truth + offset
            if restarts:
                tables.sync()
            taken = tables.tick()
            played += [it.occurrence for it in taken]
            assert all(timedelta(0) <= tables.now - it.due_at <= its.late_after for it in taken)
            assert len(set(played)) == len(played)
            if offset:
                continue
            in_time = moments(its.schedule, max(MONDAY_9, truth - its.late_after), truth)
            assert {f"{at.astimezone(ZONE):%Y-%m-%d}" for at in in_time} <= set(played)
            assert timetable.next_due(tables.tx, ACCOUNT) == its.schedule.next_after(truth, ZONE)
        assert sorted(played) == sorted(row["occurrence"] for row in tables.slots(state="done"))
