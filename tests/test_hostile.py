"""What members write and are called is data: kept, counted, and never in the bot's mouth as it came."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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
from bot.recording import LONGEST_TEXT
from bot.store.tables import failure, identity, interaction, member, outgoing, role, room
from tests.builders import BOSS, MONDAY_9, OTHER_ROOM, QING, ROOM, said
from tests.harm import Log, check_words
from tests.listener import Listener

GATHERED = timedelta(minutes=31)
STRANGE = [
    *(
        "@所有人",
        "＠ＡＬＬ ",
        "{{ 7*7 }}",
        "/stop",
        "、排行",
        "'; DROP TABLE interaction; --",
        "../../etc/passwd",
    ),
    *(
        "长" * 10_000,
        "",
        "\u3164\u200b",
        "\u202e倒着写",
        "#我的原野餐桌#",
        "一行\n/状态",
        "\0\ud800",
        "e" + "\u0301" * 50,
    ),
    *("阿\u200b青", "\u2066x", "%s{0}", "\x1b[2J"),
]
"""Names and words as nobody should have, and somebody has."""


def table(listener: Listener, person: Person, words: str) -> None:
    """Somebody's entry in the challenge, and the receipt for it."""
    listener.say(f"#我的原野餐桌# {words}", person, id=f"tag-{person.id}")
    picture = (Media("p", words),)
    listener.say("", person, id=f"picture-{person.id}", kind=MessageKind.IMAGE, media=picture)
    listener.tick(GATHERED)


def check_all(listener: Listener) -> None:
    assert [(row["error"], row["traceback"]) for row in listener.rows(failure)] == []
    for text in listener.queued():
        check_words(text, listener.pipeline)


def check_log(log: Log) -> None:
    assert [line for line in log.lines if not line.isprintable()] == []
    assert [(name, line) for name in STRANGE for line in log.lines if len(name) > 2 and name in line] == []


# --- what is repeated ---


def test_whatever_somebody_is_called_the_bot_says_it_harmlessly(listener: Listener) -> None:
    with Log.of_bot() as log:
        for number, name in enumerate(STRANGE):
            table(listener, Person(f"p{number}", name, name), "番茄")
            listener.say("/排行", BOSS)
            listener.say("/排行", BOSS, None)
    receipts = [text for text in listener.queued() if "“番茄”" in text]
    rankings = [text for text in listener.queued() if "1. " in text]
    assert len(receipts) == len(STRANGE)
    assert all(len(text) < 200 for text in (*receipts, *rankings))
    check_log(log)
    check_all(listener)


def test_who_shows_no_name_is_called_a_friend(listener: Listener) -> None:
    table(listener, Person("p", "\u200b\u3164"), "番茄")
    assert any("一位朋友的“番茄”" in text for text in listener.queued())


def test_whatever_somebody_writes_the_bot_repeats_it_harmlessly(listener: Listener) -> None:
    with Log.of_bot() as log:
        for number, words in enumerate(STRANGE):
            table(listener, Person(f"p{number}", "阿青"), words)
            listener.say(f"/{words}", BOSS)
            listener.say(f"/帮助 {words}", QING)
            for command in ("帮助", "开群", "发SOP", "发SOP 周一溯源日"):
                listener.say(f"/{command} “{words}”", BOSS)
    assert listener.log().count("challenge_entered") == len(STRANGE)
    check_log(log)
    check_all(listener)


def test_whatever_a_room_is_called_the_bot_says_it_harmlessly(listener: Listener) -> None:
    listener.give(BOSS, "管理员")
    for number, title in enumerate(STRANGE):
        listener.hear(RoomRenamed(f"renamed-{number}", Chat(ROOM.id, title), MONDAY_9))
        listener.say("/开群 会员1群", BOSS, Chat(OTHER_ROOM.id, title), id=f"enable-{number}")
    assert listener.rows(room)[0]["disabled_at"] is None
    assert len(listener.queued()) == len(STRANGE)
    check_all(listener)


# --- what is kept ---


