from __future__ import annotations

from datetime import timedelta

import pytest

from bot.people import thanks
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store import mouth
from bot.store.tables import interaction, member
from bot.store.writer import Writer
from tests.builders import BOSS, MONDAY_9, QING, ZHOU, ask, look, only
from tests.conftest import MakeWorld

FACT = {"what": "answer_thanked", "times": 6, "first": "2026-09-03", "last": "2026-11-20"}
ONCE = {"what": "ugc_submitted", "times": 1, "first": "2026-11-20", "last": "2026-11-20"}


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """阿青 and 老周 are on the list of 新年, as 1 and 2."""
    world = await make_world(only(sops))
    for who in (QING, ZHOU):
        await ask(world, "大家好", who)
    await world.stop()
    writer = Writer(world.engine, without_thread=True)
    numbers = {row["number"]: row["id"] for row in look(world, member)}
    with writer.transaction(MONDAY_9) as tx:
        thanks.propose(tx, "新年", 180, [(numbers[2], [FACT, ONCE]), (numbers[3], [FACT])])
    writer.close()
    await world.start()
    return world


def states(world: World) -> list[str]:
    return [row["state"] for row in look(world, mouth.thanks)]


async def test_the_list_says_who_and_why(world: World) -> None:
    (answer,) = await ask(world, "/答谢", BOSS, None)
    assert answer == (
        "答谢 新年｜待定2\n"
        "1 M2 阿青 待定｜回答被感谢6次（9-3到11-20）、打卡1次（11-20）\n"
        "2 M3 老周 待定｜回答被感谢6次（9-3到11-20）\n"
        "回 /答谢 过 31-35、/答谢 退 32、/答谢 已寄 31-40"
    )
    assert await ask(world, "/答谢 新年", BOSS, None) == [answer]
    (one,) = await ask(world, "/thanks 2", BOSS, None)
    assert "老周" in one
    assert "阿青" not in one


async def test_it_goes_from_step_to_step_and_back(world: World) -> None:
    (answer,) = await ask(world, "/答谢 已寄 1", BOSS, None)
    assert answer == "1个没动：没有这个编号，或者还没过（先 /答谢 过）。"
    (answer,) = await ask(world, "/答谢 过 1-2", BOSS, None)
    assert answer == "已过2位，10分钟内可 /撤销。"
    await ask(world, "/答谢 退 2", BOSS, None)
    await ask(world, "/答谢 已寄 1、2", BOSS, None)
    assert states(world) == ["sent", "dropped"]
    assert await ask(world, "/撤销", BOSS, None) == ["撤回了1位。"]
    assert states(world) == ["approved", "dropped"]
    changes = [
        (row["object_id"], row["props"]["to"]) for row in look(world, interaction, name="thanks_changed")
    ]
    assert changes == [
        ("1", "approved"),
        ("2", "approved"),
        ("2", "dropped"),
        ("1", "sent"),
        ("1", "approved"),
    ]


async def test_what_another_changed_since_is_not_undone(world: World) -> None:
    await ask(world, "/角色 老周 运营", BOSS, None)
    await ask(world, "/答谢 过 1", BOSS, None)
    await ask(world, "/答谢 退 1", ZHOU, None)
    assert await ask(world, "/撤销", BOSS, None) == ["撤销不了：后来又改过了。"]
    assert states(world) == ["dropped", "proposed"]


async def test_who_turned_out_to_be_one_is_thanked_once(world: World) -> None:
    await ask(world, "/合并 阿青 老周 换了新号 确定", BOSS, None)
    (answer,) = await ask(world, "/答谢 过 1 2", BOSS, None)
    assert "2 没动：这位在“新年”的1已过，隔得太近。" in answer
    assert states(world) == ["approved", "proposed"]


async def test_who_is_forgotten_is_on_no_list_and_has_no_code(world: World) -> None:
    await ask(world, "我的邀请码", QING, None)
    await ask(world, "忘记我", QING, None)
    code = world.sent[-1][1].text.split("忘记 ")[-1][:4]
    await ask(world, f"忘记 {code}", QING, None)
    await world.move_to(world.clock.now() + timedelta(minutes=5))
    assert [row["number"] for row in look(world, mouth.thanks)] == [2]
    assert look(world, mouth.invite_code) == []


@pytest.mark.parametrize("typed", ["/答谢 过", "/答谢 过 全部", "/答谢 退 x"])
async def test_what_cannot_be_understood_is_told_how(world: World, typed: str) -> None:
    (answer,) = await ask(world, typed, BOSS, None)
    assert answer.startswith("这样写：/答谢")
    assert states(world) == ["proposed", "proposed"]


async def test_where_there_is_no_list_it_says_how_to_make_one(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(only(sops))
    (answer,) = await ask(world, "/答谢", BOSS, None)
    assert "bot export thanks" in answer
