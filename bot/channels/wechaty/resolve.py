"""Makes an event of the gateway, which is mostly ids, an event of the bot: asks for what the ids mean."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from traceback import format_tb
from typing import Any

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
    moment,
    need,
    need_list,
    renamed,
)
from bot.channels.wechaty.pat import Pat, read_pat
from bot.channels.wechaty.wire import LINK_ERRORS, LOST, Response, Wire
from bot.events import (
    ChannelEvent,
    Chat,
    FriendMade,
    FriendRequested,
    Malformed,
    MessageRecalled,
    MessageReceived,
    Patted,
    Person,
    RoomInvited,
    RoomRenamed,
    clean,
)

log = logging.getLogger(__name__)

GRACE = 1.0
FRIENDSHIP_MADE, FRIENDSHIP_ASKED = 1, 2


class Resolver:
    """Makes events of one connection whole. ``me`` is our own contact id."""

    def __init__(self, wire: Wire, book: Book, me: str, now: Callable[[], datetime]) -> None:
        self._wire, self._book, self._me, self._now = wire, book, me, now

    async def event(self, response: Response) -> ChannelEvent | None:
        """The event in ``response``, None if it is nothing to us.

        It never fails: what cannot be read comes back as ``Malformed``.
        """
        try:
            return await self._read(response.type, fields(response.payload))
        except Unreadable as error:
            return self._malformed(response, str(error))
        except Exception as error:
            where = "".join(format_tb(error.__traceback__))  # without its text, which may quote a member
            log.warning("event %s could not be read: %s\n%s", response.type, type(error).__name__, where)
            return self._malformed(response, type(error).__name__)

    async def _read(self, type: int, payload: Fields) -> ChannelEvent | None:
        match type:
            case EventType.MESSAGE:
                return await self._message(need(payload, "messageId"))
            case EventType.ROOM_JOIN:
                return await self._joined(payload)
            case EventType.ROOM_LEAVE:
                return await self._left(payload)
            case EventType.FRIENDSHIP:
                return await self._befriended(need(payload, "friendshipId"))
            case EventType.ROOM_INVITE:
                return await self._invited(need(payload, "roomInvitationId"))
            case _:
                return await self._renamed(payload)

    async def _message(self, id: str) -> MessageReceived | MessageRecalled | Patted | None:
        payload: Payload = await self._payload(self._wire.message(id))
        if (pat := read_pat(payload.type, payload.text)) is not None:
            return await self._patted(id, payload, pat)
        if not payload.from_id:
            raise Unreadable("no talker")
        scene = await self._scene(payload)
        return message(id, payload, scene, self._now())

    async def _payload(self, answer: Awaitable[Any]) -> Any:
        """What an event is about. If the link is being lost, its end cancels us, and we are asked again."""
        try:
            return await answer
        except GRPCError as error:
            if error.status in LOST:
                await asyncio.sleep(GRACE)
            raise Unreadable(f"its payload: {error.status.name}") from None
        except LINK_ERRORS as error:
            await asyncio.sleep(GRACE)
            raise Unreadable(f"its payload: {type(error).__name__}") from None

    async def _patted(self, id: str, payload: Payload, pat: Pat) -> Patted | None:
        """In private, and by ourselves, a pat is nothing to anybody else."""
        room, by = payload.room_id, pat.by or payload.from_id
        if not room or pat.by_us or by == self._me:
            return None
        me = await self._book.person(self._me, room)
        shown = bool(pat.whom_shown) and pat.whom_shown in (me.alias, me.name)
        to_bot = pat.to_us or pat.whom == me.id or shown
        return Patted(
            id,
            await self._book.chat(room),
            moment(payload.timestamp, self._now()),
            by=await self._someone(by if by != room else "", room),
            whom=None if to_bot else await self._someone(pat.whom, room),
            to_bot=to_bot,
        )

    async def _befriended(self, id: str) -> FriendRequested | FriendMade | None:
        """Somebody asks to be friends, or is our friend now."""
        friendship = await self._payload(self._wire.friendship(id))
        if int(friendship.type) == FRIENDSHIP_ASKED:
            return FriendRequested(id, Person(friendship.contact_id), self._now())
        if int(friendship.type) == FRIENDSHIP_MADE:
            return FriendMade(id, await self._book.person(friendship.contact_id), self._now())
        return None

    async def _invited(self, id: str) -> RoomInvited:
        invitation = await self._payload(self._wire.invitation(id))
        return RoomInvited(id, Person(invitation.inviter_id), moment(invitation.timestamp, self._now()))

    async def _scene(self, payload: Payload) -> Scene:
        """One after the other: nearly all of it is known, and then nothing waits."""
        room = payload.room_id
        sender = await self._book.person(payload.from_id, room)
        if not room:
            return Scene(sender, Person(self._me), None, await self._someone(payload.to_id))
        me = await self._book.person(self._me, room) if "@" in payload.text else Person(self._me)
        return Scene(sender, me, await self._book.chat(room), None)

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

    async def _someone(self, id: object, room: str = "") -> Person | None:
        return await self._book.person(id, room) if isinstance(id, str) and id else None

    def _malformed(self, response: Response, problem: str) -> Malformed:
        return Malformed(self._now(), f"event {type_name(response.type)}: {problem}")


def type_name(type: int) -> str:
    """The name of an event type, or its number."""
    try:
        return EventType(type).name.lower()
    except ValueError:
        return str(type)
