from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app import needed
from bot.scenario.world import World
from bot.sop.kinds import collect
from bot.sop.loader import Loaded, load
from bot.store.tables import cursor, wait
from bot.watch import watch
from tests.builders import BOSS, QING, ROOM, ask, look
from tests.conftest import MakeWorld

ROOT = Path(__file__).parents[1]
NEW = """sop: theme_day
id: {id}
name: {name}
every: 周三 12:10
post: {{shelf: 溯源故事, template: origin_story.j2}}
"""
TYPED = "/重新装载"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "sops", tmp_path / "sops")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Callable[[], Loaded]:
    return lambda: load(folder / "sops", folder / "templates", collect())


@pytest.fixture
async def live(make_world: MakeWorld, read: Callable[[], Loaded]) -> World:
    return await make_world(needed(read()), load=read)


async def typed(world: World) -> str:
    """What reloading by hand answers, once it is done."""
    (answer,) = await ask(world, TYPED, BOSS, None)
    return answer


def add(folder: Path, id: str, text: str = NEW) -> None:
    (folder / "sops" / f"{id}.yaml").write_text(text.format(id=id, name=f"新的{id}"), "utf-8")


async def test_what_came_changed_and_went_is_counted_and_live(live: World, folder: Path) -> None:
    add(folder, "one")
    add(folder, "two")
    assert (await typed(live)).startswith("装好了：+2 ~0 -0")
    assert look(live, cursor, sop_id="one")
    (folder / "sops" / "one.yaml").unlink()
    add(folder, "two", NEW.replace("周三", "周四"))
    assert (await typed(live)).startswith("装好了：+0 ~1 -1")
    assert not look(live, cursor, sop_id="one")
    assert "新的two" in (await ask(live, "/sop list", BOSS, None))[0]


async def test_of_a_broken_set_nothing_is_taken(live: World, folder: Path) -> None:
    add(folder, "good")
    add(folder, "bad", "sop: theme_day\nid: bad\n")
    answer = await typed(live)
    assert answer.startswith("没有装，照旧用原来的。")
    assert "bad.yaml" in answer
    assert not look(live, cursor, sop_id="good")
    (folder / "sops" / "bad.yaml").unlink()
    assert (await typed(live)).startswith("装好了：+1 ~0 -0")


async def test_operators_hear_once_of_each_way_of_being_broken(live: World, folder: Path) -> None:
    assert live._runtime is not None
    for text, alarms in (("sop: theme_day\n", 1), ("sop: theme_day\n", 1), ("sop: nothing\n", 2)):
        add(folder, "bad", text)
        live._runtime.reload()
        await live.settle()
        told = [message.text for _, message in live.sent if message.text.startswith("没有装")]
        assert len(told) == alarms


async def test_reloading_five_times_moves_no_timer_and_doubles_no_answer(live: World, folder: Path) -> None:
    await ask(live, "#我的原野餐桌# 今天的番茄", QING, ROOM)
    timers = look(live, cursor), look(live, wait)
    assert all(timers)
    for n in range(5):
        add(folder, "bad", f"sop: nothing{n}\n")
        assert len(await ask(live, TYPED, BOSS, None)) == 1
        (folder / "sops" / "bad.yaml").unlink()
        assert len(await ask(live, TYPED, BOSS, None)) == 1
    assert (look(live, cursor), look(live, wait)) == timers


async def test_a_world_without_a_folder_says_so(world: World) -> None:
    assert await typed(world) == "这里没有可以重新装载的文件夹。"


async def test_a_member_reloads_nothing(live: World, folder: Path) -> None:
    add(folder, "one")
    await ask(live, TYPED, QING, ROOM)
    assert not look(live, cursor, sop_id="one")


async def test_a_saved_file_is_noticed(folder: Path) -> None:
    noticed = asyncio.Event()
    watching = asyncio.create_task(
        watch([folder / "sops"], lambda: asyncio.ensure_future(asyncio.to_thread(noticed.set)))
    )
    try:
        await asyncio.sleep(0.3)
        add(folder, "one")
        await asyncio.wait_for(noticed.wait(), 5)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
