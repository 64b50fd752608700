"""The names of people and rooms: asked for once, and remembered until the platform says that they changed."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Generic, TypeVar

from bot.channels.wechaty.wire import Wire
from bot.events import Chat, Person, clean

log = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")

MOST_PEOPLE = 20_000
MOST_ROOMS = 2_000


class Dirty(IntEnum):
    """What a dirty event can be about, as far as it concerns names."""

    CONTACT = 2
    ROOM = 3
    ROOM_MEMBER = 4


class Shelf(Generic[K, V]):
    """At most ``size`` answers; the one that was not wanted for longest makes room."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._changes = 0

    async def get(self, key: K, ask: Callable[[], Awaitable[V]], worth: Callable[[V], bool]) -> V:
        """The kept answer, or a new one. It is kept if it is worth it and nothing changed meanwhile."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        changes = self._changes
        answer = await ask()
        if worth(answer) and changes == self._changes:
            self._keep(key, answer)
        return answer

    def forget(self, concerns: Callable[[K], bool]) -> None:
        self._changes += 1
        for key in [key for key in self._kept if concerns(key)]:
            del self._kept[key]

    def _keep(self, key: K, answer: V) -> None:
        self._kept[key] = answer
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


class Book:
    """Looks people and rooms up; who cannot be looked up has an id and no name.

    A person is kept for each room they were seen in, because they bear another name in each.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._people: Shelf[tuple[str, str], Person] = Shelf(MOST_PEOPLE)
        self._rooms: Shelf[str, Chat] = Shelf(MOST_ROOMS)

    async def person(self, id: str, room: str = "") -> Person:
        """Someone as this room shows them, or as their own profile does."""
        return await self._people.get(
            (id, room), lambda: self._ask_person(id, room), worth=lambda person: bool(person.shown)
        )

    async def chat(self, id: str) -> Chat:
        return await self._rooms.get(id, lambda: self._ask_chat(id), worth=lambda chat: bool(chat.title))

    def forget(self, what: object, id: str) -> None:
        """The platform's answers about this id are old. Members go by their room's id, or by both in one."""
        if what == Dirty.CONTACT:
            self._people.forget(lambda key: key[0] == id)
        elif what == Dirty.ROOM:
            self._rooms.forget(lambda key: key == id)
        elif what == Dirty.ROOM_MEMBER:
            self._people.forget(lambda key: bool(key[1]) and key[1] in id)

    async def _ask_person(self, id: str, room: str) -> Person:
        member = await self._ask(self._wire.member(room, id)) if room else None
        if member is not None and member.name:
            return Person(id, clean(member.name), clean(member.room_alias))
        contact = await self._ask(self._wire.contact(id))
        return Person(id, clean(contact.name) if contact else "", clean(member.room_alias) if member else "")

    async def _ask_chat(self, id: str) -> Chat:
        room = await self._ask(self._wire.room(id))
        return Chat(id, clean(room.topic) if room else "")

    async def _ask(self, answer: Awaitable[V]) -> V | None:
        try:
            return await answer
        except Exception as error:  # a name is never worth the message that it belongs to
            log.warning("a name could not be looked up: %s", type(error).__name__)
            return None
