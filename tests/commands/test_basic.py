from __future__ import annotations

import pytest

from bot.people import roles
from bot.scenario.world import CLAIM_CODE, World
from bot.store.tables import failure, interaction, member, outgoing, role
from tests.builders import BOSS, OTHER_ROOM, QING, ROOM, ZHOU, ask, look, said
from tests.conftest import MakeWorld

# --- help ---


def names_in(answer: str) -> set[str]:
    """The Chinese names of the commands that a help lists."""
    return {line.split()[0].removeprefix("/") for line in answer.splitlines() if line.startswith("/")}


async def test_help_lists_what_an_admin_may_use_in_a_room(world: World) -> None:
    (answer,) = await ask(world, "/帮助")
    assert names_in(answer) == {
        "帮助", "状态", "停发", "恢复发送", "开群", "绑群", "关群", "SOP列表", "发SOP",
        "别@我", "可以@我", "挑战", "排行", "补卡", "撤回打卡", "提问", "答", "问"
    }  # fmt: skip


async def test_help_lists_for_members_what_members_may_use(world: World) -> None:
    (answer,) = await ask(world, "/help", QING)
    assert names_in(answer) == {
        "帮助", "别@我", "可以@我", "排行", "补卡", "撤回打卡", "提问", "答", "问"
    }  # fmt: skip


async def test_help_in_private_leaves_out_what_belongs_into_rooms(world: World) -> None:
    (answer,) = await ask(world, "/help", BOSS, None)
    assert "状态" in names_in(answer)
    assert not names_in(answer) & {"开群", "关群"}


async def test_help_about_a_word_lists_what_bears_it(world: World) -> None:
    (answer,) = await ask(world, "/帮助 sop")
    assert names_in(answer) == {"SOP列表", "发SOP"}
    assert await ask(world, "/帮助 /状态") == ["/状态 或 /status：是否在线，今天发了多少"]


async def test_help_about_what_is_not_there_says_so(world: World) -> None:
    assert await ask(world, "/帮助 番茄") == ["没有叫“番茄”的命令，或者您在这里用不了。发 /帮助 看全部。"]


async def test_help_about_what_one_may_not_use_says_no_more_than_that(world: World) -> None:
    (answer,) = await ask(world, "/帮助 状态", QING)
    assert "今天发了多少" not in answer


async def test_strangers_get_no_help(world: World) -> None:
    assert await ask(world, "/帮助", QING, None) == []
    assert await ask(world, "/帮助", QING, OTHER_ROOM) == []


# --- claim ---


@pytest.fixture
async def unclaimed(make_world: MakeWorld) -> World:
    return await make_world(enabled={}, admins=[])


async def test_the_right_code_makes_the_first_admin(unclaimed: World) -> None:
    (answer,) = await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    assert "您是管理员了（M1）" in answer
    assert [row["role"] for row in look(unclaimed, role)] == ["管理员"]
    assert await ask(unclaimed, "/状态", QING, None) == ["在线｜0群｜今天发1 待发0"]


async def test_the_code_may_be_typed_in_a_room_nobody_enabled(unclaimed: World) -> None:
    await ask(unclaimed, f"/认领 “{CLAIM_CODE.lower()}”", QING, ROOM)
    (said,) = unclaimed.sent
    assert (said[1].person_id, said[1].chat_id) == (QING.id, None)
    assert len(look(unclaimed, role)) == 1


@pytest.mark.parametrize("typed", ["/认领", "/认领 WRONGONE", "/认领 WRONGONE TESTCODE", "/认领 。"])
async def test_a_wrong_code_is_met_with_silence_and_leaves_no_trace(unclaimed: World, typed: str) -> None:
    assert await ask(unclaimed, typed, QING, None) == []
    assert look(unclaimed, role) == look(unclaimed, member) == look(unclaimed, interaction) == []
    assert look(unclaimed, failure) == look(unclaimed, outgoing) == []


async def test_a_second_claim_is_met_with_silence(unclaimed: World) -> None:
    await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    assert await ask(unclaimed, f"/认领 {CLAIM_CODE}", ZHOU, None) == []
    assert await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None) == []
    assert len(look(unclaimed, role)) == 1


async def test_a_used_code_stays_used(unclaimed: World) -> None:
    await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    await unclaimed.stop()
    await unclaimed.start()
    for typed in (CLAIM_CODE, CLAIM_CODE.lower(), f"“ {CLAIM_CODE} ”"):
        assert await ask(unclaimed, f"/认领 {typed}", ZHOU, None) == []
    assert len(look(unclaimed, role)) == 1


async def test_a_claim_that_failed_has_not_used_the_code(
    unclaimed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(roles, "give", lambda *_, **__: 1 / 0)
        await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    (answer,) = await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    assert "您是管理员了" in answer


async def test_a_code_makes_another_admin_where_there_is_one(world: World) -> None:
    assert await ask(world, f"/认领 {CLAIM_CODE}", BOSS, None) == []  # who is one already uses up no code
    (answer,) = await ask(world, f"/认领 {CLAIM_CODE}", QING, None)
    assert "您是管理员了" in answer
    assert len(look(world, role)) == 2


async def test_the_code_itself_is_not_recorded(unclaimed: World) -> None:
    await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    (row,) = look(unclaimed, interaction, name="command_given")
    assert row["props"] == {"kind": "text", "command": "claim"}


async def test_a_wrong_code_costs_nothing_that_is_said_after_it(unclaimed: World) -> None:
    await ask(unclaimed, "/认领 WRONGONE", ZHOU, None)
    await ask(unclaimed, f"/认领 {CLAIM_CODE}", QING, None)
    await ask(unclaimed, "/开群 会员1群", QING, ROOM)
    for day in range(2):
        await unclaimed.happen(*(said(f"第{day}天的第{n}句话") for n in range(20)))
        await unclaimed.stop()
        await unclaimed.start()
    assert unclaimed.count("message_posted") == 40
