"""Makes an event of the gateway, which is mostly ids, an event of the bot: asks for what the ids mean."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from traceback import format_tb

from grpclib.exceptions import GRPCError

from bot.channels.wechaty.book import Book
from bot.channels.wechaty.decode import (
    EventType,
    Fields,
    Payload,
    Scene,
    Unreadable,
    fields,
    joined,
    left,
    message,
    need,
    need_list,
    renamed,
)
from bot.channels.wechaty.wire import LINK_ERRORS, LOST, Response, Wire
from bot.events import (
    ChannelEvent,
    Chat,
    Malformed,
    MessageRecalled,
    MessageReceived,
    Person,
    RoomRenamed,
    clean,
)

log = logging.getLogger(__name__)

GRACE = 1.0


class Resolver:
    """Makes events of one connection whole. ``me`` is our own contact id."""

    def __init__(self, wire: Wire, book: Book, me: str, now: Callable[[], datetime]) -> None:
        self._wire, self._book, self._me, self._now = wire, book, me, now

    async def event(self, response: Response) -> ChannelEvent:
        """The event in ``response``. It never fails: what cannot be read comes back as ``Malformed``."""
        try:
            return await self._read(response.type, fields(response.payload))
        except Unreadable as error:
            return self._malformed(response, str(error))
        except Exception as error:
            where = "".join(format_tb(error.__traceback__))  # without its text, which may quote a member
            log.warning("event %s could not be read: %s\n%s", response.type, type(error).__name__, where)
            return self._malformed(response, type(error).__name__)

    async def _read(self, type: int, payload: Fields) -> ChannelEvent:
        match type:
            case EventType.MESSAGE:
                return await self._message(need(payload, "messageId"))
            case EventType.ROOM_JOIN:
                return await self._joined(payload)
            case EventType.ROOM_LEAVE:
                return await self._left(payload)
            case _:
                return await self._renamed(payload)

    async def _message(self, id: str) -> MessageReceived | MessageRecalled:
        payload = await self._payload(id)
        if not payload.from_id:
            raise Unreadable("no talker")
        scene = await self._scene(payload)
        return message(id, payload, scene, self._now())

    async def _payload(self, id: str) -> Payload:
        """What the message is. If the link is being lost, its end cancels us, and we are asked again."""
        try:
            payload: Payload = await self._wire.message(id)
        except GRPCError as error:
            if error.status in LOST:
                await asyncio.sleep(GRACE)
            raise Unreadable(f"its payload: {error.status.name}") from None
        except LINK_ERRORS as error:
            await asyncio.sleep(GRACE)
            raise Unreadable(f"its payload: {type(error).__name__}") from None
        return payload

    async def _scene(self, payload: Payload) -> Scene:
        room = payload.room_id
        sender, me, chat, recipient = await asyncio.gather(
            self._book.person(payload.from_id, room),
            self._book.person(self._me, room) if room and "@" in payload.text else _bare(self._me),
            self._chat(room),
            self._someone(payload.to_id if not room else ""),
        )
        return Scene(sender, me, chat, recipient)

    async def _joined(self, payload: Fields) -> ChannelEvent:
        chat, people, inviter = await self._move(payload, "inviteeIdList", "inviterId")
        return joined(payload, chat, people, inviter, self._me, self._now())

    async def _left(self, payload: Fields) -> ChannelEvent:
        chat, people, remover = await self._move(payload, "removeeIdList", "removerId")
        return left(payload, chat, people, remover, self._me, self._now())

    async def _move(self, payload: Fields, who: str, by: str) -> tuple[Chat, list[Person], Person | None]:
        room, ids = need(payload, "roomId"), need_list(payload, who)
        people = asyncio.gather(*(self._book.person(id, room) for id in ids))
        return await self._book.chat(room), await people, await self._someone(payload.get(by), room)

    async def _renamed(self, payload: Fields) -> RoomRenamed:
        room = need(payload, "roomId")
        title = need(payload, "newTopic")
        by = await self._someone(payload.get("changerId"), room)
        return renamed(payload, Chat(room, clean(title)), by, self._now())

    async def _chat(self, id: str) -> Chat | None:
        return await self._book.chat(id) if id else None

    async def _someone(self, id: object, room: str = "") -> Person | None:
        return await self._book.person(id, room) if isinstance(id, str) and id else None

    def _malformed(self, response: Response, problem: str) -> Malformed:
        return Malformed(self._now(), f"event {type_name(response.type)}: {problem}")


async def _bare(id: str) -> Person:
    return Person(id)


def type_name(type: int) -> str:
    """The name of an event type, or its number."""
    try:
        return EventType(type).name.lower()
    except ValueError:
        return str(type)