def test_ids_of_any_length_and_kind_are_told_apart_and_kept(listener: Listener) -> None:
    ids = ["", "a\nb", "\0", "\ud800", "\u202e", "id" * 5_000, "id" * 5_001, "🍅" * 3_000, "' OR 1=1 --"]
    with Log.of_bot() as log:
        for number, id in enumerate(ids):
            listener.hear(
                said("番茄牛腩", Person(f"{id}{number}"), id=id),
                said("番茄牛腩", Person(f"{id}{number}"), id=id),
            )
            listener.hear(MessageRecalled(f"{id}recalled", id, QING, MONDAY_9, ROOM))
    assert listener.log().count("message_posted") == listener.log().count("message_recalled") == len(ids)
    assert len(listener.rows(member)) == len(ids)
    assert all(line.isprintable() for line in log.lines)
    check_all(listener)


@pytest.mark.parametrize("chat", [ROOM, None])
@pytest.mark.parametrize("year", [1, 1969, 2099, 9999])
def test_a_time_out_of_all_measure_harms_nothing(listener: Listener, year: int, chat: Chat | None) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC)
    listener.hear(MembersJoined("joined", ROOM, (QING,), MONDAY_9))
    for text in ("番茄牛腩", "#我的原野餐桌# 番茄", "/帮助", "/排行"):
        listener.say(text, QING, chat, occurred_at=at)
    listener.say("", QING, chat, occurred_at=at, kind=MessageKind.IMAGE, media=(Media("p"),))
    listener.tick(GATHERED)
    assert all(row["occurred_at"] <= listener.now for row in listener.rows(interaction))
    check_all(listener)


def test_events_with_nothing_in_them_harm_nothing(listener: Listener) -> None:
    nobody, nowhere = Person(""), Chat("")
    events: list[RoomEvent] = [
        MessageReceived("", nobody, MONDAY_9, chat=chat, quote=Quote(), media=(Media(""),), mentioned=("",))
        for chat in (None, nowhere, Chat(ROOM.id))
    ]
    events += [
        MessageRecalled("", "", nobody, MONDAY_9, ROOM),
        MembersJoined("", ROOM, (), MONDAY_9),
        MembersJoined("", ROOM, (nobody, nobody), MONDAY_9, nobody),
        MembersLeft("", ROOM, (nobody,), MONDAY_9, nobody),
        RoomRenamed("", Chat(ROOM.id), MONDAY_9, nobody),
        MessageReceived("", nobody, MONDAY_9, chat=ROOM, is_self=True),
        MessageReceived("", nobody, MONDAY_9, is_self=True, recipient=nobody),
    ]
    listener.hear(*events)
    for event in events:
        listener.hear(event)
    check_all(listener)


def test_somebody_under_many_names_is_one_person(listener: Listener) -> None:
    for number, name in enumerate(STRANGE):
        listener.hear(said("番茄牛腩", Person("p", name, name), id=f"m{number}"))
    assert len(listener.rows(member)) == len(listener.rows(identity)) == 1
    assert listener.log() == ["message_posted"] * len(STRANGE)


def rooms_of(listener: Listener) -> list[dict[str, Any]]:
    """The rooms, but for when they were noisy."""
    return [{**row, "heard_at": None} for row in listener.rows(room)]


def test_members_who_write_like_admins_are_members(listener: Listener) -> None:
    listener.give(BOSS, "管理员")
    before = listener.rows(role), rooms_of(listener)
    for name in ("管理员", BOSS.name, "管理员\u200b", "M1"):
        for text in (
            "/关群",
            "/认领 TESTCODE",
            "@小野\u2005/关群",
            "\u202e/关群",
            "「管管：/关群」\n- - - - - -\n/关群",
        ):
            listener.say(text, Person("p", name, name))
    assert (listener.rows(role), rooms_of(listener)) == before
    assert listener.rows(outgoing)
    check_all(listener)


# --- how long it takes ---


LONG = [
    "#",
    "＃我的",
    "@",
    "/",
    "/「 ",
    "/“",
    "早",
    "\0",
    "\u200b",
    " ",
    "\n",
    "「",
    "\u0301\u0316",
    "\ufdfa",
    "#我的原野餐桌 ",
]


def test_a_hundred_thousand_characters_hold_nobody_up(listener: Listener) -> None:
    for number, part in enumerate(LONG):
        begin = time.process_time()
        table(listener, Person(f"p{number}"), (part * 100_000)[:100_000])
        listener.say((part * 100_000)[:100_000], QING)
        assert time.process_time() - begin < 1.5, part
    assert all(len(body) <= LONGEST_TEXT for body in listener.kept())
    check_all(listener)
