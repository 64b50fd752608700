"""What goes on while the SOPs are reloaded: runs, waits, what is queued, what is being said."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import needed
from bot.events import FriendMade, Media, MessageKind, MessageReceived, Person
from bot.outbox.pace import OFF
from bot.scenario.world import World
from bot.sop.kinds import collect
from bot.sop.loader import Loader
from bot.store.tables import cursor, failure, interaction, outgoing, room, run, slot, wait
from tests.builders import BOSS, KEY, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, ask, look, said
from tests.conftest import MakeWorld

ROOT = Path(__file__).parents[1]
MANY = 500
THEME_DAY = """sop: theme_day
id: theme-{n}
name: 第{n}份
rooms: 会员1群
every: 周{day} {hour:02}:10
post: {{shelf: 溯源故事, template: origin_story.j2}}
"""
TAG = "#我的原野餐桌#"
EVERYWHERE = """sop: theme_day
id: all
name: 到处
every: 周三 12:10
post: {shelf: 溯源故事, template: origin_story.j2}
"""
RELOAD = "/重新装载"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "sops", tmp_path / "sops")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Loader:
    return Loader(folder / "sops", folder / "templates", collect())


def change(path: Path, *changes: tuple[str, str]) -> None:
    """Write other words into a file; each stands in it once."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def texts(world: World, since: int = 0) -> list[str]:
    return [message.text for _, message in world.sent[since:]]


async def fill_in(world: World, person: Person) -> None:
    """Somebody becomes a friend and is asked the first question."""
    await world.happen(FriendMade(f"friend-{person.id}", person, world.clock.now()))
    await world.move_to(world.clock.now() + timedelta(minutes=1))
    assert "家里平时谁做饭" in (await ask(world, "好", person, None))[0]


def picture() -> MessageReceived:
    return said("", QING, ROOM, kind=MessageKind.IMAGE, media=(Media("dinner.jpg", "dinner.jpg"),))


async def reload(world: World) -> str:
    (answer,) = await ask(world, RELOAD, BOSS, None)
    return answer


