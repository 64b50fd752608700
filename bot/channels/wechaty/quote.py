"""Quotes (引用): WeChat hands them over as XML (app message, type 57) or as text with a ruler in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from bot.events import Quote

MOST_CHARACTERS = 64_000
_RULER = re.compile(r"「(?P<sender>[^：」\n]{1,64})：(?P<text>.*)」\n(?:- ){5,}-?\n(?P<said>.*)", re.DOTALL)


def split_quote(text: str) -> tuple[Quote | None, str]:
    """The message that ``text`` quotes, if any, and what the person wrote themselves."""
    if ruled := _RULER.fullmatch(text):
        return Quote(sender=ruled["sender"], text=ruled["text"]), ruled["said"]
    message = _parse(text)
    if message is None or (quoted := message.find("refermsg")) is None:
        return None, text
    return _quote(quoted), _said(message, "title")


def _parse(text: str) -> ElementTree.Element | None:
    """The app message in ``text``. A document type could declare entities; WeChat never sends one."""
    start = text.find("<", 0, 200)  # some puppets put "wxid_…:\n" before it
    if start < 0 or len(text) > MOST_CHARACTERS or "<!DOCTYPE" in text or "refermsg" not in text:
        return None
    try:
        return ElementTree.fromstring(text[start:]).find(".//appmsg[type='57']")
    except (ElementTree.ParseError, ValueError):
        return None


def _quote(quoted: ElementTree.Element) -> Quote:
    text = _said(quoted, "content")
    return Quote(
        message_id=_said(quoted, "svrid"),
        sender=_said(quoted, "displayname"),
        text="" if text.lstrip().startswith("<") else text,  # a picture, a card: nothing that was written
    )


def _said(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
