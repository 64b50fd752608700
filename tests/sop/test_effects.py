"""What kinds may do beside talking: show pictures, and invite people into rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Effect, Invitation, Message, Picture
from bot.events import MessageKind
from bot.scenario.world import World
from bot.sop.context import Context
from bot.sop.kind import OnHashtag
from bot.sop.loader import SopSet
from bot.store.tables import interaction, outgoing
from tests.builders import (
    BOSS,
    KEY,
    OTHER_KEY,
    OTHER_ROOM,
    QING,
    ROOM,
    look,
    rows,
    said,
    toy_kind,
    with_kinds,
)
from tests.conftest import MakeWorld

Ctx = Context[Any]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "封面.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    return path


async def world_of(make_world: MakeWorld, sops: SopSet, act: Callable[[Ctx], None]) -> World:
    """Two rooms, and a kind that acts on #番茄#."""
    kind = toy_kind("shower", OnHashtag(lambda sop: ("番茄",), act))
    return await make_world(with_kinds(sops, kind), enabled={KEY: ROOM, OTHER_KEY: OTHER_ROOM})


def done(world: World) -> list[Effect]:
    """What the bot did, its sendings' ids aside."""
    return [replace(effect, id=0) for effect in world.channel.done]


async def test_a_picture_is_shown_in_the_room(make_world: MakeWorld, sops: SopSet, picture: Path) -> None:
    world = await world_of(make_world, sops, lambda ctx: ctx.show(picture))
    await world.happen(said("#番茄#"))
    assert done(world) == [Picture(0, picture, chat_id=ROOM.id)]
    (row,) = look(world, outgoing)
    assert (row["kind"], row["state"], row["intent"]) == ("picture", "sent", "reply")
    (shown,) = look(world, interaction, name="content_sent")
    assert (shown["media_count"], shown["room_id"]) == (1, row["room_id"])


async def test_somebody_is_invited_into_another_room(make_world: MakeWorld, sops: SopSet) -> None:
    def invite(ctx: Ctx) -> None:
        assert ctx.heard is not None
        assert ctx.invite(ctx.heard.person, OTHER_KEY)

    world = await world_of(make_world, sops, invite)
    await world.happen(said("#番茄#"))
    assert done(world) == [Invitation(0, OTHER_ROOM.id, QING.id)]
    (row,) = look(world, interaction, name="member_invited")
    (heard,) = look(world, interaction, name="message_posted")
    assert (row["target_identity_id"], row["parent_event_id"]) == (heard["identity_id"], heard["id"])
    assert row["room_id"] != heard["room_id"]
    assert look(world, interaction, name="content_sent") == []
    assert world.count("member_joined") == 0, "invited is not joined"


async def test_what_a_human_shows_in_a_room_is_no_echo_of_an_invitation(
    make_world: MakeWorld, sops: SopSet
) -> None:
    def invite(ctx: Ctx) -> None:
        assert ctx.heard is not None
        ctx.invite(ctx.heard.person, OTHER_KEY)

    world = await world_of(make_world, sops, invite)
    picture = said("", world.channel.me, OTHER_ROOM, kind=MessageKind.IMAGE, is_self=True)
    await world.happen(said("#番茄#"))
    await world.happen(picture)
    assert len(look(world, interaction, actor_role="staff")) == 1


async def test_nobody_is_invited_into_a_room_that_is_not_enabled(make_world: MakeWorld, sops: SopSet) -> None:
    answers: list[bool] = []

    def invite(ctx: Ctx) -> None:
        assert ctx.heard is not None
        answers.append(ctx.invite(ctx.heard.person, "会员3群"))

    world = await world_of(make_world, sops, invite)
    await world.happen(said("#番茄#"))
    assert (answers, done(world)) == ([False], [])


async def test_an_invitation_into_a_room_that_was_closed_meanwhile_is_dropped(
    make_world: MakeWorld, sops: SopSet
) -> None:
    def invite(ctx: Ctx) -> None:
        assert ctx.heard is not None
        ctx.invite(ctx.heard.person, OTHER_KEY)

    world = await world_of(make_world, sops, invite)
    world.channel.cut()
    await world.happen(said("#番茄#"), said("/关群", BOSS, OTHER_ROOM))
    world.channel.mend()
    await world.settle()
    with world.engine.connect() as connection:
        (row,) = rows(connection, outgoing, kind="invite")
    assert row["state"] == "dropped"
    assert all(isinstance(effect, Message) for effect in world.channel.done)
