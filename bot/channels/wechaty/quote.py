"""Quotes (引用): WeChat hands them over as XML (app message, type 57) or as text with a ruler in it."""

from __future__ import annotations

import re

from bot.channels.wechaty.xml import app_message, said
from bot.events import Quote

QUOTE = "57"
_RULER = re.compile(r"「(?P<sender>[^：」\n]{1,64})：(?P<text>.*)」\n(?:- ){5,}-?\n(?P<said>.*)", re.DOTALL)


def split_quote(text: str) -> tuple[Quote | None, str]:
    """The message that ``text`` quotes, if any, and what the person wrote themselves.

    Some puppets leave the quoted part out: then the quote is there, and empty.
    """
    if ruled := _RULER.fullmatch(text):
        return Quote(sender=ruled["sender"], text=ruled["text"]), ruled["said"]
    message = app_message(text)
    if message is None or said(message, "type") != QUOTE or not (words := said(message, "title")):
        return None, text
    quoted = said(message, "refermsg/content")
    quote = Quote(
        message_id=said(message, "refermsg/svrid"),
        sender=said(message, "refermsg/displayname"),
        text="" if quoted.startswith("<") else quoted,  # a picture, a card: nothing that was written
    )
    return quote, words
