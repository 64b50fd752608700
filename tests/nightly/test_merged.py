"""Who turns out to be one has one standing; split again, each has their own."""

from __future__ import annotations

from datetime import date, timedelta

from bot.scenario.world import World
from bot.scoring import book
from bot.scoring.days import EPOCH
from bot.scoring.rules import Scoring
from bot.sop.loader import SopSet
from bot.store.tables import identity
from tests.builders import BOSS, MONDAY_9, QING, ROOM, ZHOU, ask, look, only
from tests.conftest import MakeWorld

TODAY = (date(2026, 12, 1) - EPOCH).days


def scores(world: World) -> dict[int, float]:
    """What each member's acts come to."""
    with world.engine.connect() as connection:
        found = book.everybody(connection, Scoring(), TODAY, 0)
        return {member: round(person.score.total, 9) for member, person in found}


async def test_the_figures_of_two_are_ones_and_each_has_theirs_again(
    make_world: MakeWorld, sops: SopSet
) -> None:
    world = await make_world(only(sops))
    for who, text in ((QING, "今天的米真香"), (QING, "明天再煮一锅"), (ZHOU, "周末去农场看看")):
        world.channel.say(text, who, ROOM)
    await world.settle()
    await world.move_to(MONDAY_9 + timedelta(hours=20))
    before, whose = scores(world), {row["external_id"]: row["member_id"] for row in look(world, identity)}
    assert len(before) == 2
    await ask(world, "/合并 M2 M3 换了新号 确定", BOSS, None)
    assert scores(world) == {whose[QING.id]: sum(before.values())}
    await ask(world, "/拆开 1", BOSS, None)
    assert scores(world) == before
