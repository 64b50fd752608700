from __future__ import annotations

from datetime import timedelta

from bot.channels.fake import Fault
from bot.outbox.queue import State
from bot.scenario.world import World
from bot.store import failures
from bot.store.ids import Ids
from bot.store.tables import outgoing
from bot.store.transaction import Transaction
from tests.builders import BOSS, QING, Boom, ask, look

# --- status ---


async def test_status_fits_one_line(world: World) -> None:
    assert await ask(world, "/状态") == ["在线｜1群｜今天发0 待发0"]
    assert await ask(world, "/status", BOSS, None) == ["在线｜1群｜今天发1 待发0"]


async def test_status_counts_what_did_not_go_out(world: World) -> None:
    world.channel.fail_next(Fault.LOST, *[Fault.REFUSED] * 3)
    assert await ask(world, "/帮助") == []
    assert await ask(world, "/帮助") == []
    await world.move_to(world.clock.now() + timedelta(hours=1))
    assert [row["state"] for row in look(world, outgoing)] == [State.UNKNOWN, State.EXPIRED]
    assert await ask(world, "/状态", BOSS, None) == ["在线｜1群｜今天发0 待发0｜过时作废1｜去向不明1"]
    assert await ask(world, "/状态") == ["在线｜1群｜今天发1 待发0"]  # where members read it


async def test_status_counts_from_midnight_in_the_communitys_zone(world: World) -> None:
    await ask(world, "/状态")
    await world.move_to(world.clock.now() + timedelta(hours=14, minutes=50))
    assert await ask(world, "/状态") == ["在线｜1群｜今天发2 待发0"]
    await world.move_to(world.clock.now() + timedelta(minutes=15))
    assert await ask(world, "/状态") == ["在线｜1群｜今天发0 待发0"]


async def test_status_is_for_admins(world: World) -> None:
    (answer,) = await ask(world, "/状态", QING)
    assert "管理员" in answer


async def test_status_says_that_all_sending_is_stopped(world: World) -> None:
    await ask(world, "/停发")
    (answer,) = await ask(world, "/状态")
    assert answer.startswith("在线，已停发｜")


# --- health ---


async def test_health_tells_what_is_well(world: World) -> None:
    assert await ask(world, "/健康", BOSS, None) == [
        "连接：在线，11月30日 周一 09:00起\n"
        "发件：待发0 去向不明0 没发成0 扣着0 过时作废0（近7天，发 /发件箱 看）\n"
        "一天内没有出错。"
    ]


async def test_health_tells_how_long_the_link_was_away(world: World) -> None:
    world.channel.cut()
    await world.move_to(world.clock.now() + timedelta(minutes=2, seconds=5))
    world.channel.mend()
    await world.settle()
    (answer,) = await ask(world, "/health", BOSS, None)
    assert "上次断了2分5秒" in answer


async def test_health_tells_of_stops_rests_misses_and_failures(world: World) -> None:
    await world.stop()
    await world.move_to(world.clock.now() + timedelta(hours=8))
    await world.start()
    with world.engine.begin() as connection:
        tx = Transaction(connection, Ids(), world.clock.now())
        failures.record(tx, "monday-origin post", Boom("番茄"))
    world.channel.fail_next(Fault.TOO_OFTEN)
    await ask(world, "/停发")
    await world.move_to(world.clock.now() + timedelta(minutes=31))
    (answer,) = await ask(world, "/健康", BOSS, None)
    assert "停发：11月30日 周一 17:00起" in answer
    assert "近7天有1次到点没发" in answer
    assert "一天内出错1次" in answer
    assert "monday-origin post：Boom" in answer
    assert "番茄" not in answer


async def test_health_is_for_admins_and_not_in_front_of_all(world: World) -> None:
    assert "管理员" in (await ask(world, "/健康", QING))[0]
    assert "私聊" in (await ask(world, "/健康"))[0]
