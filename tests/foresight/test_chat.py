from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest

from bot import app
from bot.events import Chat
from bot.foresight.chat import Foresight
from bot.outbox.pace import Pace
from bot.scenario.world import World
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.store.tables import failure, outgoing
from tests.builders import BOSS, KEY, MONDAY_9, OTHER_KEY, OTHER_ROOM, QING, ROOM, ask, look

PATIENCE = 10


@pytest.fixture
async def world(sops: SopSet, url: str) -> AsyncIterator[World]:
    """Two rooms, and a bot that can look ahead from its own database."""
    app.open_database(url).dispose()
    world = World(sops, MONDAY_9, url, foresee=Foresight(url, Pace()))
    await world.start({KEY: ROOM, OTHER_KEY: OTHER_ROOM}, [BOSS])
    yield world
    await world.close()


async def test_the_next_days_fit_a_phone(world: World) -> None:
    assert await ask(world, "/日历 3天", chat=None) == ["今12:10 溯源日→2群｜三12:10 食谱日→2群"]
    assert await ask(world, "/calendar 1 会员2群", chat=None) == ["今12:10 溯源日→会员2群"]


async def test_looking_ahead_changes_nothing(world: World) -> None:
    await ask(world, "/日历", chat=None)
    assert [row["sop_id"] for row in look(world, outgoing)] == [None]
    assert look(world, failure) == []


async def test_it_begins_from_what_was_sent_already(world: World) -> None:
    await world.move_to(MONDAY_9.replace(hour=5))
    assert await ask(world, "/日历 3天", chat=None) == ["三12:10 食谱日→2群"]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/日历 30天", "可以看 1 到 14 天，例如 /日历 3天。更久的在电脑上看：bot calendar --days 28"),
        ("/日历 会员11群", "没有“会员11群”这个群，是不是“会员1群”？例如 /日历 3天 会员1群。"),
    ],
)
async def test_what_cannot_be_shown_says_what_to_do(world: World, typed: str, answer: str) -> None:
    assert await ask(world, typed, chat=None) == [answer]


async def test_the_next_words_of_a_sop_are_shown_and_not_sent(world: World) -> None:
    (shown,) = await ask(world, "/预览 溯源日", chat=None)
    text, _, foot = shown.rpartition("\n└ ")
    assert foot == f"11月30日 周一 12:10 发2群，{len(text)}字"
    assert [row["sop_id"] for row in look(world, outgoing)] == [None]
    await world.move_to(MONDAY_9.replace(hour=5))
    assert [it.text for _, it in world.sent[1:]] == [text] * 2


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/预览", "要看哪一个？例如 /预览 周一溯源日。发 /SOP列表 看全部。"),
        (
            "/preview welcome-survey",
            "“新朋友问卷”14天里没有按时间发的，它只接别人的话。想看怎么接：bot simulate",
        ),
    ],
)
async def test_where_nothing_is_to_preview_it_says_so(world: World, typed: str, answer: str) -> None:
    assert await ask(world, typed, chat=None) == [answer]


async def test_no_member_and_no_room_sees_a_preview(world: World) -> None:
    for who, where in ((QING, ROOM), (QING, None), (BOSS, ROOM)):
        assert not any("└" in text for text in await ask(world, "/预览 溯源日", who, where))


async def test_no_member_and_no_room_sees_the_calendar(world: World) -> None:
    for who, where in ((QING, ROOM), (QING, None), (BOSS, ROOM)):
        assert not any("溯源日" in text for text in await ask(world, "/日历 3天", who, where))


async def test_a_look_ahead_that_fails_is_on_record_and_said(sops: SopSet, url: str) -> None:
    def fails(
        sops: SopSet,
        account: str,
        now: datetime,
        days: int,
        rooms: Sequence[str],
        verbatim: Sop | None = None,
    ) -> str:
        raise RuntimeError("no look ahead")

    world = World(sops, MONDAY_9, url, foresee=fails)
    await world.start({KEY: Chat(ROOM.id)}, [BOSS])
    try:
        assert await ask(world, "/日历", chat=None) == ["出了点错，这个命令没有做成；错误已经记下。"]
        assert [row["place"] for row in look(world, failure)] == ["command calendar"]
    finally:
        await world.close()


async def test_while_one_looks_ahead_others_are_answered(sops: SopSet, url: str) -> None:
    def looks_until_somebody_is_answered(
        sops: SopSet,
        account: str,
        now: datetime,
        days: int,
        rooms: Sequence[str],
        verbatim: Sop | None = None,
    ) -> str:
        began = time.monotonic()
        while not busy.channel.sent and time.monotonic() - began < PATIENCE:
            time.sleep(0.01)
        return "看好了"

    busy = World(sops, MONDAY_9, url, foresee=looks_until_somebody_is_answered)
    await busy.start({KEY: ROOM}, [BOSS])
    try:
        busy.channel.say("/日历", BOSS)
        busy.channel.say("/状态", BOSS)
        await busy.settle()
        assert [message.text for _, message in busy.sent] == ["在线｜1群｜今天发0 待发0", "看好了"]
    finally:
        await busy.close()


async def test_after_a_stop_nothing_is_sent_and_it_says_why(world: World, sops: SopSet, url: str) -> None:
    await ask(world, "/停发", chat=None)
    told = await asyncio.to_thread(Foresight(url, Pace()), sops, world.account, MONDAY_9, 1, ())
    assert told == "今12:10 溯源日 ⛔已停发"
