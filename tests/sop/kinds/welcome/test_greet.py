"""What scenarios cannot show: two hundred people in a minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.events import MembersJoined, Person
from bot.sop.loader import SopSet
from bot.store.writer import Writer
from tests.builders import ROOM
from tests.listener import Listener


def test_two_hundred_people_in_a_minute_are_greeted_once(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, replace(sops, sops={"welcome-survey": sops.sops["welcome-survey"]}))
    for n in range(200):
        listener.now += timedelta(milliseconds=300)
        listener.hear(MembersJoined(f"join-{n}", ROOM, (Person(f"new-{n}", f"新{n}"),), listener.now))
    for _ in range(20):
        listener.tick(timedelta(minutes=1))
    (greeting,) = listener.queued()
    assert "欢迎新0、新1、新2、新3、新4等200位新朋友。" in greeting
    assert listener.log().count("member_greeted") == 200
