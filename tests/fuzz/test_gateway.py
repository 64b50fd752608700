"""Whatever the gateway says becomes an event, or is told to be unreadable and why."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechaty.book import Book
from bot.channels.wechaty.decode import EventType
from bot.channels.wechaty.resolve import Resolver
from bot.channels.wechaty.wire import Response
from bot.events import Malformed
from tests.builders import MONDAY_9
from tests.fuzz.budget import cases
from tests.fuzz.nasty import IDS, NAMES, SAID, SECRET
from tests.harm import Log

UTF8 = st.text(st.characters(codec="utf-8"), max_size=20)
"""What protobuf can carry."""
TEXTS = SAID.map(lambda text: text.encode("utf-8", "replace").decode()) | UTF8
QUOTED = st.builds(
    "<msg>{}<appmsg><title>{}</title><type>{}</type>"
    "<refermsg><svrid>{}</svrid><content>{}</content></refermsg></appmsg></msg>".format,
    *(UTF8, TEXTS, st.sampled_from(["57", "5", ""]), UTF8, TEXTS),
)
KEYS = [
    "messageId",
    "roomId",
    "inviteeIdList",
    "inviterId",
    "removeeIdList",
    "removerId",
    "newTopic",
    "changerId",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | IDS | st.sampled_from([10**400, -1, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(IDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.sampled_from([*KEYS, "timestamp"]), JSON, max_size=9)
SENSIBLE = st.fixed_dictionaries(
    {key: st.lists(IDS, min_size=1) if key.endswith("List") else IDS.filter(bool) for key in KEYS},
    optional={"timestamp": st.integers() | st.floats()},
)
ODD = st.sampled_from(["[" * 5_000, "9" * 5_000, "{", ""])
PAYLOADS = (FIELDS | SENSIBLE | JSON).map(json.dumps) | ODD | UTF8


@dataclass
class Message:
    """What the gateway knows of a message; protobuf gives each field its type."""

    text: str = ""
    type: int = 7
    from_id: str = ""
    timestamp: int = 0
    filename: str = ""
    room_id: str = ""
    to_id: str = ""
    mention_ids: list[str] = field(default_factory=list)


MESSAGES = st.builds(
    Message,
    TEXTS | QUOTED,
    st.integers(-1, 20) | st.integers(-(2**31), 2**31),
    st.sampled_from(["me", "qing", ""]) | UTF8,
    st.integers(0, 2**64 - 1) | st.sampled_from([0, 1_800_000_000, 1_800_000_000_000]),
    UTF8,
    st.sampled_from(["room-1", ""]) | UTF8,
    UTF8,
    st.lists(UTF8 | st.just(""), max_size=3),
)


@dataclass
class Named:
    """Somebody's or some room's names."""

    name: str
    room_alias: str
    topic: str


@dataclass
class Wire:
    """A gateway that answers everything in the same way; without names it fails."""

    about: Message
    named: Named | None

    async def message(self, id: str) -> Message:
        return self.about

    async def contact(self, id: str) -> Named:
        assert self.named is not None, "the gateway does not know"
        return self.named

    async def room(self, id: str) -> Named:
        return await self.contact(id)

    async def member(self, room: str, id: str) -> Named:
        return await self.contact(id)


@cases(1_000, soak=400_000)
@given(
    type=st.sampled_from(EventType) | st.integers(0, 40),
    payload=PAYLOADS,
    about=MESSAGES,
    named=st.none() | st.builds(Named, NAMES, NAMES, NAMES),
)
def test_whatever_comes_off_the_wire_is_an_event_or_is_told_to_be_none(
    type: int, payload: str, about: Message, named: Named | None, round: int
) -> None:
    wire: Any = Wire(about, named)
    resolver = Resolver(wire, Book(wire), "me", lambda: MONDAY_9)
    with Log.of_bot() as log:
        event = asyncio.run(resolver.event(Response(type, payload)))
    if isinstance(event, Malformed):
        assert any(part in event.summary for part in ("no ", "not JSON", "not an object")), event
    repr(event).encode()
    assert "\0" not in repr(event)
    assert not [line for line in log.lines if SECRET in line or not line.isprintable()]
