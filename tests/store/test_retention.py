"""Words are deleted when their time is over, or at once when they are taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.events import Media, MessageKind, MessageRecalled
from bot.scenario.world import World
from bot.store import retention
from bot.store.figures import HITS_KEPT, tag_hit
from bot.store.session import insert_new
from bot.store.tables import interaction, offer, outgoing, texts
from bot.store.transaction import Transaction
from bot.store.types import EPOCH
from tests.builders import BOSS, MONDAY_9, QING, ROOM, rows, said
from tests.conftest import MakeWorld

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("hour", "day"),
    [(3, "2027-02-28"), (4, "2027-02-28"), (5, "2027-03-01"), (23, "2027-03-01")],
)
def test_a_day_of_words_goes_together_in_the_night_after_its_time(hour: int, day: str) -> None:
    said_at = datetime(2026, 11, 30, hour, tzinfo=SHANGHAI)
    assert retention.keep_until(said_at, 90, SHANGHAI) == datetime.fromisoformat(f"{day}T04:00+08:00")


def bodies(world: World) -> list[str]:
    with world.engine.connect() as connection:
        return [row["body"] for row in rows(connection, texts)]


async def test_words_are_gone_after_ninety_days_and_the_record_stays(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.happen(said("今天的番茄真甜"), said("/状态", BOSS))
    days = world.sops.community.privacy.keep_days
    await world.move_to(world.clock.now() + timedelta(days=days - 1))
    assert "今天的番茄真甜" in bodies(world)
    await world.move_to(world.clock.now() + timedelta(days=2))
    assert "今天的番茄真甜" not in bodies(world)
    assert world.count("message_posted") == 1


async def test_what_the_bot_said_is_gone_too(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.happen(said("/排行", QING))
    await world.move_to(world.clock.now() + timedelta(days=92))
    with world.engine.connect() as connection:
        oldest = rows(connection, outgoing)[0]
    assert oldest["payload"] == retention.WIPED
    assert oldest["state"] == "sent"
    assert oldest["wiped_at"] is not None


async def test_an_announcement_that_nobody_confirmed_is_gone_in_the_night_after_next(
    make_world: MakeWorld,
) -> None:
    world = await make_world()
    await world.happen(said("/公告 会员1群 周六农场直播", BOSS, None))
    await world.move_to(world.clock.now() + timedelta(hours=20))
    with world.engine.connect() as connection:
        assert [row["args"]["words"] for row in rows(connection, offer)] == ["周六农场直播"]
    await world.move_to(world.clock.now() + timedelta(days=1))
    with world.engine.connect() as connection:
        assert rows(connection, offer) == []


async def test_recalled_words_are_gone_at_once(make_world: MakeWorld) -> None:
    world = await make_world()
    message = said("说错话了")
    await world.happen(message)
    await world.happen(MessageRecalled("recall-1", message.id, QING, MONDAY_9, ROOM))
    assert bodies(world) == []
    with world.engine.connect() as connection:
        assert len(rows(connection, interaction, name="message_posted")) == 1


async def test_a_receipt_that_quotes_recalled_words_keeps_them_no_longer(make_world: MakeWorld) -> None:
    world = await make_world()
    picture = said("", kind=MessageKind.IMAGE, media=(Media("p.jpg"),))
    words = said("#我的原野餐桌# 我家住海淀")
    await world.happen(picture, words)
    await world.move_to(world.clock.now() + timedelta(minutes=31))
    assert "我家住海淀" in world.sent[-1][1].text
    await world.happen(MessageRecalled("recall-2", words.id, QING, world.clock.now(), ROOM))
    with world.engine.connect() as connection:
        assert "我家住海淀" not in str([dict(row) for row in rows(connection, outgoing)])


async def test_a_receipt_that_still_waits_when_its_words_are_recalled_is_not_sent(
    make_world: MakeWorld,
) -> None:
    world = await make_world()
    words = said("#我的原野餐桌# 我家住海淀")
    await world.happen(said("", kind=MessageKind.IMAGE, media=(Media("p.jpg"),)), words)
    world.channel.cut()
    await world.settle()
    await world.move_to(world.clock.now() + timedelta(minutes=31))
    await world.happen(MessageRecalled("recall-3", words.id, QING, world.clock.now(), ROOM))
    world.channel.mend()
    await world.settle()
    assert [message.text for _, message in world.sent if message.chat_id is not None] == []


def test_what_spoke_for_a_tag_is_gone_after_two_years(tx: Transaction) -> None:
    today = (MONDAY_9 - EPOCH).days
    hits = [
        {"identity_id": 1, "key": "番茄", "day": day, "source": "message", "times": 1, "event_id": 1}
        for day in (today - HITS_KEPT - 1, today - HITS_KEPT, today)
    ]
    insert_new(tx.connection, tag_hit, hits)
    assert retention.count(tx.connection, tx.now, 90)["hits"] == 1
    retention.purge(tx, 90)
    assert [row["day"] for row in rows(tx.connection, tag_hit)] == [today - HITS_KEPT, today]
