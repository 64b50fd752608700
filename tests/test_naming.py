from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import naming
from bot.events import MessageKind, Quote
from bot.store.log import CORE_NAMES
from tests.builders import said

RECORDS = (Path(__file__).parent.parent / "docs" / "records.md").read_text()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (MessageKind.TEXT, "message_posted"),
        (MessageKind.IMAGE, "message_posted"),
        (MessageKind.VOICE, "message_posted"),
        (MessageKind.VIDEO, "message_posted"),
        (MessageKind.FILE, "message_posted"),
        (MessageKind.CHAT_HISTORY, "message_posted"),
        (MessageKind.UNKNOWN, "message_posted"),
        (MessageKind.STICKER, "presence_shown"),
        (MessageKind.LINK, "link_shared"),
        (MessageKind.MINI_PROGRAM, "card_shared"),
        (MessageKind.POST, "card_shared"),
        (MessageKind.CONTACT, "card_shared"),
        (MessageKind.LOCATION, "location_shared"),
        (MessageKind.RED_PACKET, "red_packet_sent"),
        (MessageKind.TRANSFER, "transfer_sent"),
        (MessageKind.GROUP_NOTE, "group_note_posted"),
    ],
)
def test_each_kind_has_its_name(kind: MessageKind, name: str) -> None:
    assert naming.way_of(said("番茄牛腩", kind=kind)).name == name


def test_every_kind_that_there_is_was_thought_of() -> None:
    assert {naming.way_of(said("番茄", kind=kind)).name for kind in MessageKind} < naming.NAMES < CORE_NAMES


@pytest.mark.parametrize("kind", [MessageKind.TEXT, MessageKind.GROUP_NOTE])
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#接龙\n周六开放日\n\n1. 小满\n2. 老周 两大一小\n3、阿青", 3),
        ("＃接龙 牛腩\n1．小满 2份", 1),
        (" # 接龙\n例 名字 份数", 0),
    ],
)
def test_a_list_is_known_by_its_form(kind: MessageKind, text: str, lines: int) -> None:
    message = said(text, kind=kind)
    assert naming.way_of(message) is naming.LIST
    assert naming.props_of(message, naming.way_of(message)) == {"kind": kind.value, "lines": lines}


@pytest.mark.parametrize("text", ["接龙 1. 小满", "大家来 #接龙", "#我的原野餐桌# 接龙", "1. 小满\n2. 老周"])
def test_what_only_speaks_of_a_list_is_none(text: str) -> None:
    assert naming.way_of(said(text)) is naming.MESSAGE


def test_what_is_recorded_beside_the_name_is_nobodys_words() -> None:
    message = said("番茄牛腩", quote=Quote("m1", "小满", "几点开始"))
    assert naming.props_of(message, naming.way_of(message)) == {"kind": "text", "quote": True}
    voice = replace(message, kind=MessageKind.VOICE, quote=None, seconds=32)
    assert naming.props_of(voice, naming.way_of(voice)) == {"kind": "voice", "seconds": 32}


@pytest.mark.parametrize("way", naming.WAYS, ids=lambda way: way.name)
def test_the_table_for_people_says_the_same(way: naming.Way) -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in RECORDS.splitlines() if line[:1] == "|"
    ]
    (row,) = (row for row in rows if row[1] == f"`{way.name}`")
    assert row[2:4] == ["yes" if way.counts else "no", "yes" if way.heard else "no"]
