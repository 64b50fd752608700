"""What a message is made of: by the number that the puppet gives, or by the app message that it wraps."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from bot.channels.wechaty.xml import said
from bot.events import MessageKind

RECALLED, QUOTED = 13, 17
_OF_TYPE = {  # the enum of the JavaScript puppets, which differs from the one in the protocol's own files
    1: MessageKind.FILE,
    2: MessageKind.VOICE,
    3: MessageKind.CONTACT,
    4: MessageKind.CHAT_HISTORY,
    5: MessageKind.STICKER,
    6: MessageKind.IMAGE,
    7: MessageKind.TEXT,
    8: MessageKind.LOCATION,
    9: MessageKind.MINI_PROGRAM,
    10: MessageKind.GROUP_NOTE,
    11: MessageKind.TRANSFER,
    12: MessageKind.RED_PACKET,
    14: MessageKind.LINK,
    15: MessageKind.VIDEO,
    16: MessageKind.POST,
}
_VAGUE = {0, 1, 7, 14, QUOTED}
"""Numbers that some puppets give to any app message."""
_OF_APP = {  # WeChat's own numbers
    "5": MessageKind.LINK,
    "6": MessageKind.FILE,
    "8": MessageKind.STICKER,
    "17": MessageKind.LOCATION,
    "19": MessageKind.CHAT_HISTORY,
    "33": MessageKind.MINI_PROGRAM,
    "36": MessageKind.MINI_PROGRAM,
    "51": MessageKind.POST,
    "53": MessageKind.TEXT,  # 接龙
    "57": MessageKind.TEXT,
    "63": MessageKind.POST,
    "87": MessageKind.GROUP_NOTE,
    "2000": MessageKind.TRANSFER,
    "2001": MessageKind.RED_PACKET,
}
_WITH_WORDS = {MessageKind.TEXT, MessageKind.GROUP_NOTE, MessageKind.UNKNOWN}
WITH_MEDIA = {MessageKind.FILE, MessageKind.VOICE, MessageKind.STICKER, MessageKind.IMAGE, MessageKind.VIDEO}
_VOICE_LENGTH = re.compile(r'voicelength="(\d{1,7})"')


def kind_of(wire_type: int, app: Element | None) -> MessageKind:
    """The kind of a message whose text wraps ``app``, if it does."""
    kind = _OF_TYPE.get(wire_type, MessageKind.UNKNOWN)
    return kind if app is None or wire_type not in _VAGUE else _OF_APP.get(said(app, "type"), kind)


def words_of(kind: MessageKind, text: str, app: Element | None) -> str:
    """What a person wrote. Pictures, links and cards carry titles, addresses or XML where words would be."""
    if kind not in _WITH_WORDS:
        return ""
    if app is not None and kind is not MessageKind.UNKNOWN:
        return said(app, "textannouncement") or said(app, "title")
    return "" if kind is not MessageKind.TEXT and text.lstrip()[:1] in ("<", "{") else text


def seconds_of(kind: MessageKind, text: str) -> int | None:
    """How long a voice message is, where its XML tells (in milliseconds)."""
    told = _VOICE_LENGTH.search(text) if kind is MessageKind.VOICE else None
    return None if told is None else -(-int(told[1]) // 1000)
