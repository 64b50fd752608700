"""Points for who brought somebody that stayed: once, on the day that it took, as long as it stands."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.events import MessageRecalled, Person
from bot.nightly.refresh import everything
from bot.scenario.world import World
from bot.scoring.rules import Scoring
from bot.sop.loader import SopSet
from bot.store.figures import contribution
from bot.store.tables import identity, score_entry
from tests.builders import BOSS, MONDAY_9, QING, ZHOU, ask, look, only, said
from tests.conftest import MakeWorld

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MAI, YUN = Person("mai", "小麦"), Person("yun", "阿芸")


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """阿青 has a code, CHANAA; all nights so far are over."""
    world = await make_world(only(sops))
    await ask(world, "大家好", QING)
    await ask(world, "我的邀请码", QING, None)
    await world.move_to(world.clock.now() + MINUTE)
    return world


async def days(world: World, *people: Person, count: int = 3) -> None:
    """They say something on so many days, and the nights go by."""
    for _ in range(count):
        for who in people:
            await ask(world, f"今天也做饭{world.clock.now():%d}", who)
        await world.move_to(world.clock.now() + DAY)


async def nights(world: World) -> None:
    await world.move_to(world.clock.now() + 2 * DAY)


def spread(world: World) -> dict[str, float]:
    """What each has in the tables for 传播; it is what a full recompute would have."""
    with world.engine.connect() as connection:
        whose = {row.id: row.external_id for row in connection.execute(select(identity))}
        held: defaultdict[str, float] = defaultdict(float)
        rows = connection.execute(select(contribution).where(contribution.c.dimension == "传播"))
        for row in rows:
            held[whose[row.identity_id]] += row.points
        anew: defaultdict[str, float] = defaultdict(float)
        for day in everything(connection, Scoring(), world.sops.community.zone):
            if "传播" in day.points:
                anew[whose[day.identity_id]] += day.points["传播"]
    assert dict(held) == pytest.approx(dict(anew))
    return dict(held)


def activated(world: World) -> list[Any]:
    return [(it["at"] - MONDAY_9) // DAY for it in look(world, score_entry, rule="referral_activated")]


async def brought(world: World, who: Person, code: str = "CHANAA") -> str:
    await ask(world, "我是新来的", who)
    (answer,) = await ask(world, code, who, None)
    await world.move_to(world.clock.now() + MINUTE)
    return answer


async def test_three_days_of_who_came_earn_points_once(world: World) -> None:
    assert "记下了" in await brought(world, MAI)
    await days(world, MAI, count=2)
    await nights(world)
    assert spread(world) == {}
    await days(world, MAI, count=3)
    await nights(world)
    assert spread(world) == {"qing": 8.0}
    assert activated(world) == [4]
    assert world.count("referral_activated") == 1
    assert world.count("failures") == 0


async def test_two_a_day_count(world: World) -> None:
    people = [Person(f"p{n}", f"朋友{n}") for n in range(3)]
    for who in people:
        await brought(world, who)
    await days(world, *people)
    await nights(world)
    assert len(activated(world)) == 3
    assert spread(world) == {"qing": 16.0}


async def test_the_second_ring_earns_nothing(world: World) -> None:
    await brought(world, MAI)
    await ask(world, "我的邀请码", MAI, None)
    await brought(world, YUN, "CHANAB")
    await days(world, YUN)
    await nights(world)
    assert spread(world) == {"mai": 8.0}
    told = await ask(world, "我的", QING, None)
    assert "您带来 1 位，再下一层 1 位" in told[0]


async def test_who_turns_out_to_be_oneself_earned_nothing_until_they_are_two_again(world: World) -> None:
    await brought(world, MAI)
    await days(world, MAI)
    await nights(world)
    (answer,) = await ask(world, "/合并 阿青 小麦 换了新号 确定", BOSS, None)
    await nights(world)
    assert spread(world) == {}, answer
    await ask(world, "/拆开 1", BOSS, None)
    await nights(world)
    assert spread(world) == {"qing": 8.0}


async def test_two_accounts_of_one_were_brought_by_the_first(world: World) -> None:
    await ask(world, "我也在", ZHOU)
    await ask(world, "我的邀请码", ZHOU, None)
    await world.move_to(world.clock.now() + MINUTE)
    await brought(world, MAI)
    await brought(world, YUN, "CHANAB")
    await days(world, MAI, YUN)
    await nights(world)
    assert spread(world) == {"qing": 8.0, "zhou": 8.0}
    await ask(world, "/合并 小麦 阿芸 换了新号 确定", BOSS, None)
    await nights(world)
    assert spread(world) == {"qing": 8.0}


async def test_a_code_that_is_taken_back_takes_its_points(world: World) -> None:
    await ask(world, "我是新来的", MAI)
    code = said("CHANAA", MAI, None, occurred_at=world.clock.now())
    await world.happen(code)
    await days(world, MAI)
    await nights(world)
    assert spread(world) == {"qing": 8.0}
    await world.happen(MessageRecalled("back", code.id, MAI, world.clock.now(), None))
    await nights(world)
    assert spread(world) == {}


async def test_what_staff_set_right_moves_the_points_and_moves_them_back(world: World) -> None:
    """Also where the night comes between the correction and its end."""
    await ask(world, "我也在", ZHOU)
    await brought(world, MAI)
    await days(world, MAI)
    await nights(world)
    assert spread(world) == {"qing": 8.0}
    await world.move_to(world.clock.now().replace(hour=19, minute=55))  # 03:55 in Shanghai
    await ask(world, "/口碑 改 小麦 老周", BOSS, None)
    await world.move_to(world.clock.now() + 8 * MINUTE)
    assert world.count("referral_activated") == 2
    (answer,) = await ask(world, "/撤销", BOSS, None)
    assert "阿青 带来的" in answer
    await nights(world)
    assert spread(world) == {"qing": 8.0}
    await ask(world, "/口碑 改 小麦 老周", BOSS, None)
    await nights(world)
    await nights(world)
    assert spread(world) == {"zhou": 8.0}
    await ask(world, "/口碑 删 小麦", BOSS, None)
    await nights(world)
    assert spread(world) == {}
