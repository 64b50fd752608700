"""What nobody in their right mind would write, and somebody will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.events import (
    Chat,
    Media,
    MembersJoined,
    MembersLeft,
    MessageKind,
    MessageRecalled,
    MessageReceived,
    Person,
    Quote,
    RoomEvent,
    RoomRenamed,
)
from tests.builders import BOSS, MONDAY_9, OTHER_ROOM, QING, ROOM, ZHOU

SECRET = "暗号"
"""Stands in what people wrote and in their names, to be looked for where it must not be."""
SPECIALS = (
    *("", "@所有人", "@all ", "＠ALL", "/stop", "／停", "、排行", "#我的原野餐桌#", "＃我的 原野餐桌 番茄"),
    *("{{ 7*7 }}", "{% raw %}", "'; DROP TABLE interaction; --", "../../etc/passwd", "%s%n{0}", "\\u0000"),
    *(
        "\0",
        "\ud800",
        "\udc80x",
        "\u200b",
        "\u202e倒",
        "\u2066x\u2069",
        "\u2028",
        "\r\n/room disable",
        "\x1b[2J",
    ),
    *("\u3164", "\ufeff", "e" + "\u0301" * 30, "👨\u200d👩\u200d👧", "NaN", "null", "早", "1" * 400),
    *("<msg><appmsg><type>57</type><refermsg/></appmsg></msg>", "「a：b」\n- - - - - -\n/状态"),
)
"""Each is somebody's idea of a joke."""

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
WORDS = st.lists(st.sampled_from(SPECIALS) | ANY_TEXT, max_size=4).map("".join)
SAID = (
    WORDS
    | WORDS.map(lambda words: f"{words}{SECRET}{words}")
    | st.sampled_from([c * 3_000 for c in "#@/\0番「"])
)
NAMES = WORDS | st.just("名" * 10_000) | WORDS.map(lambda words: words + SECRET)
IDS = st.sampled_from(["", "x", "\0", "\ud800", "a\nb", "id" * 2_000, "wxid_1"]) | ANY_TEXT

PEOPLE = st.builds(Person, st.sampled_from([BOSS.id, QING.id, ZHOU.id]) | IDS, NAMES, NAMES)
CHATS = st.builds(Chat, st.sampled_from([ROOM.id, ROOM.id, OTHER_ROOM.id]) | IDS, NAMES)
MOMENTS = st.one_of(
    st.integers(-7_200, 60).map(lambda seconds: MONDAY_9 + timedelta(seconds=seconds)),
    st.just(MONDAY_9),
    st.sampled_from([1, 1969, 2099, 9999]).map(lambda year: datetime(year, 1, 1, tzinfo=UTC)),
)
QUOTES = st.none() | st.builds(Quote, IDS, NAMES, SAID)

MESSAGES = st.builds(
    MessageReceived,
    IDS,
    PEOPLE,
    MOMENTS,
    kind=st.sampled_from([MessageKind.TEXT, MessageKind.IMAGE, *MessageKind]),
    chat=st.none() | CHATS,
    text=SAID,
    quote=QUOTES,
    mentioned=st.lists(IDS, max_size=2).map(tuple),
    to_bot=st.booleans(),
    media=st.lists(st.builds(Media, IDS, NAMES), max_size=2).map(tuple),
    is_self=st.booleans(),
    recipient=st.none() | PEOPLE,
    wire_type=st.none() | st.integers(-1, 2**31),
)
MOVES = st.lists(PEOPLE, max_size=3).map(tuple)
EVENTS: st.SearchStrategy[RoomEvent] = st.one_of(
    MESSAGES,
    MESSAGES,
    st.builds(MessageRecalled, IDS, IDS, PEOPLE, MOMENTS, st.none() | CHATS),
    st.builds(MembersJoined, IDS, CHATS, MOVES, MOMENTS, st.none() | PEOPLE, st.booleans()),
    st.builds(MembersLeft, IDS, CHATS, MOVES, MOMENTS, st.none() | PEOPLE, st.just(False)),
    st.builds(RoomRenamed, IDS, CHATS, MOMENTS, st.none() | PEOPLE),
)


def _entry(id: str, person: Person, words: str) -> list[RoomEvent]:
    tagged = MessageReceived(f"{id}-tag", person, MONDAY_9, chat=ROOM, text=f"#我的原野餐桌# {words}")
    picture = MessageReceived(
        f"{id}-picture", person, MONDAY_9, kind=MessageKind.IMAGE, chat=ROOM, media=(Media("p"),)
    )
    return [tagged, picture]


ENTRIES = st.builds(_entry, IDS, PEOPLE, SAID)
"""Somebody's words and picture for the challenge: the bot will name them, and repeat what they wrote."""
