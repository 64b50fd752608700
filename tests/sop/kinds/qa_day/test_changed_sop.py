"""A Q&A day whose file is changed, removed or switched off while its questions are open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from bot.events import MembersLeft, MessageRecalled
from bot.scenario.world import World
from bot.sop import yaml_reader
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.loader import LoadedFile, SopSet
from bot.store.tables import document, failure
from tests.builders import BOSS, ROOM, ZHOU, ask, look, only, said
from tests.conftest import MakeWorld

ID = "friday-qa"
OPENS = datetime(2026, 12, 4, 19, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTE = timedelta(minutes=1)


def removed(sops: SopSet) -> SopSet:
    return replace(
        sops,
        sops=MappingProxyType({}),
        declared=MappingProxyType({}),
        source=MappingProxyType({key: file for key, file in sops.source.items() if key != ID}),
    )


def switched_off(sops: SopSet) -> SopSet:
    return replace(sops, sops=MappingProxyType({}))


def changed(sops: SopSet, old: str, new: str) -> SopSet:
    source = sops.source[ID]
    assert old in source.text
    text = source.text.replace(old, new)
    sop = QaDay.model_validate(yaml_reader.parse(text, "").data)
    sop = sop.model_copy(update={"rooms": sops.sops[ID].rooms})
    return replace(
        sops,
        sops=MappingProxyType({ID: sop}),
        declared=MappingProxyType({**sops.declared, ID: sop}),
        source=MappingProxyType({**sops.source, ID: LoadedFile(source.file, "hash-2", text)}),
    )


@pytest.fixture
async def begun(make_world: MakeWorld, sops: SopSet) -> World:
    """A Friday evening: 阿青 asked 1; 老周, who answers for the brand, has left the room."""
    world = await make_world(only(sops, ID))
    await world.move_to(OPENS + MINUTE)
    await say(world, "大家好", sender=ZHOU)
    assert "营养师" in (await ask(world, "/角色 老周 营养师", BOSS, chat=None))[0]
    await world.happen(MembersLeft("left-1", ROOM, (ZHOU,), world.clock.now()))
    await say(world, "提问：羽衣甘蓝要焯水吗")
    return world


async def say(world: World, text: str, **more: object) -> str:
    message = replace(said(text, **more), occurred_at=world.clock.now())  # type: ignore[arg-type]
    await world.happen(message)
    return message.id


async def again_with(world: World, sops: SopSet) -> None:
    await world.stop()
    world.sops = sops
    await world.start()


async def pass_by(world: World, **time: float) -> str:
    """What the bot says meanwhile."""
    before = len(world.sent)
    await world.move_to(world.clock.now() + timedelta(**time))
    return "\n".join(message.text for _, message in world.sent[before:])


@pytest.mark.parametrize("after", [removed, switched_off], ids=["removed", "off"])
async def test_a_day_goes_on_as_it_began_when_its_file_is_gone(
    begun: World, sops: SopSet, after: object
) -> None:
    await again_with(begun, after(only(sops, ID)))  # type: ignore[operator]
    await say(begun, "提问：燕麦泡多久", sender=BOSS)
    said_then = await pass_by(begun, minutes=3)
    assert "1 羽衣甘蓝要焯水吗\n2 燕麦泡多久" in said_then
    assert "会员1群里有人在等这个" in await pass_by(begun, hours=1)
    await say(begun, "1 焯二十秒就好", sender=ZHOU, chat=None)
    assert "1 羽衣甘蓝要焯水吗｜焯二十秒就好（老周）" in await pass_by(begun, hours=15)
    assert look(begun, failure) == []


async def test_a_recall_is_heeded_when_the_file_is_gone(begun: World, sops: SopSet) -> None:
    answer = await say(begun, "1 焯二十秒就好", sender=BOSS)
    assert len(look(begun, document)) == 1
    await again_with(begun, removed(only(sops, ID)))
    await begun.happen(MessageRecalled("recall-1", answer, BOSS, begun.clock.now(), ROOM))
    assert look(begun, document) == []


async def test_fewer_rungs_than_were_climbed_are_no_harm(begun: World, sops: SopSet) -> None:
    await pass_by(begun, hours=1, minutes=5)
    ladder = "{after: 20m, call: 能答的会员}, {after: 1h, call: 专家}, "
    await again_with(begun, changed(only(sops, ID), ladder, ""))
    assert "等了24小时，还没人答" in await pass_by(begun, hours=30)
    assert look(begun, failure) == []


async def test_the_desk_still_deals_with_what_is_open_when_the_file_is_gone(
    begun: World, sops: SopSet
) -> None:
    await again_with(begun, removed(only(sops, ID)))
    asked, told = await ask(begun, "/派 1 老周", BOSS, chat=None)
    assert "会员1群里有人在等这个" in asked
    assert told == "已私聊老周，20分钟没答我再叫您。"
    assert await ask(begun, "/补记 1 焯二十秒就好", BOSS, chat=None) == ["1 已答，明早进合集。"]
    assert look(begun, failure) == []
