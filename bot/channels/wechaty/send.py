"""One text message out, and what its failure means."""

from __future__ import annotations

from grpclib.exceptions import GRPCError

from bot.channels.base import Effect, Message
from bot.channels.wechaty.book import Book
from bot.channels.wechaty.decode import MENTION_END
from bot.channels.wechaty.wire import LOST, Wire
from bot.errors import NotConnected, SendFailed, SendLost

LONGEST_REASON = 200


async def send(wire: Wire, book: Book, message: Effect) -> str | None:
    """The platform's id of the sent message, where it gives one."""
    if not isinstance(message, Message):
        raise SendFailed("这个通道还做不了这件事")
    conversation = message.chat_id or message.person_id
    if conversation is None:
        raise SendFailed("这条消息没有收件人")
    text = await _with_mentions(book, message)
    try:
        return await wire.send_text(conversation, text, [id for id, _ in message.mentions])
    except GRPCError as error:
        reason = (error.message or error.status.name)[:LONGEST_REASON]
        if error.status in LOST:
            raise SendLost(f"发送时断了线：{reason}") from error
        raise SendFailed(f"微信没有接受：{reason}") from error
    except NotConnected:
        raise
    except Exception as error:  # whatever else went wrong on the way: nobody knows how far the message came
        raise SendLost(f"发送时断了线：{type(error).__name__}") from error


async def _with_mentions(book: Book, message: Message) -> str:
    """WeChat shows a mention by the name that the room knows: that is what has to stand in the text."""
    if not message.mentions or message.chat_id is None:
        return message.text
    known = [(await book.person(id, message.chat_id)).alias or name for id, name in message.mentions]
    return "".join(f"@{name}{MENTION_END}" for name in known) + f" {message.text}"
