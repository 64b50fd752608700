"""Friend requests and invitations: who is accepted, and what is kept of the others (nothing)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channels.base import Effect, FriendAcceptance, InvitationAcceptance
from bot.events import FriendRequested, Person, RoomInvited
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store.tables import failure, identity, interaction, member, outgoing, unheard
from tests.builders import BOSS, MONDAY_9, QING, look, said
from tests.conftest import MakeWorld

STRANGER = Person("stranger", "路人")
ASKED = FriendRequested("friend-1", STRANGER, MONDAY_9)


def invited(inviter: Person) -> RoomInvited:
    return RoomInvited("invitation-1", inviter, MONDAY_9)


@pytest.fixture
async def open_world(make_world: MakeWorld, sops: SopSet) -> World:
    """Of a community that accepts who wants to be friends."""
    community = sops.community.model_copy(update={"friends": "接受"})
    return await make_world(replace(sops, community=community))


def done(world: World) -> list[Effect]:
    """What the bot did, its sendings' ids aside."""
    return [replace(effect, id=0) for effect in world.channel.done]


def counts(world: World) -> dict[str, int]:
    return {row["command"]: row["times"] for row in look(world, unheard)}


def traces(world: World) -> list[int]:
    return [len(look(world, table)) for table in (interaction, identity, member, failure)]


async def test_a_friend_is_left_to_a_human_unless_the_community_says_otherwise(world: World) -> None:
    before = traces(world)
    await world.happen(ASKED)
    assert (done(world), look(world, outgoing)) == ([], [])
    assert counts(world) == {"friend_requested": 1}
    assert traces(world) == before


async def test_who_wants_to_be_a_friend_is_accepted_and_not_recorded(open_world: World) -> None:
    before = traces(open_world)
    await open_world.happen(ASKED)
    assert done(open_world) == [FriendAcceptance(0, "friend-1")]
    (row,) = look(open_world, outgoing)
    assert (row["state"], row["intent"], row["payload"]["request_id"]) == ("sent", "reply", "friend-1")
    assert (row["room_id"], row["identity_id"]) == (None, None)
    assert traces(open_world) == before
    assert counts(open_world) == {}


async def test_a_request_that_comes_twice_is_accepted_once(open_world: World) -> None:
    await open_world.happen(ASKED, ASKED)
    assert len(done(open_world)) == 1


async def test_the_bot_goes_where_an_admin_invites_it(world: World) -> None:
    before = traces(world)
    await world.happen(invited(BOSS))
    assert done(world) == [InvitationAcceptance(0, "invitation-1")]
    assert traces(world) == before


async def test_it_goes_nowhere_else(world: World) -> None:
    await world.happen(said("番茄", QING))
    before = traces(world)
    await world.happen(invited(QING), replace(invited(STRANGER), id="invitation-2"))
    assert done(world) == []
    assert counts(world) == {"room_invited": 2}
    assert traces(world) == before


async def test_what_fails_stays_small(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("bot.admission.directory.known_people", boom)
    await world.happen(invited(BOSS))
    monkeypatch.undo()
    assert [row["place"] for row in look(world, failure)] == ["RoomInvited"]
    await world.happen(said("/状态", BOSS))
    assert len(world.sent) == 1
