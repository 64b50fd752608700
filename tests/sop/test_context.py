"""What behaviours say in private, through the real bot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.outbox.queue import Intent
from bot.scenario.world import World
from bot.sop.context import Context
from bot.sop.kind import OnHashtag
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.templates import Templates
from bot.store.tables import outgoing
from tests.builders import QING, look, said, toy_kind, with_kinds
from tests.conftest import MakeWorld


@dataclass(frozen=True)
class Words:
    name: str = "阿青"


def whisper(ctx: Context[Sop]) -> None:
    assert ctx.heard is not None
    intent = Intent.GIVE if "主动" in ctx.heard.text else Intent.REPLY
    words = Words(ctx.heard.person.name)
    ctx.say_private(ctx.heard.person.identity_id, "whisper.j2", words, intent=intent)
    ctx.say_private(ctx.heard.person.identity_id, "whisper.j2", words, intent=intent)


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet, tmp_path: Path) -> World:
    """A bot that whispers to whoever uses its hashtag."""
    (tmp_path / "whisper.j2").write_text("悄悄说，{{ name }}")
    kind = toy_kind("whisper", OnHashtag(tags=lambda sop: ("悄悄",), act=whisper))
    return await make_world(with_kinds(replace(sops, templates=Templates(tmp_path)), kind))


async def test_what_is_said_in_private_goes_to_the_person_once(world: World) -> None:
    await world.happen(said("#悄悄# 你好"))
    ((_, message),) = world.sent
    assert (message.person_id, message.chat_id, message.text) == (QING.id, None, "悄悄说，阿青")


async def test_of_our_own_accord_a_person_hears_twice_a_week_from_us(world: World) -> None:
    for day in range(4):
        await world.move_to(world.clock.now() + timedelta(days=1))
        await world.happen(said(f"#悄悄# 主动{day}", occurred_at=world.clock.now()))
    assert len(world.sent) == 2
    assert [row["held_by"] for row in look(world, outgoing, state="queued")] == ["freq_cap"] * 2
    await world.move_to(world.clock.now() + timedelta(days=7))
    assert len(world.sent) == 4
