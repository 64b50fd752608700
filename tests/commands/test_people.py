from __future__ import annotations

import pytest

from bot.events import Person
from bot.scenario.world import World
from bot.store.tables import interaction, role
from tests.builders import BOSS, QING, ROOM, ZHOU, ask, look, said


@pytest.fixture
async def group(world: World) -> World:
    """Where the boss (M1), 阿青 (M2) and 老周 (M3) have spoken."""
    await world.happen(said("大家好", QING), said("大家好", ZHOU))
    return world


async def test_a_role_is_given_and_taken_back(group: World) -> None:
    assert await ask(group, "/角色 M2 营养师", BOSS, None) == ["好的，M2 阿青 现在是营养师。"]
    assert await ask(group, "/角色 M2 营养师", BOSS, None) == ["M2 阿青 已经是营养师了。"]
    assert await ask(group, "/角色 M2 -营养师", BOSS, None) == ["好的，M2 阿青 不再是营养师。"]
    assert await ask(group, "/角色 M2 -营养师", BOSS, None) == ["M2 阿青 不是营养师。"]
    given = [row for row in look(group, role) if row["role"] == "营养师"]
    assert [row["taken_at"] is not None for row in given] == [True]
    names = [row["name"] for row in look(group, interaction, object_type="role")]
    assert names == ["role_given", "role_taken"]


async def test_a_name_that_one_alone_bears_will_do(group: World) -> None:
    assert await ask(group, "/角色 老周 厨师", BOSS, None) == ["好的，M3 老周 现在是厨师。"]


async def test_of_two_of_one_name_none_is_taken(group: World) -> None:
    await group.happen(said("我也叫阿青", Person("other", "阿青")))
    (answer,) = await ask(group, "/角色 阿青 厨师", BOSS, None)
    assert answer == "叫“阿青”的有2位：M2、M4。请用编号再发一次。"
    assert [row["role"] for row in look(group, role)] == ["管理员"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("/角色 M2", "这样写：/角色 M37 营养师"),
        ("/角色 M99 营养师", "没有 M99 这个编号。"),
        ("/角色 王五 营养师", "没有叫“王五”的人。"),
        ("/角色 M2 营养狮", "没有“营养狮”这个角色，是不是“营养师”"),
        ("/角色 M2 管理员", "没有“管理员”这个角色"),
    ],
)
async def test_what_cannot_be_done_says_why(group: World, typed: str, why: str) -> None:
    (answer,) = await ask(group, typed, BOSS, None)
    assert why in answer


async def test_in_a_member_room_nobodys_role_is_told(group: World) -> None:
    assert await ask(group, "/角色 M2 营养师", BOSS, ROOM) == ["这个命令请私聊我用，或者在运营群里用。"]
    assert [row["role"] for row in look(group, role)] == ["管理员"]
