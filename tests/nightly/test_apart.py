"""What is read in another process comes here as if it had been read here."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot.errors import NightFailed
from bot.nightly.apart import Apart
from bot.scenario import world as scenario_world
from bot.sop.loader import SopSet
from bot.store.figures import contribution
from bot.store.tables import failure
from bot.store.writer import Writer
from tests.builders import MONDAY_9, QING, ROOM, look, only
from tests.conftest import MakeWorld

WORDS = "小满说的话"


def count(upto: int) -> Iterator[tuple[int, int]]:
    for n in range(upto):
        yield os.getpid(), n


def stumble() -> Iterator[int]:
    yield 1
    raise ValueError(WORDS)


def vanish() -> Iterator[int]:
    yield 1
    os._exit(9)


def test_the_parts_come_in_their_order_from_another_process() -> None:
    found = [*Apart()(partial(count, 3))]
    assert [n for _, n in found] == [0, 1, 2]
    assert os.getpid() not in {pid for pid, _ in found}


def test_one_process_reads_one_thing_after_the_other() -> None:
    apart = Apart()
    assert len({pid for _ in range(2) for pid, _ in apart(partial(count, 3))}) == 1


def test_after_what_was_not_read_to_its_end_another_process_reads() -> None:
    apart = Apart()
    pid, _ = next(apart(partial(count, 10_000_000)))
    assert [n for other, n in apart(partial(count, 2)) if other != pid] == [0, 1]


def test_the_process_ends_with_whoever_holds_it() -> None:
    apart = Apart()
    (pid, _), *_ = apart(partial(count, 1))
    (process,) = (it for it in multiprocessing.active_children() if it.pid == pid)
    del apart
    process.join(timeout=10)
    assert process.exitcode == 0


def test_nobody_waits_for_the_rest_of_what_nobody_reads() -> None:
    reading = Apart()(partial(count, 10_000_000))
    assert next(reading)[1] == 0
    reading.close()  # type: ignore[attr-defined]


def test_what_failed_there_is_told_without_words() -> None:
    reading = Apart()(stumble)
    assert next(reading) == 1
    with pytest.raises(NightFailed, match="ValueError") as told:
        next(reading)
    assert WORDS not in str(told.value)


def test_a_process_that_was_killed_is_told() -> None:
    reading = Apart()(vanish)
    assert next(reading) == 1
    with pytest.raises(NightFailed, match="before its time"):
        next(reading)


async def test_a_night_is_the_same_by_another_process(
    make_world: MakeWorld, sops: SopSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario_world, "Writer", partial(Writer, apart=True))
    world = await make_world(only(sops))
    world.channel.say("今天的米真香", QING, ROOM)
    await world.settle()
    await world.move_to(MONDAY_9 + timedelta(hours=20))
    with world.engine.connect() as connection:
        points = connection.scalars(select(contribution.c.points)).all()
    assert (points, look(world, failure)) == ([1.0], [])
