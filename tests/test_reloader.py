from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select

from bot import reloader
from bot.app import needed
from bot.runtime import Runtime
from bot.scenario.world import World
from bot.sop.kinds import collect
from bot.sop.loader import NOT_SOPS, Loaded, Loader, SopSet
from bot.sop.player import Player
from bot.store.tables import cursor, failure, wait
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
WRONG = NEW.replace("every: 周三 12:10\n", "")
TYPED = "/重新装载"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "sops", tmp_path / "sops")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Loader:
    return Loader(folder / "sops", folder / "templates", collect())


@pytest.fixture
async def live(make_world: MakeWorld, read: Loader) -> World:
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


async def test_a_file_that_was_broken_at_the_start_keeps_nothing_else_back(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    add(folder, "bad", WRONG)
    live = await make_world(needed(read()), load=read)
    add(folder, "good")
    answer = await typed(live)
    assert answer.startswith("装好了：+1 ~0 -0")
    assert "还有1处没改好，那几份照旧没有用：\nsops/bad.yaml:1:1 every：" in answer
    assert look(live, cursor, sop_id="good")
    assert "⚠ sops/bad.yaml:1:1 every：" in (await ask(live, "/sop list", BOSS, None))[0]
    add(folder, "bad")
    answer = await typed(live)
    assert answer.startswith("装好了：+1 ~0 -0")
    assert "没改好" not in answer
    assert look(live, cursor, sop_id="bad")


async def test_what_was_broken_at_the_start_and_is_broken_otherwise_now_keeps_all_back(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    add(folder, "bad", WRONG)
    live = await make_world(needed(read()), load=read)
    add(folder, "good")
    add(folder, "bad", WRONG.replace("theme_day", "theme_dya"))
    answer = await typed(live)
    assert answer.startswith("没有装，照旧用原来的。有1处要改：\nsops/bad.yaml:1:6 sop：")
    assert not look(live, cursor, sop_id="good")


async def test_a_sop_that_runs_and_breaks_without_being_touched_keeps_all_back(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    add(folder, "bad", WRONG.replace("溯源故事", "会员食谱").replace("origin_story", "recipe"))
    live = await make_world(needed(read()), load=read)
    story = folder / "templates" / "origin_story.j2"
    before = story.read_text("utf-8")
    story.write_text("{{ item.titel }", "utf-8")
    answer = await typed(live)
    assert answer.startswith("没有装，照旧用原来的。")
    assert "bad.yaml" not in answer
    assert "templates/origin_story.j2:1" in answer
    (told,) = await ask(live, "/sop list", BOSS, None)
    assert "⚠ sops/bad.yaml" in told
    assert "⚠ templates/origin_story.j2:1" in told
    story.write_text(before, "utf-8")
    assert (await typed(live)).startswith("装好了：+0 ~0 -0")
    assert "origin_story" not in (await ask(live, "/sop list", BOSS, None))[0]


async def test_a_template_that_is_half_written_is_not_posted(live: World, folder: Path) -> None:
    (folder / "templates" / "origin_story.j2").write_text("{{ item.titel }", "utf-8")
    assert (await typed(live)).startswith("没有装，照旧用原来的。")
    await ask(live, "/发SOP 周一溯源日", BOSS, None)
    await live.move_to(live.clock.now() + timedelta(hours=1))
    assert any(message.text.startswith("溯源｜") for _, message in live.sent)
    assert look(live, failure) == []


async def test_a_template_that_was_saved_is_posted(live: World, folder: Path) -> None:
    (folder / "templates" / "origin_story.j2").write_text("改过的{{ item.title }}", "utf-8")
    assert (await typed(live)).startswith("装好了：")
    await ask(live, "/发SOP 周一溯源日", BOSS, None)
    await live.move_to(live.clock.now() + timedelta(hours=1))
    assert any(message.text.startswith("改过的") for _, message in live.sent)


async def test_who_asked_hears_of_a_reading_that_failed_and_else_the_operators_do(
    make_world: MakeWorld, sops: SopSet
) -> None:
    def read() -> Loaded:
        raise PermissionError("the disk is gone")

    live = await make_world(sops, load=read)
    assert await typed(live) == "没有装成，照旧用原来的；错误已经记下。"
    await live.reload()
    assert [message.text for _, message in live.sent] == ["没有装成，照旧用原来的；错误已经记下。"] * 2
    assert [row["place"] for row in look(live, failure)] == ["reloading"] * 2


async def test_a_set_that_cannot_be_taken_leaves_the_old_one_and_whoever_asked_hears_of_it(
    live: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, "one")
    with monkeypatch.context() as broken:
        broken.setattr(Player, "sync_timetable", lambda self, tx: 1 / 0)
        assert await typed(live) == "没有装成，照旧用原来的；错误已经记下。"
    assert "新的one" not in (await ask(live, "/sop list", BOSS, None))[0]
    assert not look(live, cursor, sop_id="one")
    assert (await typed(live)).startswith("装好了：+1 ~0 -0")


async def test_a_commit_that_fails_leaves_the_old_set(live: World, folder: Path) -> None:
    """The database takes the reload's rows and gives them up instead of the commit, once."""
    refused: list[str] = []

    def refuse(connection: Connection) -> None:
        if not refused and connection.execute(select(cursor).filter_by(sop_id="one")).first():
            refused.append("one")
            connection.connection.rollback()
            raise RuntimeError("the disk is gone")

    event.listen(live.engine, "commit", refuse)
    add(folder, "one")
    assert await typed(live) == "没有装成，照旧用原来的；错误已经记下。"
    assert refused
    assert "新的one" not in (await ask(live, "/sop list", BOSS, None))[0]
    assert not look(live, cursor, sop_id="one")
    assert (await typed(live)).startswith("装好了：+1 ~0 -0")
    assert look(live, cursor, sop_id="one")


async def test_operators_hear_once_of_each_way_of_being_broken(live: World, folder: Path) -> None:
    for text, alarms in (("sop: theme_day\n", 1), ("sop: theme_day\n", 1), ("sop: nothing\n", 2)):
        add(folder, "bad", text)
        await live.reload()
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


async def test_a_reading_waits_between_files_while_the_core_is_at_work_but_not_for_ever(
    live: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(reloader, "_nap", naps.append)
    monkeypatch.setattr(Runtime, "at_work", property(lambda _runtime: len(naps) < 7))
    await typed(live)
    assert len(naps) == 7
    monkeypatch.setattr(Runtime, "at_work", True)
    add(folder, "one")
    assert (await typed(live)).startswith("装好了：+1 ~0 -0")
    assert sum(naps[7:]) == pytest.approx(reloader.PATIENCE, rel=0.01)


def test_a_reading_pauses_before_each_file(folder: Path) -> None:
    pauses: list[None] = []
    Loader(folder / "sops", folder / "templates", collect())(lambda: pauses.append(None))
    sops = set((folder / "sops").glob("*.yaml")) - {folder / "sops" / name for name in NOT_SOPS}
    assert len(pauses) > len(sops)
