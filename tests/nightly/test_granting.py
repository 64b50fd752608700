"""Benefits in the night, as the bot grants them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot import scoring_preview
from bot.nightly.granting import Granting
from bot.scenario.world import World
from bot.scoring.rules import Benefit, Purchase, Scoring
from bot.sop.loader import SopSet
from bot.store.benefits import benefit_entry, spending
from bot.store.figures import progress
from bot.store.session import insert_new
from bot.store.tables import failure, identity, interaction, membership
from bot.store.transaction import Reader
from tests.builders import BOSS, QING, ROOM, ZHOU, ask, look, only, rows
from tests.conftest import MakeWorld

DAY = timedelta(days=1)
COMPANION = Benefit("mug", "同行杯", level=1, per="一次")
BUYER = Benefit("diet", "定制膳食", grade=1, holds=10)
SCORING = Scoring(benefits=(COMPANION, BUYER), purchase=Purchase((0.2, 0.5, 0.8), buyers=2))


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    return await make_world(replace(only(sops), scoring=SCORING))


async def talk(world: World, who: Any, days: int) -> None:
    for _ in range(days):
        for words in ("今天的米真香", "孩子爱吃", "明天再来"):
            world.channel.say(words, who, ROOM)
        await world.settle()
        await world.move_to(world.clock.now() + DAY)


def ledger(world: World) -> list[tuple[str, str, int]]:
    return [(it["rule"], it["kind"], it["amount"]) for it in look(world, benefit_entry)]


async def test_what_comes_with_a_level_is_told_with_it(world: World) -> None:
    world.channel.say("大家好，我是阿青", QING, ROOM)
    await world.settle()
    await ask(world, "我的", QING, None)  # writes in private, and so is a friend
    await talk(world, QING, 3)
    assert ledger(world) == [("mug", "grant", 1)]
    (told,) = [message.text for _, message in world.sent if "您现在是" in message.text]
    assert "新到手：同行杯，私聊我发“权益”看期限。" in told
    assert world.count("benefit_granted") == 1


async def test_our_own_people_and_those_who_left_are_granted_nothing(world: World) -> None:
    await talk(world, ZHOU, 1)
    await talk(world, BOSS, 1)
    await ask(world, "/等级 老周 同行者 常来", BOSS, None)
    await ask(world, "/等级 管管 同行者 试试", BOSS, None)
    with world.engine.begin() as connection:
        (zhou,) = rows(connection, identity, name="老周")
        gone = update(membership).where(membership.c.identity_id == zhou["id"])
        connection.execute(gone.values(left_at=world.clock.now()))
    await world.move_to(world.clock.now() + DAY)
    assert ledger(world) == []


def buy(world: World, who: str, cents: int, nth: int) -> None:
    with world.engine.begin() as connection:
        (person,) = rows(connection, identity, name=who)
        at = world.clock.now()
        row = {"id": nth, "source": "shop:x", "source_id": str(nth), "name": "order_paid", "occurred_at": at}
        more = {"received_at": at, "identity_id": person["id"], "amount_cents": cents}
        insert_new(connection, interaction, [{**row, **more, "props": {"order_id": nth}}])


async def test_a_purchase_grade_brings_benefits_and_is_the_persons_own_to_see(world: World) -> None:
    await talk(world, QING, 1)
    await talk(world, ZHOU, 1)
    buy(world, "阿青", 90_000, 1)
    buy(world, "老周", 100, 2)
    await talk(world, BOSS, 1)
    buy(world, "管管", 900_000, 3)
    await world.move_to(world.clock.now() + DAY)
    assert [it["grade"] for it in look(world, spending)] == [2, 0]
    assert ledger(world) == [("diet", "grant", 1)]
    (mine,) = await ask(world, "我的", QING, None)
    assert "｜购物级别V2" in mine
    (held,) = await ask(world, "权益", QING, None)
    assert held.startswith("定制膳食×1｜到2026年12月")
    assert "只有您看得到" in held
    (other,) = await ask(world, "我的", ZHOU, None)
    assert "购物级别" not in other


async def test_another_night_of_the_same_day_writes_nothing(world: World) -> None:
    await talk(world, QING, 3)
    before = look(world, benefit_entry)
    await world.stop()
    with world.engine.begin() as connection:
        connection.execute(update(progress).values(day=progress.c.day - 1))
    await world.start()
    await world.settle()
    assert (len(before), look(world, benefit_entry)) == (1, before)
    assert look(world, failure) == []


async def test_other_rules_tell_beforehand_who_gains_and_who_loses(world: World) -> None:
    await talk(world, QING, 3)
    await talk(world, ZHOU, 1)
    buy(world, "老周", 100, 1)
    buy(world, "阿青", 90_000, 2)
    higher = Benefit("mug", "同行杯", level=2, per="一次")
    everybody = Benefit("tea", "迎新茶", per="一次")
    other = replace(SCORING, benefits=(higher, BUYER, everybody))
    with world.engine.connect() as connection:
        told = list(scoring_preview.benefits(connection, world.sops, other, world.clock.now()))
    assert told == [
        "权益｜今晚发：定制膳食 1位｜M2",
        "权益｜今晚发：迎新茶 2位｜M2 M3",
        "权益｜够不上了，手里的再用30天：同行杯 1位｜M2",
    ]


async def test_a_night_that_failed_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk(world, QING, 1)
    await ask(world, "/等级 阿青 同行者 常来", BOSS, None)

    def broken(self: Granting, reader: Reader) -> Iterator[Any]:
        raise OSError("the disk is gone")
        yield

    with monkeypatch.context() as here:
        here.setattr(Granting, "at_all", broken)
        await world.move_to(world.clock.now() + DAY)
    assert (ledger(world), [it["place"] for it in look(world, failure)]) == ([], ["nightly benefits"])
    await world.move_to(world.clock.now() + DAY)
    assert ledger(world) == [("mug", "grant", 1)]
