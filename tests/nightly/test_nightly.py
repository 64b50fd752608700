"""The night's work, as the bot does it: at 04:00, beside everything else, and made up for where it failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.events import MessageRecalled
from bot.nightly.schedule import fingerprint
from bot.scenario.world import World
from bot.scoring.rules import Scoring, Weight
from bot.sop.loader import SopSet
from bot.store.figures import activity, contribution, progress, standing
from bot.store.tables import failure, member
from bot.store.writer import Writer
from tests.builders import BOSS, MONDAY_9, QING, ROOM, ZHOU, ask, look, only, said
from tests.conftest import MakeWorld

DAY = timedelta(days=1)
NIGHT = MONDAY_9 + timedelta(hours=20)
"""Five o'clock on Tuesday."""


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    return await make_world(only(sops))


async def talk(world: World, *words: str, who: object = QING) -> None:
    for text in words:
        world.channel.say(text, who, ROOM)  # type: ignore[arg-type]
    await world.settle()


def points(world: World) -> dict[int, float]:
    """By day, of everybody."""
    with world.engine.connect() as connection:
        rows = connection.execute(select(contribution.c.day, contribution.c.points)).all()
    return {day: sum(got for on, got in rows if on == day) for day, _ in rows}


async def test_a_night_works_out_the_day_before_and_the_next_only_what_is_new(world: World) -> None:
    await talk(world, "今天的米真香", "明天再煮一锅")
    assert points(world) == {}
    await world.move_to(NIGHT)
    first = points(world)
    assert list(first.values()) == [2.0]
    await talk(world, "早饭喝粥")
    await world.move_to(NIGHT + DAY)
    assert list(points(world).values()) == [2.0, 1.0]
    (row,) = look(world, progress)
    assert row["rules"] == fingerprint(Scoring())


async def test_staff_have_acts_in_the_log_but_no_days_in_the_figures(world: World) -> None:
    await talk(world, "大家早上好，今天讲讲稻子", who=BOSS)
    await world.move_to(NIGHT)
    assert (look(world, activity), look(world, standing)) == ([], [])


async def test_a_recall_on_another_day_takes_the_points_of_its_day(world: World) -> None:
    message = said("今天的米真香", occurred_at=world.clock.now())
    await world.happen(message)
    await world.move_to(NIGHT)
    assert list(points(world).values()) == [1.0]
    await world.happen(MessageRecalled("recall", message.id, QING, world.clock.now(), ROOM))
    await world.move_to(NIGHT + DAY)
    assert points(world) == {}


async def test_other_rules_work_out_every_day_anew(world: World, sops: SopSet) -> None:
    await talk(world, "今天的米真香", "明天再煮一锅")
    await world.move_to(NIGHT)
    await world.stop()
    scoring = Scoring(weights={"message_posted": Weight(5, 1, "参与")})
    world.sops = replace(world.sops, scoring=scoring)
    await world.start()
    await world.move_to(NIGHT + DAY)
    assert list(points(world).values()) == [5.0]


async def test_by_rules_with_mistakes_nothing_moves(world: World) -> None:
    await talk(world, "今天的米真香")
    await world.stop()
    world.sops = replace(world.sops, scoring=None)
    await world.start()
    await world.move_to(NIGHT)
    assert points(world) == {}


async def test_a_night_that_failed_is_on_record_and_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(world, "今天的米真香")

    @contextmanager
    def broken(self: Writer) -> Iterator[Connection]:
        raise OSError("the disk is gone")
        yield

    with monkeypatch.context() as here:
        here.setattr(Writer, "reader", broken)
        await world.move_to(NIGHT)
    assert points(world) == {}
    assert [row["place"] for row in look(world, failure)] == ["nightly figures"]
    await world.move_to(NIGHT + DAY)
    assert list(points(world).values()) == [1.0]


async def test_who_is_killed_in_the_night_goes_on_the_next(world: World) -> None:
    await talk(world, "今天的米真香")
    await world.stop()
    world.clock.move(NIGHT)
    await world.start()
    await world.stop()  # whatever it had begun
    await world.start()
    await world.move_to(NIGHT + DAY)
    assert list(points(world).values()) == [1.0]


async def grow(world: World, who: object, days: int) -> datetime:
    """Somebody talks every day."""
    for _ in range(days):
        await talk(world, "今天的米真香", "孩子爱吃", "明天再来", who=who)
        await world.move_to(world.clock.now() + DAY)
    return world.clock.now()


async def test_who_rises_is_told_only_where_they_can_be_written_to(world: World) -> None:
    await talk(world, "大家好，我是阿青")
    await ask(world, "我的", QING, None)  # writes in private, and so is a friend
    await grow(world, ZHOU, 3)
    await grow(world, QING, 3)
    told = [message.text for _, message in world.sent if "您现在是" in message.text]
    assert len(told) == 1
    assert told[0].startswith("阿青，您现在是“同行者”了")
    assert sorted(row["level"] for row in look(world, standing)) == [1, 1]
    assert world.count("level_changed") == 2


async def test_what_a_human_decided_in_the_night_stays(world: World) -> None:
    await grow(world, ZHOU, 2)
    number = look(world, member)[-1]["number"]
    await ask(world, f"/等级 M{number} 新朋友 30d 先观察", BOSS, None)
    await grow(world, ZHOU, 5)
    assert [row["level"] for row in look(world, standing)] == [0]


async def test_where_there_are_fewer_levels_by_now_nobody_is_lost(world: World) -> None:
    await grow(world, ZHOU, 2)
    number = look(world, member)[-1]["number"]
    await ask(world, f"/等级 M{number} 生活导师 1d 培训合格", BOSS, None)
    await world.stop()
    world.sops = replace(world.sops, scoring=Scoring(levels=Scoring().levels[:3]))
    await world.start()
    await grow(world, ZHOU, 4)
    assert look(world, failure) == []
    assert "共创者" in (await ask(world, "我的", ZHOU, None))[0]


async def test_the_first_night_of_a_community_with_a_past_tells_nobody(world: World) -> None:
    await talk(world, "大家好，我是阿青")
    await ask(world, "我的", QING, None)
    await world.stop()
    with world.engine.begin() as connection:
        connection.execute(progress.update().values(day=progress.c.day + 3))  # it ran without nights
    await world.start()
    await grow(world, QING, 5)
    assert [message.text for _, message in world.sent if "您现在是" in message.text] == []
    assert [row["level"] for row in look(world, standing)] == [1]
