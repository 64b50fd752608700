from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import clock as clock_module
from bot.clock import SystemClock, VirtualClock
from tests.builders import MONDAY_9

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


# --- the clock that is moved by hand ---


@pytest.fixture
def virtual() -> VirtualClock:
    return VirtualClock(MONDAY_9)


def run_to(clock: VirtualClock, moment: datetime) -> None:
    """Move through everything that is due on the way."""
    while (due := clock.next_due()) is not None and due <= moment:
        clock.move(due)
    clock.move(moment)


def test_a_virtual_clock_stands_still_and_never_goes_back(virtual: VirtualClock) -> None:
    virtual.move(MONDAY_9 + HOUR)
    virtual.move(MONDAY_9)
    assert virtual.now() == MONDAY_9 + HOUR
    assert virtual.now().tzinfo is UTC


def test_a_virtual_clock_needs_an_aware_start() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 11, 30))  # noqa: DTZ001


def test_an_alarm_rings_once_when_its_moment_is_reached(virtual: VirtualClock) -> None:
    rung: list[datetime] = []
    alarm = virtual.alarm(lambda: rung.append(virtual.now()))
    alarm.set(MONDAY_9 + MINUTE)
    virtual.move(MONDAY_9 + MINUTE - timedelta(microseconds=1))
    assert (rung, alarm.due) == ([], MONDAY_9 + MINUTE)
    virtual.move(MONDAY_9 + MINUTE)
    virtual.move(MONDAY_9 + HOUR)
    assert (rung, alarm.due) == ([MONDAY_9 + MINUTE], None)


def test_an_alarm_rings_at_the_last_moment_it_was_set_to(virtual: VirtualClock) -> None:
    rung: list[datetime] = []
    alarm = virtual.alarm(lambda: rung.append(virtual.now()))
    alarm.set(MONDAY_9 + HOUR)
    alarm.set(MONDAY_9 + MINUTE)
    assert virtual.next_due() == MONDAY_9 + MINUTE
    alarm.set(None)
    assert virtual.next_due() is None
    run_to(virtual, MONDAY_9 + 2 * HOUR)
    assert rung == []


def test_a_stopped_virtual_clock_rings_no_more(virtual: VirtualClock) -> None:
    rung: list[int] = []
    virtual.alarm(lambda: rung.append(1)).set(MONDAY_9)
    virtual.start()
    virtual.stop()
    virtual.move(MONDAY_9 + HOUR)
    assert rung == []


@given(st.lists(st.integers(0, 20), max_size=8))
def test_alarms_ring_in_the_order_of_their_moments(minutes: list[int]) -> None:
    clock, rung = VirtualClock(MONDAY_9), list[tuple[int, int]]()
    for order, minute in enumerate(minutes):
        clock.alarm(lambda it=(minute, order): rung.append(it)).set(MONDAY_9 + minute * MINUTE)  # type: ignore[misc]
    run_to(clock, MONDAY_9 + HOUR)
    assert rung == sorted((minute, order) for order, minute in enumerate(minutes))


def test_an_alarm_may_set_itself_again(virtual: VirtualClock) -> None:
    rung: list[datetime] = []

    def ring() -> None:
        rung.append(virtual.now())
        alarm.set(virtual.now() + 20 * MINUTE)

    alarm = virtual.alarm(ring)
    alarm.set(MONDAY_9)
    run_to(virtual, MONDAY_9 + HOUR)
    assert rung == [MONDAY_9 + n * 20 * MINUTE for n in range(4)]


# --- the machine's clock ---


class Rung(asyncio.Event):
    """Set when an alarm rings, and notes how often."""

    times = 0

    def set(self) -> None:
        self.times += 1
        super().set()

    async def soon(self) -> None:
        async with asyncio.timeout(5):
            await self.wait()
        self.clear()


@pytest.fixture
async def system() -> AsyncIterator[SystemClock]:
    clock = SystemClock()
    clock.start()
    yield clock
    clock.stop()


async def test_the_machines_clock_is_aware() -> None:
    assert SystemClock().now().tzinfo is UTC


async def test_an_alarm_of_the_machine_rings_once(system: SystemClock) -> None:
    rung = Rung()
    alarm = system.alarm(rung.set)
    alarm.set(system.now() + timedelta(milliseconds=20))
    await rung.soon()
    assert alarm.due is None
    alarm.set(system.now() + timedelta(milliseconds=20))
    await rung.soon()
    assert rung.times == 2


@pytest.mark.parametrize("past", [MINUTE, timedelta(days=400)])
async def test_an_alarm_set_to_the_past_rings_at_once(system: SystemClock, past: timedelta) -> None:
    rung = Rung()
    system.alarm(rung.set).set(system.now() - past)
    await rung.soon()


async def test_an_alarm_that_is_set_anew_forgets_what_it_was_set_to(system: SystemClock) -> None:
    early, late = Rung(), Rung()
    alarm = system.alarm(early.set)
    alarm.set(system.now() + timedelta(milliseconds=20))
    alarm.set(system.now() + HOUR)
    system.alarm(late.set).set(system.now() + timedelta(milliseconds=60))
    await late.soon()
    assert early.times == 0
    assert alarm.due is not None
    alarm.set(None)
    assert alarm.due is None


async def test_an_alarm_rings_on_the_event_loop(system: SystemClock) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    rung = Rung()

    def ring() -> None:
        loops.append(asyncio.get_running_loop())
        rung.set()

    system.alarm(ring).set(system.now())
    await rung.soon()
    assert loops == [asyncio.get_running_loop()]


async def test_a_machine_that_was_suspended_looks_again_and_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler counts monotonic time: its own wait for an hour is not over after a suspension."""
    monkeypatch.setattr(clock_module, "LOOK_AGAIN", timedelta(milliseconds=20))
    clock, rung = SystemClock(), Rung()
    clock.start()
    try:
        alarm = clock.alarm(rung.set)
        alarm.set(clock.now() + HOUR)
        monkeypatch.setattr(SystemClock, "now", lambda self: datetime.now(UTC) + HOUR)
        await rung.soon()
        assert rung.times == 1
    finally:
        clock.stop()


async def test_a_stopped_clock_may_be_stopped_again() -> None:
    clock = SystemClock()
    clock.stop()
    clock.start()
    clock.stop()
    clock.stop()
