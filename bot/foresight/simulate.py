"""Plays the real SOPs with a cast on a virtual clock, and tells what was said by whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from bot.events import Chat, FriendMade, Media, MembersJoined, MessageKind, MessageReceived, RoomEvent
from bot.foresight.ahead import Span, stage
from bot.foresight.cast import Act, Cast, Place, What
from bot.foresight.places import texts_in
from bot.foresight.planned import Planned, planned
from bot.foresight.start import Start
from bot.outbox.pace import Pace
from bot.scenario.world import World
from bot.sop import hashtags
from bot.sop.index import is_for
from bot.sop.kind import OnHashtag
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.store.tables import failure, room, room_address


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the cast did, what became of the bot's messages, and how many steps failed."""

    acts: Sequence[Act]
    planned: Sequence[Planned]
    failures: int


@dataclass(slots=True)
class _Scene:
    world: World
    cast: Cast
    chats: dict[str, Chat]
    acts: list[Act] = field(default_factory=list)
    seen: int = 0


def simulate(
    sops: SopSet, start: Start, span: Span, account: str, pace: Pace, *, size: int, seed: int
) -> Simulated:
    """Let ``size`` people talk in ``span``; with nobody it is what ``play_ahead`` plans."""
    world = stage(sops, start, span, account, pace)
    return asyncio.run(_simulate(world, start, span, size, seed))


async def _simulate(world: World, start: Start, span: Span, size: int, seed: int) -> Simulated:
    try:
        await world.start(start.enabled)
        places = _places(world)
        cast = Cast(places, size, seed, world.sops.community.zone)
        cast.settle_in(span)
        scene = _Scene(world, cast, {place.key: place.chat for place in places})
        await _play(scene, span.ends)
        with world.engine.connect() as connection:
            failures = connection.execute(select(func.count()).select_from(failure)).scalar_one()
            return Simulated(scene.acts, planned(connection, world.account, span.begins, span.ends), failures)
    finally:
        await world.close()


def _places(world: World) -> list[Place]:
    """The enabled rooms, but for the operators'."""
    home = room_address.join(room, room.c.id == room_address.c.room_id)
    query = (
        select(room.c.key, room_address.c.platform_id, room.c.title)
        .select_from(home)
        .where(room_address.c.account == world.account, room.c.disabled_at.is_(None))
        .order_by(room.c.id)
    )
    with world.engine.connect() as connection:
        found = connection.execute(query).all()
    operators, tags = world.sops.community.operators, _hashtags(world.sops)
    return [
        Place(key, Chat(id, title), [tag for sop, tag in tags if is_for(sop, key)])
        for key, id, title in found
        if key != operators
    ]


def _hashtags(sops: SopSet) -> list[tuple[Sop, str]]:
    """The hashtags that the SOPs' files name; kinds have others of their own."""
    found: list[tuple[Sop, str]] = []
    for sop in sops.sops.values():
        named = {hashtags.normalize(text) for text in texts_in(sop.model_dump())}
        answered = (on.tags(sop) for on in sops.kind_of(sop).behaviours if isinstance(on, OnHashtag))
        found += [(sop, tag) for tags in answered for tag in tags if tag in named]
    return found


async def _play(scene: _Scene, ends: datetime) -> None:
    """Go from one moment to the next: of the cast, or of the bot, to which the cast may react."""
    world, cast = scene.world, scene.cast
    while (at := _next(scene)) is not None and at <= ends:
        await world.move_to(at)
        acts = cast.take(world.clock.now())
        if acts:
            scene.acts += acts
            await world.happen(*(event for act in acts for event in _events(scene, act)))
            if any(act.what is What.SHOWS for act in acts):
                await world.pictures_are_here()
        cast.see(world.channel.done[scene.seen :], world.clock.now())
        scene.seen = len(world.channel.done)
    await world.move_to(ends)


def _next(scene: _Scene) -> datetime | None:
    moments = (scene.cast.next_at, scene.world.clock.next_due())
    return min((moment for moment in moments if moment is not None), default=None)


def _events(scene: _Scene, act: Act) -> Iterator[RoomEvent | FriendMade]:
    """What the platform tells of it."""
    channel, now = scene.world.channel, scene.world.clock.now()
    chat = None if act.room is None else scene.chats[act.room]
    id = channel.next_id()
    match act.what:
        case What.SAYS:
            yield MessageReceived(id, act.who, now, chat=chat, text=act.text)
        case What.SHOWS:
            picture = Media(f"{act.text}@{id}", act.text)
            yield MessageReceived(id, act.who, now, chat=chat, kind=MessageKind.IMAGE, media=(picture,))
        case What.JOINS if chat is not None:
            yield MembersJoined(id, chat, (act.who,), now)
        case What.BEFRIENDS:
            yield FriendMade(id, act.who, now)
