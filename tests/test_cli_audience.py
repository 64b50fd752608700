"""``bot audience`` on a small community, as it prints."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.people import directory, tags
from bot.people.tags import Tag
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, only

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def database(tmp_path: Path, sops: SopSet, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two members, of whom 阿青 is in two rooms and likes cooking, and a colleague."""
    path = tmp_path / "bot.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    asyncio.run(_live(World(only(sops), datetime.now(UTC) - timedelta(days=1), f"sqlite:///{path}")))
    return path


async def _live(world: World) -> None:
    await world.start({KEY: ROOM, OTHER_KEY: OTHER_ROOM}, admins=[BOSS])
    for who, room in ((QING, ROOM), (QING, OTHER_ROOM), (ZHOU, OTHER_ROOM), (BOSS, ROOM)):
        world.channel.say("大家好", who, room)
    await world.settle()
    writer = Writer(world.engine)
    with writer.transaction(world.clock.now()) as tx:
        for who in (QING, BOSS):
            person = directory.meet(tx, f"fake:{world.account}", [who])[who.id]
            tags.put(tx, person, Tag("烹饪热情", 1.0), None)
    writer.close()
    await world.close()


def bot(*args: str) -> Result:
    return CliRunner().invoke(cli, ["audience", *args])


def test_all_are_listed_with_how_many_are_in_each() -> None:
    assert bot().output.splitlines()[:3] == ["会员一共2位", "爱做饭的 1位", "关心土地的 0位"]
    assert json.loads(bot("--json").output)["爱做饭的"] == 1


def test_one_is_told_with_its_rooms_and_who_is_first() -> None:
    assert bot("爱做饭的").output == ("爱做饭的 1位，会员一共2位｜会员1群1 会员2群1\nM2 阿青：烹饪热情+1.0\n")


def test_a_condition_may_be_tried_before_it_is_written_down() -> None:
    done = bot("room: 会员2群, not: 爱做饭的")
    assert done.output.splitlines()[1] == "M3 老周：在会员2群，没有“烹饪热情”"


def test_no_more_are_listed_than_were_asked_for() -> None:
    assert bot("room: 会员群", "--list", "1").output.splitlines()[1:] == [
        "M2 阿青：在会员1群、会员2群",
        "……还有1位",
    ]


@pytest.mark.parametrize(
    ("whom", "told"),
    [
        ("M2", "M2 在里面\n✓ 标签“烹饪热情”：烹饪热情+1.0\n"),
        ("M3", "M3 不在里面\n✗ 标签“烹饪热情”：没有“烹饪热情”\n"),
        ("M1", "M1 不在里面\n✗ 是同事或专家，不算在人群里\n"),
    ],
)
def test_why_somebody_is_in_it_or_not(whom: str, told: str) -> None:
    assert bot("爱做饭的", "--why", whom).output == told


def test_programs_read_the_same() -> None:
    found = json.loads(bot("爱做饭的", "--json").output)
    assert (found["members"], found["of"], found["alone"]) == (1, 2, 0)
    assert found["rooms"] == {"会员1群": 1, "会员2群": 1}
    assert found["first"] == [{"number": 2, "name": "阿青", "why": ["烹饪热情+1.0"]}]
    why = json.loads(bot("爱做饭的", "--why", "M3", "--json").output)
    assert (why["member"], why["is_in"], why["reasons"][0]["is_met"]) == (3, False, False)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["爱做反的"], "是不是“爱做饭的”？"),
        (["lvel: 同行者"], "建议：level"),
        (["爱做饭的", "--why", "M99"], "没有 M99 这个编号"),
    ],
)
def test_what_cannot_be_told_says_what_to_write(typed: list[str], told: str) -> None:
    done = bot(*typed)
    assert done.exit_code == 1
    assert told in done.output
