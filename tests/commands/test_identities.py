from __future__ import annotations

import logging

import pytest

from bot.events import Person
from bot.people import phones
from bot.scenario.world import World
from bot.store.session import insert_new
from bot.store.tables import consent, identity, identity_log, interaction, metadata, texts
from tests.builders import BOSS, MONDAY_9, QING, ROOM, ZHOU, ask, look, said
from tests.conftest import MakeWorld

NUMBER = "138-0013-8000"
HASH = phones.hashed(b"a world's", "13800138000")


@pytest.fixture
async def group(world: World) -> World:
    """Where the boss (M1), 阿青 (M2) and 老周 (M3) have spoken."""
    await world.happen(said("大家好", QING), said("大家好", ZHOU))
    return world


def members(world: World) -> dict[str, int | None]:
    return {row["external_id"]: row["member_id"] for row in look(world, identity)}


# --- merge and split ---


async def test_merging_says_what_it_would_do_and_does_it_when_asked_again(group: World) -> None:
    before = members(group)
    (answer,) = await ask(group, "/合并 M2 M3 换了新号", BOSS, None)
    assert "M3 老周 的账号、记录、标签会都算 M2 阿青 的，以后能 /拆开" in answer
    assert "/合并 M2 M3 换了新号 确定" in answer
    assert members(group) == before
    (answer,) = await ask(group, "/合并 M2 M3 换了新号 确定", BOSS, None)
    assert answer == "合好了：M3 老周 就是 M2 阿青。要拆开发 /拆开 1"
    assert members(group) == {**before, ZHOU.id: before[QING.id]}
    (row,) = look(group, identity_log)
    assert (row["reason"], row["proof"]) == ("换了新号", "staff")


async def test_splitting_gives_everybody_back_what_was_theirs(group: World) -> None:
    before = members(group)
    await ask(group, "/合并 M2 M3 换了新号 确定", BOSS, None)
    (answer,) = await ask(group, "/拆开 M3", BOSS, None)
    assert answer == "1｜M3→M2｜11月30日｜换了新号\n要拆哪个：/拆开 1"
    (answer,) = await ask(group, "/拆开 1", BOSS, None)
    assert answer == "拆开了，账号、记录、标签各归各的（M3→M2）。"
    assert members(group) == before
    assert "没有 1 号" in (await ask(group, "/拆开 1", BOSS, None))[0]
    assert await ask(group, "/拆开 M3", BOSS, None) == ["M3 老周 没有合并过。"]


async def test_roles_that_come_together_are_named_before(group: World) -> None:
    await ask(group, "/角色 M3 厨师", BOSS, None)
    (answer,) = await ask(group, "/合并 M1 M3 同一个人", BOSS, None)
    assert "合起来的角色：厨师、管理员。" in answer


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("/合并", "没有要您认的人。"),
        ("/合并 M2", "要说是哪两位、为什么。"),
        ("/合并 M2 M3", "要说是哪两位、为什么。"),
        ("/合并 M2 M3 确定", "要说是哪两位、为什么。"),
        ("/合并 M2 M99 原因", "没有 M99 这个编号。"),
        ("/合并 M2 阿青 原因", "M2 阿青 和他们已经是一位了。"),
        ("/拆开", "这样写：/拆开 M37"),
        ("/拆开 M99", "没有 M99 这个编号。"),
        ("/拆开 7", "没有 7 号"),
    ],
)
async def test_what_cannot_be_done_says_why(group: World, typed: str, why: str) -> None:
    (answer,) = await ask(group, typed, BOSS, None)
    assert why in answer
    assert look(group, identity_log) == []


async def test_members_merge_nobody(group: World) -> None:
    assert "要管理员" in (await ask(group, "/合并 M2 M3 我们 确定", QING, None))[0]
    assert "请私聊我用" in (await ask(group, "/合并 M2 M3 我们 确定", BOSS, ROOM))[0]
    assert look(group, identity_log) == []


# --- a phone number ---


