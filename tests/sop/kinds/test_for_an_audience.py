"""What an audience means to each kind: whom it writes to, calls, counts and hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.audience.conditions import Condition, InRoom, Silent, Tagged
from bot.commands.trace import ask as ask_why
from bot.events import Media, MessageKind, Person
from bot.people import directory, tags
from bot.people.tags import Tag
from bot.scenario.world import World
from bot.sop.audiences import Audiences
from bot.sop.loader import SopSet
from bot.store.tables import identity, interaction, outgoing
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, OTHER_KEY, OTHER_ROOM, QING, ROOM, ZHOU, ask, look, said
from tests.conftest import MakeWorld
from tests.listener import SOURCE, Listener

FRIDAY = datetime(2026, 12, 4, 19, 31, tzinfo=ZoneInfo("Asia/Shanghai"))
COOKS, HERE = "爱做饭的", "一群的"


def for_audience(sops: SopSet, sop_id: str, name: str = COOKS, **changes: object) -> SopSet:
    """One sample, for an audience."""
    sop = sops.declared[sop_id].model_copy(update={"audience": name, **changes})
    here: Condition = InRoom(frozenset({KEY}))
    conditions = {COOKS: Tagged("烹饪热情"), HERE: here, "久没说话的": Silent(30)}
    return replace(sops, sops={sop_id: sop}, declared={sop_id: sop}, audiences=Audiences(conditions))


def like_cooking(writer: Writer, source: str, now: datetime, who: Person) -> None:
    with writer.transaction(now) as tx:
        tags.put(tx, directory.meet(tx, source, [who])[who.id], Tag("烹饪热情", 1.0), None)


async def like_cooking_in(world: World, who: Person) -> None:
    writer = Writer(world.engine)
    like_cooking(writer, f"fake:{world.account}", world.clock.now(), who)
    writer.close()


def written_to(listener: Listener) -> list[str]:
    names = {row["id"]: row["name"] for row in listener.rows(identity)}
    return [names[row["identity_id"]] for row in listener.rows(outgoing)]


@pytest.mark.parametrize(
    ("name", "people"), [(COOKS, ["阿青"]), ("久没说话的", ["阿青", "老周"]), ("没有的", [])]
)
def test_only_its_members_are_woken(writer: Writer, sops: SopSet, name: str, people: Sequence[str]) -> None:
    listener = Listener(writer, for_audience(sops, "wakeup", name, hold_out=0.0))
    for who in (QING, ZHOU):
        listener.say("我家今天吃番茄炒蛋", who)
        listener.say("你好", who, None)
    like_cooking(writer, SOURCE, listener.now, QING)
    listener.tick(timedelta(days=1, hours=10, minutes=30))
    for _ in range(5):
        listener.tick(timedelta(days=7))
    assert written_to(listener) == people


@pytest.fixture
async def evening(make_world: MakeWorld, sops: SopSet) -> World:
    """A Q&A day for those who like cooking: 阿青 does, and 老周 does not."""
    world = await make_world(for_audience(sops, "friday-qa"))
    for who in (QING, ZHOU):
        await ask(world, "大家好", who)
    await like_cooking_in(world, QING)
    await world.move_to(FRIDAY)
    return world


async def test_only_its_members_ask(evening: World) -> None:
    for who, text in ((ZHOU, "提问：羽衣甘蓝怎么做"), (QING, "提问：番茄要去皮吗")):
        await ask(evening, text, who)
    (refused,) = await ask(evening, "/提问 莲藕怎么挑", ZHOU)
    assert refused == "这次的问答日只请了一部分伙伴，您的问题可以直接问同事。"
    await evening.move_to(evening.clock.now() + timedelta(minutes=3))
    asked = look(evening, interaction, name="question_asked")
    names = {row["id"]: row["name"] for row in look(evening, identity)}
    assert [names[row["identity_id"]] for row in asked] == ["阿青"]


async def test_only_its_members_are_called(evening: World) -> None:
    li = Person("li", "老李")
    await ask(evening, "大家好", li)
    for name in ("老周", "老李"):
        assert await ask(evening, f"/角色 {name} 美食大使", BOSS, None)
    await like_cooking_in(evening, li)
    await ask(evening, "提问：番茄要去皮吗", QING)
    await evening.move_to(evening.clock.now() + timedelta(minutes=21))
    assert [name for _, name in evening.sent[-1][1].mentions] == ["老李"]


async def test_only_its_members_set_tables(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(
        for_audience(sops, "dinner-table", HERE), enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM}
    )
    for who, room in ((QING, ROOM), (ZHOU, OTHER_ROOM)):
        await world.happen(said("", who, room, kind=MessageKind.IMAGE, media=(Media("dinner.jpg"),)))
        await ask(world, "#我的原野餐桌# 今天的番茄，自家的味道", who, room)
    await world.move_to(world.clock.now() + timedelta(minutes=40))
    names = {row["id"]: row["name"] for row in look(world, identity)}
    assert [names[it["identity_id"]] for it in look(world, interaction, name="ugc_submitted")] == ["阿青"]


async def test_why_it_did_nothing_about_others_is_told(evening: World) -> None:
    await ask(evening, "提问：羽衣甘蓝怎么做", ZHOU)
    said_last = look(evening, interaction, name="message_posted")[-1]["id"]
    url = evening.engine.url.render_as_string(hide_password=False)
    unmoved = ask_why(url, evening.sops, evening.account, said_last).unmoved
    assert [it.reason for it in unmoved] == ["它只对“爱做饭的”这群人，里面没有这位"]
