from __future__ import annotations

from datetime import timedelta

import pytest

from bot.scenario.world import World
from bot.sop.kind import OnSlot
from bot.sop.loader import SopSet
from bot.sop.schedule import Schedule
from bot.store.tables import slot
from tests.builders import (
    BOSS,
    KEY,
    MONDAY_9,
    OTHER_KEY,
    OTHER_ROOM,
    QING,
    ROOM,
    ask,
    look,
    toy_kind,
    with_kinds,
)
from tests.conftest import MakeWorld


@pytest.fixture
async def two_rooms(make_world: MakeWorld) -> World:
    return await make_world(enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM})


def places(world: World) -> list[str | None]:
    """Where what the bot said went, but for its answers to the admin's command."""
    return [message.chat_id for _, message in world.sent if message.text.startswith("溯源")]


async def test_the_list_names_every_sop_and_its_next_moment(world: World) -> None:
    (answer,) = await ask(world, "/sop列表")
    assert "周一溯源日 monday-origin｜主题日｜会员群｜下次 11月30日 周一 12:10" in answer
    assert "我的原野餐桌 dinner-table｜打卡挑战｜会员群｜下次 12月6日 周日 20:00" in answer.splitlines()
    assert len(answer.splitlines()) == len(world.sops.declared)


@pytest.mark.parametrize("typed", ["/SOP详情 溯源日", "/sop show monday-origin"])
async def test_what_a_sop_does_is_told_in_private(world: World, typed: str) -> None:
    (answer,) = await ask(world, typed, BOSS, None)
    assert answer.splitlines()[:2] == [
        "周一溯源日 monday-origin｜主题日｜会员群｜下次 11月30日 周一 12:10",
        "周一 12:10从内容架“溯源故事”里轮着发一篇。过了3h不补发，法定假日跳过。",
    ]


async def test_of_a_paused_sop_it_is_told_how_to_resume_it(world: World) -> None:
    await ask(world, "/暂停 溯源日", BOSS, None)
    (answer,) = await ask(world, "/SOP详情 溯源日", BOSS, None)
    assert answer.splitlines()[1] == "暂停着，要发先恢复：/恢复 周一溯源日"


async def test_what_to_show_must_be_said_and_there(world: World) -> None:
    assert await ask(world, "/SOP详情", BOSS, None) == [
        "要看哪一个？例如 /SOP详情 周一溯源日。发 /SOP列表 看全部。"
    ]
    (answer,) = await ask(world, "/SOP详情 溯原日", BOSS, None)
    assert answer.startswith("没有叫“溯原日”的 SOP")


async def test_a_list_of_nothing_says_what_to_do(sops: SopSet, make_world: MakeWorld) -> None:
    world = await make_world(with_kinds(sops))
    assert await ask(world, "/sop list") == ["还没有 SOP。在 sops/ 里放一个 YAML 文件就有了。"]


@pytest.mark.parametrize("typed", ["/发SOP 周一溯源日", "/sop run monday-origin"])
async def test_a_sop_is_played_by_hand_in_the_room_where_it_is_asked_for(
    two_rooms: World, typed: str
) -> None:
    answer, post = await ask(two_rooms, typed)
    assert answer == f"好的，“周一溯源日”现在发到{KEY}。"
    assert post.startswith("溯源｜")
    assert places(two_rooms) == [ROOM.id]


async def test_a_sop_that_is_asked_for_in_private_is_played_in_all_its_rooms(two_rooms: World) -> None:
    answer, *_ = await ask(two_rooms, "/发SOP 周一溯源日", BOSS, None)
    assert answer == f"好的，“周一溯源日”现在发到{KEY}、{OTHER_KEY}。"
    assert sorted(filter(None, places(two_rooms))) == [ROOM.id, OTHER_ROOM.id]


async def test_the_room_may_be_named(two_rooms: World) -> None:
    await ask(two_rooms, f"/发SOP 周一溯源日 {OTHER_KEY}")
    assert places(two_rooms) == [OTHER_ROOM.id]


async def test_a_set_of_rooms_may_be_named(two_rooms: World) -> None:
    await ask(two_rooms, "/发SOP 周一溯源日 会员群")
    assert sorted(filter(None, places(two_rooms))) == [ROOM.id, OTHER_ROOM.id]


@pytest.mark.parametrize("where", ["会员3群", "运营群"])
async def test_a_room_that_is_not_there_for_it_gets_nothing(two_rooms: World, where: str) -> None:
    (answer,) = await ask(two_rooms, f"/发SOP 周一溯源日 {where}")
    assert answer == "“周一溯源日”在这里没有可以发的群：群没有开通，或者不在它的 rooms 里。"
    assert look(two_rooms, slot) == []


async def test_an_unknown_room_is_answered_with_the_likely_one(two_rooms: World) -> None:
    assert await ask(two_rooms, "/发SOP 周一溯源日 会员1裙") == [
        "community.yaml 里没有“会员1裙”这个群，是不是“会员1群”？"
    ]
    assert look(two_rooms, slot) == []


async def test_an_unknown_name_is_answered_with_the_likely_one(world: World) -> None:
    assert await ask(world, "/发SOP 周一朔源日") == ["没有叫“周一朔源日”的 SOP，是不是“周一溯源日”？"]
    assert await ask(world, "/发SOP xyz") == ["没有叫“xyz”的 SOP。发 /SOP列表 看全部。"]


async def test_without_a_name_the_command_says_how_it_goes(world: World) -> None:
    assert await ask(world, "/发SOP") == ["要发哪一个？例如 /发SOP 周一溯源日。发 /SOP列表 看全部。"]


async def test_a_sop_without_a_moment_cannot_be_played_by_hand(world: World) -> None:
    assert await ask(world, "/发SOP 我的原野餐桌") == ["“我的原野餐桌”不是按时间发的，没有可以手动发的内容。"]


async def test_a_sop_that_fails_when_played_by_hand_is_said_to_have_failed(
    sops: SopSet, make_world: MakeWorld
) -> None:
    def fail(ctx: object) -> None:
        raise ZeroDivisionError

    daily = OnSlot("post", lambda sop: Schedule.parse("每天 10:00"), lambda sop: timedelta(hours=1), fail)
    world = await make_world(with_kinds(sops, toy_kind("broken", daily)))
    assert await ask(world, "/发SOP broken") == [f"“broken”在{KEY}没有发成，错误已经记下。"]
    assert [row["state"] for row in look(world, slot)] == ["failed"]
    assert world.count("failures") == 1


async def test_two_commands_play_it_twice_and_one_that_is_delivered_twice_once(world: World) -> None:
    asked = world.channel.say("/发SOP 周一溯源日", BOSS, ROOM)
    await world.happen(asked)
    assert len(places(world)) == 1
    await ask(world, "/发SOP 周一溯源日")
    assert len(places(world)) == 1  # posts keep their distance, whoever asked for them
    await world.move_to(MONDAY_9 + timedelta(hours=2, minutes=1))
    first, second = (message.text for _, message in world.sent if message.text.startswith("溯源"))
    assert first != second
    assert [row["state"] for row in look(world, slot)] == ["done", "done"]


async def test_what_was_played_by_hand_does_not_keep_the_scheduled_moment_from_coming(world: World) -> None:
    await ask(world, "/发SOP 周一溯源日")
    assert len(places(world)) == 1
    await world.move_to(MONDAY_9 + timedelta(hours=4))
    assert len(places(world)) == 2


async def test_members_play_nothing(world: World) -> None:
    (answer,) = await ask(world, "/发SOP 周一溯源日", QING)
    assert "管理员" in answer
    assert look(world, slot) == []
