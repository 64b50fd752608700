"""What counts as a post by hand, and what makes a room noisy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.events import MessageKind
from bot.store.tables import interaction, room
from tests.builders import BOSS, QING, ZHOU, said
from tests.listener import Listener

LONG = "今早去地里看了，霜打过的羽衣甘蓝甜得像换了品种，照片一会儿发上来，想知道怎么腌的先在群里问我。"
PRICE = "今天到的雪梨一箱 49 元"


@pytest.fixture
def staffed(listener: Listener) -> Listener:
    listener.give(BOSS, "管理员")
    return listener


def posts(listener: Listener) -> list[dict[str, Any]]:
    return [row["props"] for row in listener.rows(interaction, name="post_made_by_hand")]


@pytest.mark.parametrize(
    ("text", "more", "sells", "at_all"),
    [
        (LONG, {}, False, False),
        (PRICE, {}, True, False),
        ("@所有人 周六开放日", {}, False, True),
        ("", {"kind": MessageKind.MINI_PROGRAM}, False, False),
        ("周六开放日", {"kind": MessageKind.GROUP_NOTE}, False, True),
    ],
)
def test_what_staff_begin_is_a_post(
    staffed: Listener, text: str, more: dict[str, Any], sells: bool, at_all: bool
) -> None:
    staffed.say(text, BOSS, **more)
    assert posts(staffed) == [{"sells": sells, "at_all": at_all}]


@pytest.mark.parametrize(
    ("text", "more"), [("好的，马上看", {}), (LONG, {"mentioned": ("qing",)}), ("/帮助" + " 一" * 30, {})]
)
def test_their_talk_their_answers_and_their_commands_are_none(
    staffed: Listener, text: str, more: dict[str, Any]
) -> None:
    staffed.say(text, BOSS, **more)
    assert posts(staffed) == []


@pytest.mark.parametrize("text", [LONG, PRICE])
def test_what_members_say_is_none(staffed: Listener, text: str) -> None:
    staffed.say(text, QING)
    assert posts(staffed) == []


def test_anybody_s_call_to_everybody_is_one_but_sells_nothing(staffed: Listener) -> None:
    staffed.say(f"@所有人 {PRICE}", QING)
    assert posts(staffed) == [{"sells": False, "at_all": True}]


def test_what_follows_within_ten_minutes_belongs_to_it_unless_it_is_more(staffed: Listener) -> None:
    staffed.say(LONG, BOSS)
    staffed.say(LONG, BOSS)
    assert len(posts(staffed)) == 1
    staffed.say(PRICE, BOSS)
    assert [it["sells"] for it in posts(staffed)] == [False, True]
    staffed.now += timedelta(minutes=11)
    staffed.say(LONG, BOSS)
    assert len(posts(staffed)) == 3


def test_a_room_remembers_when_somebody_last_spoke_and_gave(listener: Listener) -> None:
    began = listener.now
    listener.say("早", QING)
    listener.now += timedelta(minutes=5)
    listener.say("", ZHOU, kind=MessageKind.RED_PACKET)
    listener.hear(said("早先说的", QING, occurred_at=began + timedelta(minutes=1)))
    (row,) = listener.rows(room)
    assert (row["heard_at"], row["gift_at"]) == (listener.now, listener.now)