async def test_many_files_of_which_one_is_broken_five_times(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    for n in range(MANY):
        text = THEME_DAY.format(n=n, day="一二三四五六日"[n % 7], hour=10 + n // 7 % 10)
        (folder / "sops" / f"theme-{n}.yaml").write_text(text, "utf-8")
    live = await make_world(needed(read()), load=read)
    await ask(live, f"{TAG} 今天的番茄", QING, ROOM)
    before = [look(live, table) for table in (cursor, wait, run, slot)]
    assert len(before[0]) > MANY
    assert before[1]
    set_before = live._runtime and live._runtime.pipeline.desk.sops
    broken = folder / "sops" / "theme-250.yaml"
    mended = broken.read_text("utf-8")
    for _ in range(5):
        broken.write_text(mended.replace("every:", "evry:"), "utf-8")
        await live.reload()
        assert len(await ask(live, "/排行", QING, ROOM)) == 1
    assert [look(live, table) for table in (cursor, wait, run, slot)] == before
    assert live._runtime is not None
    assert live._runtime.pipeline.desk.sops is set_before
    assert sum(text.startswith("没有装") for text in texts(live)) == 1, "the alarm is told once"
    broken.write_text(mended, "utf-8")
    assert (await reload(live)).startswith("装好了：+0 ~0 -0")
    assert [look(live, table) for table in (cursor, wait, run, slot)] == before


async def test_a_questionnaire_in_the_middle_keeps_its_questions_and_takes_new_wording(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    live = await make_world(needed(read()), load=read)
    await fill_in(live, QING)
    change(folder / "sops" / "welcome-survey.yaml", ("有机和可持续农业，您怎么看？", "您在阳台种菜吗？"))
    change(folder / "templates" / "question.j2", ("不想答回", "不想说回"))
    assert (await reload(live)).startswith("装好了：+0 ~1 -0")
    assert "有机和可持续农业" in (await ask(live, "我自己做", QING, None))[0]
    assert "不想说回“跳过”" in (await ask(live, "A", QING, None))[0]
    await fill_in(live, ZHOU)
    assert "您在阳台种菜吗" in (await ask(live, "我自己做", ZHOU, None))[0]


async def test_a_questionnaire_whose_file_is_gone_goes_on_to_its_end(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    live = await make_world(needed(read()), load=read)
    await fill_in(live, QING)
    (folder / "sops" / "welcome-survey.yaml").unlink()
    assert (await reload(live)).startswith("装好了：+0 ~0 -1")
    assert "有机和可持续农业" in (await ask(live, "我自己做", QING, None))[0]
    assert "一句话就好" in (await ask(live, "A", QING, None))[0]
    assert "邀请您进原野一群" in (await ask(live, "想知道菜从哪来", QING, None))[0]
    assert look(live, failure) == []


async def test_a_receipt_that_is_gathered_comes_when_it_was_to_come_in_the_new_words(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    live = await make_world(needed(read()), load=read)
    await live.happen(picture(), said(f"{TAG} 番茄牛腩", QING, ROOM, occurred_at=live.clock.now()))
    (due,) = (row["due_at"] for row in look(live, wait) if row["what"] == "receipt")
    change(folder / "sops" / "dinner-table.yaml", ("gather: 30m", "gather: 2h"))
    change(folder / "templates" / "table_receipt.j2", ("1桌先端上来啦", "头一桌端上来啦"))
    assert (await reload(live)).startswith("装好了：+0 ~1 -0")
    before = len(live.sent)
    await live.move_to(due - timedelta(seconds=1))
    assert texts(live)[before:] == []
    await live.move_to(due + timedelta(minutes=1))
    (receipt,) = texts(live)[before:]
    assert "头一桌端上来啦" in receipt


async def test_rules_that_change_are_heeded_by_what_is_held(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    community = folder / "sops" / "community.yaml"
    change(community, ("{周一到周五: 08:30-21:30,", "{周一到周五: 11:00-21:30,"))
    live = await make_world(needed(read()), load=read)
    await ask(live, "/发SOP 周三食谱日", BOSS, None)
    (held,) = look(live, outgoing, sop_id="wednesday-recipe", state="queued")
    assert held["held_by"] == "quiet_hours"
    change(community, ("{周一到周五: 11:00-21:30,", "{周一到周五: 08:30-21:30,"))
    assert sorted(text[:3] for text in await ask(live, RELOAD, BOSS, None)) == ["装好了", "食谱｜"]
    assert look(live, outgoing, sop_id="wednesday-recipe", state="sent")


async def test_a_room_whose_key_is_taken_out_of_the_community(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    """It stays enabled until an admin closes it, which is said, and no SOP begins anything there; neither do
    those that play everywhere."""
    (folder / "sops" / "everywhere.yaml").write_text(EVERYWHERE, "utf-8")
    live = await make_world(needed(read()), load=read, enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM})
    rooms = {row["key"]: row["id"] for row in look(live, room)}
    origin = [row["room_id"] for row in look(live, cursor, sop_id="monday-origin", step="post")]
    assert sorted(origin) == sorted(rooms.values())
    change(
        folder / "sops" / "community.yaml",
        ("rooms: [会员1群, 会员2群,", "rooms: [会员1群,"),
        ("会员群: [会员1群, 会员2群,", "会员群: [会员1群,"),
    )
    said = await reload(live)
    assert said.startswith("装好了：+0 ~0 -0")
    assert f"{OTHER_KEY} 还开着，community.yaml 里已经没有它" in said
    assert f"⚠ {OTHER_KEY} 还开着" in (await ask(live, "/群列表", BOSS, None))[0]
    assert "还开着" not in await reload(live)
    assert {row["room_id"] for row in look(live, cursor, sop_id="all")} == {rooms[KEY]}
    (origin,) = (row["room_id"] for row in look(live, cursor, sop_id="monday-origin", step="post"))
    assert origin == rooms[KEY]
    assert await ask(live, f"{TAG} 今天的番茄", QING, OTHER_ROOM) == []
    assert look(live, run, room_id=rooms[OTHER_KEY]) == []
    assert "不再说话" in (await ask(live, "/关群", BOSS, OTHER_ROOM))[0]
    assert look(live, failure) == []


async def test_of_many_saves_the_last_is_in_force(make_world: MakeWorld, read: Loader, folder: Path) -> None:
    live = await make_world(needed(read()), load=read)
    assert live._runtime is not None
    recipe = folder / "sops" / "wednesday-recipe.yaml"
    before = recipe.read_text("utf-8")
    for n in range(20):
        recipe.write_text(before.replace("name: 周三食谱日", f"name: 第{n}次存"), "utf-8")
        live._runtime.reload()
        await asyncio.sleep(0)
    await live.settle()
    assert live._runtime.pipeline.desk.sops.sops["wednesday-recipe"].name == "第19次存"


async def test_a_reload_in_the_midst_of_many_messages_loses_and_doubles_nothing(
    make_world: MakeWorld, read: Loader, folder: Path
) -> None:
    live = await make_world(needed(read()), load=read, pace=OFF)
    assert live._runtime is not None
    people = [Person(f"person-{n}", f"{n}号") for n in range(25)]
    recipe = folder / "sops" / "wednesday-recipe.yaml"
    before = recipe.read_text("utf-8")
    for turn in range(4):
        recipe.write_text(before.replace("name: 周三食谱日", f"name: 第{turn}次存"), "utf-8")
        for n in range(500):
            live.channel.say("/排行" if n % 20 == 0 else f"番茄{n}", people[n % 25], ROOM)
            if n in (100, 400):
                live._runtime.reload()
            if n % 50 == 0:
                await asyncio.sleep(0.005)
        await live.settle()
    assert len(look(live, interaction, name="message_posted")) == 4 * 475
    asked = look(live, interaction, name="command_given")
    assert len(asked) == 4 * 25
    answers = [row["cause_id"] for row in look(live, outgoing) if row["intent"] == "reply"]
    assert sorted(answers) == [row["id"] for row in asked]
    assert look(live, failure) == []
