"""The baseline month: worked out once it is over, kept by a night, and then what it was."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from bot.reporting import baseline, making
from bot.reporting.asked import Asked, Report, Terms, whole
from bot.scenario.world import World
from bot.scoring.goals import Goal, Goals, Month
from bot.sop.loader import SopSet
from bot.store.figures import activity
from bot.store.figures import baseline as kept
from bot.store.writer import Writer
from tests.builders import KEY, MONDAY_9, QING, ROOM, ZHOU, look, only
from tests.conftest import MakeWorld

NOVEMBER = Month(2026, 11)
DAY = timedelta(days=1)
SETTLED = MONDAY_9 + 3 * DAY
"""The 3rd of December, when November is over for three days."""


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """Two members talked on the last of November."""
    assert sops.scoring is not None
    goals = Goals(NOVEMBER, {"interactions_per_member": Goal(times=15)})
    world = await make_world(replace(only(sops), scoring=replace(sops.scoring, goals=goals)))
    for who in (QING, ZHOU):
        for words in ("今天的米真香", "孩子爱吃"):
            world.channel.say(words, who, ROOM)
    await world.settle()
    return world


def reported(world: World, first: date, last: date, today: date = date(2026, 12, 20)) -> Report:
    with Writer(world.engine).reader() as connection:
        return making.make(connection, Terms.of(world.sops), Asked(first, last), today)


def line_of(report: Report, id: str) -> tuple[float | None, float | None, bool | None]:
    line = report.line(id)
    assert line is not None
    return line.now.value, line.baseline, line.is_met


async def test_it_is_kept_for_all_rooms_and_each_once_the_month_has_settled(world: World) -> None:
    await world.move_to(SETTLED - DAY)
    assert look(world, kept) == []
    await world.move_to(SETTLED)
    found = {(row["month"], row["room"]) for row in look(world, kept)}
    assert found == {("2026-11", ""), ("2026-11", KEY), ("2026-11", "会员群")}
    assert world.count("failures") == 0


async def test_what_is_kept_stays_though_it_would_be_another_today(world: World) -> None:
    await world.move_to(SETTLED)
    before = look(world, kept)
    with world.engine.begin() as connection:
        connection.execute(delete(activity))
    await world.move_to(SETTLED + DAY)
    assert look(world, kept) == before


async def test_before_it_is_kept_it_is_worked_out_and_while_the_month_runs_there_is_none(
    world: World,
) -> None:
    await world.move_to(MONDAY_9 + DAY)
    asked = (date(2026, 11, 1), date(2026, 11, 30))
    live = reported(world, *asked, today=date(2026, 12, 1))
    assert live.baseline == NOVEMBER
    assert line_of(live, "flywheel")[1] is not None
    running = reported(world, *asked, today=date(2026, 11, 30))
    assert running.baseline is None
    assert {line.baseline for line in running.lines} == {None}


async def test_what_is_counted_is_held_against_as_many_days(world: World) -> None:
    await world.move_to(SETTLED)
    with world.engine.begin() as connection:
        values = {"works": 30, "monthly_active": 40.0}
        connection.execute(kept.update().where(kept.c.room == "").values(figures=values))
    report = reported(world, date(2026, 12, 1), date(2026, 12, 7))
    assert line_of(report, "works") == (0, 7, None)  # 30 in the 30 days of November
    assert line_of(report, "monthly_active")[1] == 40
    assert line_of(report, "silent")[1] is None


def test_a_month_is_all_its_days() -> None:
    assert whole(Month(2026, 2)) == Asked(date(2026, 2, 1), date(2026, 2, 28))
    assert whole(Month(2026, 12)).last == date(2026, 12, 31)


def test_the_terms_go_to_another_process(sops: SopSet) -> None:
    terms = Terms.of(sops)
    again = pickle.loads(pickle.dumps(terms))
    assert again == terms
    assert again.is_quiet(MONDAY_9 + timedelta(hours=15))
    assert not again.is_quiet(MONDAY_9)


def test_without_a_month_nothing_is_read(sops: SopSet) -> None:
    def never() -> object:
        raise AssertionError("nobody asked for it")

    terms = replace(Terms.of(sops), goals=Goals())
    assert list(baseline.unkept(never, terms, date(2026, 12, 20))) == []  # type: ignore[arg-type]
