from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import clock as clock_module
from bot.clock import LOOK_AGAIN, SystemClock, VirtualClock
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


class Machine(datetime):
    """The machine's clock as the modules see it, and the loop's monotonic time, each moved by hand."""

    wall = MONDAY_9
    monotonic = 0.0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Machine:
        return Machine.fromtimestamp(cls.wall.timestamp(), tz)

    @classmethod
    async def run(cls, duration: timedelta, *, wall: timedelta | None = None) -> None:
        """Let monotonic time go on, and the clock by ``wall`` (as much, unless told otherwise)."""
        cls.wall += duration if wall is None else wall
        cls.monotonic += duration.total_seconds()
        for _ in range(10):  # what is due then is called, and what that calls
            await asyncio.sleep(0)

    @classmethod
    async def suspend(cls, duration: timedelta) -> None:
        await cls.run(timedelta(0), wall=duration)


@pytest.fixture
async def machine(monkeypatch: pytest.MonkeyPatch) -> type[Machine]:
    """A machine whose time stands still."""

    class Fresh(Machine):
        pass

    monkeypatch.setattr(clock_module, "datetime", Fresh)
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Fresh)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: Fresh.monotonic)
    return Fresh


@dataclass
class Ringing:
    """An alarm of the machine's clock that notes when it rang."""

    machine: type[Machine]
    clock: SystemClock
    rang: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarm = self.clock.alarm(lambda: self.rang.append(self.clock.now()))

    async def set(self, when: datetime) -> None:
        self.alarm.set(when)
        await self.machine.run(timedelta(0))


@pytest.fixture
async def ringing(machine: type[Machine]) -> AsyncIterator[Ringing]:
    clock = SystemClock()
    clock.start()
    yield Ringing(machine, clock)
    clock.stop()


async def test_an_alarm_of_the_machine_rings_at_its_moment(ringing: Ringing) -> None:
    await ringing.set(MONDAY_9 + HOUR)
    await ringing.machine.run(HOUR - timedelta(seconds=1))
    assert ringing.rang == []
    await ringing.machine.run(timedelta(seconds=1))
    await ringing.machine.run(HOUR)
    assert ringing.rang == [MONDAY_9 + HOUR]


@pytest.mark.parametrize("asleep", [HOUR, timedelta(days=3)])
async def test_a_machine_that_was_suspended_rings_within_one_look_and_once(
    ringing: Ringing, asleep: timedelta
) -> None:
    await ringing.set(MONDAY_9 + HOUR)
    await ringing.machine.suspend(asleep)
    assert ringing.rang == []
    await ringing.machine.run(LOOK_AGAIN)
    assert ringing.rang == [MONDAY_9 + asleep + LOOK_AGAIN]
    assert ringing.alarm.due is None
    await ringing.machine.run(2 * HOUR)
    assert len(ringing.rang) == 1


async def test_after_a_suspension_alarms_are_set_anew_and_ring_in_time(ringing: Ringing) -> None:
    await ringing.set(MONDAY_9 + HOUR)
    await ringing.machine.suspend(3 * HOUR)
    await ringing.machine.run(LOOK_AGAIN)
    await ringing.set(MONDAY_9 + 4 * HOUR)
    await ringing.machine.run(HOUR)
    assert ringing.rang[1:] == [MONDAY_9 + 4 * HOUR + LOOK_AGAIN]  # the fake loop jumped over the moment


async def test_a_clock_that_is_put_forward_rings_within_one_look(ringing: Ringing) -> None:
    await ringing.set(MONDAY_9 + HOUR)
    await ringing.machine.run(LOOK_AGAIN, wall=timedelta(days=400))
    assert len(ringing.rang) == 1


@pytest.mark.parametrize("back", [2 * MINUTE, HOUR, timedelta(days=24 * 365)])
async def test_a_clock_that_is_set_back_rings_within_one_look(ringing: Ringing, back: timedelta) -> None:
    """Whoever set an alarm by the wrong clock would wait for ever, or for hours."""
    await ringing.set(MONDAY_9 + timedelta(days=365))
    await ringing.machine.run(LOOK_AGAIN, wall=-back)
    assert len(ringing.rang) == 1
    await ringing.machine.run(LOOK_AGAIN)
    assert len(ringing.rang) == 1


async def test_a_clock_that_was_wrong_for_less_than_one_look_rings_all_the_same(ringing: Ringing) -> None:
    await ringing.machine.run(timedelta(seconds=5), wall=timedelta(days=365))
    await ringing.set(ringing.clock.now() + HOUR)
    await ringing.machine.run(timedelta(seconds=25), wall=-timedelta(days=365))
    assert len(ringing.rang) == 1


async def test_a_clock_that_was_set_back_is_looked_at_as_before(ringing: Ringing) -> None:
    await ringing.machine.run(LOOK_AGAIN, wall=-timedelta(days=365))
    await ringing.set(ringing.clock.now() + HOUR)
    ringing.rang.clear()
    await ringing.machine.suspend(2 * HOUR)
    await ringing.machine.run(LOOK_AGAIN)
    assert len(ringing.rang) == 1


async def test_a_small_step_back_rings_nothing_too_early(ringing: Ringing) -> None:
    await ringing.set(MONDAY_9 + HOUR)
    await ringing.machine.run(LOOK_AGAIN, wall=timedelta(seconds=5))
    await ringing.machine.run(HOUR - LOOK_AGAIN, wall=HOUR - MINUTE)
    assert ringing.rang == []
    await ringing.machine.run(MINUTE)
    assert len(ringing.rang) == 1


async def test_a_clock_that_is_stopped_looks_no_more(ringing: Ringing) -> None:
    await ringing.set(MONDAY_9 + HOUR)
    ringing.clock.stop()
    await ringing.machine.run(2 * HOUR)
    assert ringing.rang == []


async def test_a_stopped_clock_may_be_stopped_again() -> None:
    clock = SystemClock()
    clock.stop()
    clock.start()
    clock.stop()
    clock.stop()
