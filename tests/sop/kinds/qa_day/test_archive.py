"""What an answered question leaves in the archive, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update

from bot.scenario.world import World
from bot.sop.kinds.qa_day import archive
from bot.sop.loader import SopSet
from bot.store.tables import document, texts
from bot.store.writer import Writer
from tests.builders import ZHOU, look, only, said
from tests.conftest import MakeWorld

OPENS = datetime(2026, 12, 4, 19, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


async def answered(make_world: MakeWorld, sops: SopSet) -> World:
    """A question that 老周 answered."""
    world = await make_world(only(sops, "friday-qa"))
    await world.move_to(OPENS + timedelta(minutes=1))
    await world.happen(replace(said("提问：羽衣甘蓝要焯水吗"), occurred_at=world.clock.now()))
    await world.happen(replace(said("1 焯二十秒就好", ZHOU), occurred_at=world.clock.now()))
    return world


async def test_no_answer_is_found_longer_than_it_is_kept(make_world: MakeWorld, sops: SopSet) -> None:
    world = await answered(make_world, sops)
    soon = OPENS + timedelta(days=3)
    writer = Writer(world.engine)
    with writer.transaction(world.clock.now()) as tx:
        tx.connection.execute(update(texts).where(texts.c.body.contains("二十秒")).values(keep_until=soon))
        archive.note(tx, 1)
    writer.close()
    assert [row["keep_until"] for row in look(world, document)] == [soon]