def furnish(world: World, phone: str = HASH) -> None:
    """A shop has this number for an account that is nobody's."""
    row = {"id": 5, "source": "shop/yuanye", "external_id": "s-1", "member_id": None, "phone": phone}
    with world.engine.begin() as connection:
        insert_new(connection, identity, [{**row, "name": ""}])


async def test_a_number_links_what_the_shop_has_under_it(group: World) -> None:
    furnish(group)
    (answer,) = await ask(group, f"/手机 {NUMBER}", QING, None)
    assert answer.startswith("记下了")
    assert members(group)["s-1"] == members(group)[QING.id]
    (row,) = look(group, consent)
    assert (row["purpose"], row["given"]) == ("phone", True)
    (answer,) = await ask(group, "/拆开 M2", BOSS, None)
    assert answer == "1｜1个店铺或平台账号→M2｜11月30日｜同一个手机号\n要拆哪个：/拆开 1"
    (answer,) = await ask(group, "/手机 删掉", QING, None)
    assert "删掉了" in answer
    assert members(group)["s-1"] is None
    assert HASH not in members(group)
    names = [row["name"] for row in look(group, interaction, consent_scope="phone")]
    assert names == ["consent_granted", "consent_withdrawn"]
    assert await ask(group, "/手机 删掉", QING, None) == ["您没有留过手机号。"]


async def test_a_number_is_nowhere_in_clear(group: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await ask(group, f"/手机 {NUMBER}", QING, None)
    await ask(group, "/手机 １３８００１３８０００", ZHOU, None)
    await ask(group, f"/手机 {NUMBER}", QING, ROOM)
    await group.happen(said("我的电话 +86 138 0013 8000，快递用", QING))
    everything = [str(list(row.values())) for table in metadata.sorted_tables for row in look(group, table)]
    kept = "".join([*everything, caplog.text])
    for form in ("13800138000", NUMBER, "138 0013 8000", "１３８"):
        assert form not in kept
    assert {row["body"] for row in look(group, texts)} >= {"我的电话 +86 138****8000，快递用"}


async def test_two_who_give_one_number_are_for_staff_to_tell(group: World) -> None:
    await ask(group, f"/手机 {NUMBER}", QING, None)
    before = members(group)
    assert await ask(group, f"/手机 {NUMBER}", ZHOU, None) == [
        "收到，同事会核对一下。",
        "M3 老周 留的手机号，M2 也有，我没有动。\n是一位就私聊我 /合并 M2 M3 原因，不是就 /拆开 1",
    ]
    assert await ask(group, f"/手机 {NUMBER}", ZHOU, None) == ["收到，同事会核对一下。"]
    assert members(group) == before
    assert await ask(group, "/合并", BOSS, None) == [
        "1｜M3 留的手机号 M2 也有｜11月30日｜同一个手机号\n是一位：/合并 M2 M3 原因；不是：/拆开 1"
    ]
    assert "是两位" in (await ask(group, "/拆开 1", BOSS, None))[0]
    assert "没有要您认的人" in (await ask(group, "/合并", BOSS, None))[0]
    assert members(group) == before


async def test_who_has_given_a_number_does_not_try_others(group: World) -> None:
    await ask(group, f"/手机 {NUMBER}", QING, None)
    assert "另一个号码" in (await ask(group, "/手机 13900139000", QING, None))[0]
    assert "记下了" in (await ask(group, f"/手机 {NUMBER}", QING, None))[0]
    assert len(look(group, identity, source="phone")) == 1


@pytest.mark.parametrize("typed", ["/手机", "/手机 12345", "/手机 我的"])
async def test_what_is_no_number_is_told_how_to_write_one(group: World, typed: str) -> None:
    assert "11位手机号" in (await ask(group, typed, QING, None))[0]


async def test_strangers_leave_no_number(make_world: MakeWorld) -> None:
    world = await make_world()
    assert await ask(world, f"/手机 {NUMBER}", Person("stranger", "路人"), None) == []
    assert look(world, identity, source="phone") == []
    assert world.clock.now() == MONDAY_9
