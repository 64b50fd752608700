"""One effect out, and what its failure means."""

from __future__ import annotations

import asyncio
import re

from grpclib.exceptions import GRPCError

from bot.channels.base import (
    Effect,
    File,
    FriendAcceptance,
    Invitation,
    InvitationAcceptance,
    Message,
    Picture,
    can_be_mentioned,
)
from bot.channels.wechaty.book import Book
from bot.channels.wechaty.decode import MENTION_END
from bot.channels.wechaty.wire import LOST, Wire
from bot.errors import NotConnected, SendFailed, SendLost, TooOften

LONGEST_REASON = 200
_TOO_OFTEN = re.compile(
    r"频繁|频率|操作过快|too (often|frequent|many|fast)|frequency|rate.?limit|throttl", re.IGNORECASE
)


async def send(wire: Wire, book: Book, effect: Effect) -> str | None:
    """The platform's id of the sent message, where it gives one."""
    try:
        return await _send(wire, book, effect)
    except (NotConnected, SendFailed):
        raise
    except GRPCError as error:
        reason = (error.message or error.status.name)[:LONGEST_REASON]
        if error.status in LOST:
            raise SendLost(f"发送时断了线：{reason}") from error
        refusal = TooOften if _TOO_OFTEN.search(reason) else SendFailed
        raise refusal(f"微信没有接受：{reason}") from error
    except Exception as error:  # whatever else went wrong on the way: nobody knows how far the message came
        raise SendLost(f"发送时断了线：{type(error).__name__}") from error


async def _send(wire: Wire, book: Book, effect: Effect) -> str | None:
    match effect:
        case Message(at_all=True):
            raise SendFailed("这个通道不能@所有人")
        case Message():
            mentions = await _mentions(book, effect)
            text = "".join(f"@{name}{MENTION_END}" for name in mentions.values())
            text = f"{text} {effect.text}" if mentions else effect.text
            return await wire.send_text(_conversation(effect), text, list(mentions))
        case Picture() | File():
            return await wire.send_file(_conversation(effect), effect.path.name, await _read(effect))
        case FriendAcceptance():
            await wire.accept_friend(effect.request_id)
        case InvitationAcceptance():
            await wire.accept_invitation(effect.invitation_id)
        case Invitation():
            await wire.add_to_room(effect.chat_id, effect.person_id)
    return None


def _conversation(effect: Message | Picture | File) -> str:
    conversation = effect.chat_id or effect.person_id
    if conversation is None:
        raise SendFailed("这条消息没有收件人")
    return conversation


async def _read(file: Picture | File) -> bytes:
    try:
        return await asyncio.to_thread(file.path.read_bytes)
    except OSError as error:
        raise SendFailed(f"文件读不出来：{type(error).__name__}") from error


async def _mentions(book: Book, message: Message) -> dict[str, str]:
    """Who is mentioned, by the name that the room knows: WeChat wants that to stand in the text."""
    if message.chat_id is None:
        return {}
    known = {id: (await book.person(id, message.chat_id)).alias or name for id, name in message.mentions}
    return {id: name for id, name in known.items() if can_be_mentioned(name)}
