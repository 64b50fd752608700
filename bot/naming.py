"""WeChat's own ways of speaking: under which name each is recorded, whether it counts, and who hears of it.

This is the one place where that is decided; docs/records.md is the same table in prose. A name in the log
never changes its meaning, so what counts may be decided anew without rewriting anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.events import MessageKind, MessageReceived


@dataclass(frozen=True, slots=True)
class Way:
    """``counts``: as an interaction of its member, for figures. ``heard``: SOPs get to see it."""

    name: str
    counts: bool
    heard: bool


MESSAGE = Way("message_posted", counts=True, heard=True)
PRESENCE = Way("presence_shown", counts=False, heard=True)
LINK = Way("link_shared", counts=True, heard=True)
CARD = Way("card_shared", counts=False, heard=True)
LOCATION = Way("location_shared", counts=False, heard=True)
LIST = Way("list_posted", counts=False, heard=False)
RED_PACKET = Way("red_packet_sent", counts=False, heard=False)
TRANSFER = Way("transfer_sent", counts=False, heard=False)
GROUP_NOTE = Way("group_note_posted", counts=False, heard=False)
PAT = Way("pat_given", counts=False, heard=False)

WAYS = (MESSAGE, PRESENCE, LINK, CARD, LOCATION, LIST, RED_PACKET, TRANSFER, GROUP_NOTE, PAT)
NAMES = frozenset(way.name for way in WAYS)
UNHEARD = frozenset(way.name for way in WAYS if not way.heard)

_OF_KIND = {
    MessageKind.STICKER: PRESENCE,
    MessageKind.LINK: LINK,
    MessageKind.MINI_PROGRAM: CARD,
    MessageKind.POST: CARD,
    MessageKind.CONTACT: CARD,
    MessageKind.LOCATION: LOCATION,
    MessageKind.RED_PACKET: RED_PACKET,
    MessageKind.TRANSFER: TRANSFER,
    MessageKind.GROUP_NOTE: GROUP_NOTE,
}
"""All other kinds (text, pictures, voice, videos, files, what was forwarded, the unknown) are messages."""

_LIST = re.compile(r"\s*[#＃﹟]\s*接龙")
_LIST_LINE = re.compile(r"^\s*\d{1,3}\s*[.．、]\s*\S", re.MULTILINE)
_PRESENCE = re.compile(
    r"(早+|早安|早上好|晚安|收到|好的?|嗯+|哦+|[01]+|哈+|呵+|ok|谢谢(老板|红包)|👍+|🌹+|\[\w{1,4}\])*",
    re.IGNORECASE,
)

_PAUSES = re.compile(r"[\s，。！!~～、,.]+")


def way_of(message: MessageReceived) -> Way:
    """In which of the ways a member spoke. Some platforms hand a list (#接龙) over as a group note."""
    if is_list(message):
        return LIST
    if is_presence(message):
        return PRESENCE
    return _OF_KIND.get(message.kind, MESSAGE)


def is_list(message: MessageReceived) -> bool:
    """#接龙, by which people sign up: each repeats the whole list, one line longer."""
    return message.kind in (MessageKind.TEXT, MessageKind.GROUP_NOTE) and begins_list(message.text)


def begins_list(text: str) -> bool:
    return "接龙" in text and _LIST.match(text) is not None


def is_presence(message: MessageReceived) -> bool:
    """早, 收到, 哈哈, a sticker: shows that somebody is there, and is no interaction."""
    if message.kind is MessageKind.STICKER:
        return True
    if message.kind is not MessageKind.TEXT or len(message.text) > 12:
        return False
    return _PRESENCE.fullmatch(_PAUSES.sub("", message.text)) is not None


def props_of(message: MessageReceived, way: Way) -> dict[str, object]:
    """What is recorded of a message beside the name of its ``way``, none of it anybody's words."""
    more: dict[str, object] = {}
    if message.kind is MessageKind.UNKNOWN and message.wire_type is not None:
        more["wire_type"] = message.wire_type
    if message.seconds is not None:
        more["seconds"] = message.seconds
    if message.quote is not None:
        more["quote"] = True
    if way is LIST:
        more["lines"] = len(_LIST_LINE.findall(message.text))
    return _PROPS[message.kind] | more if more else _PROPS[message.kind]


_PROPS: Mapping[MessageKind, dict[str, object]] = {kind: {"kind": kind.value} for kind in MessageKind}
"""What most messages have, one object for each kind: the store converts each object once a batch."""
