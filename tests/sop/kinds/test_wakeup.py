"""What scenarios cannot show: the share that is held out, words that fit, how many at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.events import Chat, Person
from bot.people import directory, tags
from bot.people.tags import Tag
from bot.sop.kinds.wakeup.model import Wakeup
from bot.sop.loader import SopSet
from bot.store import log
from bot.store.tables import interaction, outgoing
from bot.store.writer import Writer
from tests.builders import ROOM
from tests.listener import SOURCE, Listener

PEOPLE = [Person(f"member-{n}", f"会员{n}") for n in range(60)]


def with_wakeup(sops: SopSet, **changes: Any) -> SopSet:
    sop = sops.sops["wakeup"]
    assert isinstance(sop, Wakeup)
    return replace(sops, sops={"wakeup": sop.model_copy(update=changes)})


def pass_weeks(listener: Listener, weeks: int) -> None:
    """Ring at each Tuesday's round."""
    listener.tick(timedelta(days=1, hours=10, minutes=30))
    for _ in range(weeks - 1):
        listener.tick(timedelta(days=7))


def silent_for(writer: Writer, sops: SopSet, days: int) -> Listener:
    """Sixty friends who said something once, and nothing since."""
    listener = Listener(writer, sops)
    for person in PEOPLE:
        listener.say("我家今天吃番茄炒蛋", person)
        listener.say("你好", person, None)
    pass_weeks(listener, days // 7)
    return listener


def names(listener: Listener) -> list[str]:
    return [row["name"] for row in listener.rows(interaction) if row["name"].startswith("wakeup")]


def test_a_share_is_held_out_and_always_the_same(writer: Writer, sops: SopSet) -> None:
    listener = silent_for(writer, with_wakeup(sops, hold_out=0.3, at_once=200), 98)
    held, sent = (
        {row["identity_id"] for row in listener.rows(interaction, name=name)}
        for name in ("wakeup_held_out", "wakeup_sent")
    )
    assert not held & sent
    assert len(held | sent) == len(PEOPLE)
    assert 8 <= len(held) <= 28
    assert not {row["identity_id"] for row in listener.rows(outgoing)} & held


def test_no_more_than_some_are_written_to_at_once(writer: Writer, sops: SopSet) -> None:
    listener = silent_for(writer, with_wakeup(sops, hold_out=0.0, at_once=5), 42)
    assert names(listener) == ["wakeup_sent"] * 5


def test_the_words_fit_what_the_person_likes(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0))
    listener.say("我家今天吃番茄炒蛋", PEOPLE[0])
    listener.say("你好", PEOPLE[0], None)
    with writer.transaction(listener.now) as tx:
        person = directory.known_people(tx, SOURCE, [PEOPLE[0].id])[PEOPLE[0].id]
        tags.put(tx, person, Tag("烹饪热情", 1.0), None)
    pass_weeks(listener, 6)
    (row,) = listener.rows(outgoing)
    assert "记得您爱下厨" in row["payload"]["text"]
    assert row["room_id"] is None


def test_who_left_is_not_written_to(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0))
    listener.say("我家今天吃番茄炒蛋", PEOPLE[0])
    listener.say("你好", PEOPLE[0], None)
    with writer.transaction(listener.now) as tx:
        person = directory.known_people(tx, SOURCE, [PEOPLE[0].id])[PEOPLE[0].id]
        directory.leave(tx, listener.room, person.identity_id, listener.now)
    pass_weeks(listener, 6)
    assert names(listener) == []


def test_who_became_an_expert_or_staff_is_not_written_to(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0))
    for person in PEOPLE[:3]:
        listener.say("我家今天吃番茄炒蛋", person)
        listener.say("你好", person, None)
    listener.give(PEOPLE[0], "营养师")
    listener.give(PEOPLE[1], "管理员")
    pass_weeks(listener, 6)
    assert names(listener) == ["wakeup_sent"]


def test_all_rooms_of_a_round_share_what_may_be_written(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0, at_once=3))
    other = Chat("room-2", "会员2群")
    listener.enable(other, "会员2群")
    for n, person in enumerate(PEOPLE[:10]):
        listener.say("我家今天吃番茄炒蛋", person, other if n % 2 else ROOM)
        listener.say("你好", person, None)
    pass_weeks(listener, 6)
    assert names(listener) == ["wakeup_sent"] * 3
    listener.tick(timedelta(days=7))
    assert names(listener) == ["wakeup_sent"] * 6


def test_a_ladder_is_climbed_step_by_step_however_long_the_silence(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0))
    listener.say("我家今天吃番茄炒蛋", PEOPLE[0])
    listener.say("你好", PEOPLE[0], None)
    listener.tick(timedelta(days=197, hours=10, minutes=30))
    sent = [len(names(listener))]
    for _ in range(5):
        listener.tick(timedelta(days=7))
        sent.append(len(names(listener)))
    assert sent == [1, 1, 1, 2, 2, 2]


def test_nobody_hears_the_same_words_twice(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0))
    listener.say("我家今天吃番茄炒蛋", PEOPLE[0])
    listener.say("你好", PEOPLE[0], None)
    with writer.transaction(listener.now) as tx:
        person = directory.known_people(tx, SOURCE, [PEOPLE[0].id])[PEOPLE[0].id]
        tags.put(tx, person, Tag("烹饪热情", 1.0), None)
    pass_weeks(listener, 12)
    first, second = listener.queued()
    assert "记得您爱下厨" in first
    assert "快手菜" in second


def test_who_never_wrote_in_private_is_no_friend_whatever_is_recorded_of_them(
    writer: Writer, sops: SopSet
) -> None:
    listener = Listener(writer, with_wakeup(sops, hold_out=0.0))
    listener.say("我家今天吃番茄炒蛋", PEOPLE[0])
    with writer.transaction(listener.now) as tx:
        person = directory.known_people(tx, SOURCE, [PEOPLE[0].id])[PEOPLE[0].id]
        more = {"identity_id": person.identity_id, "channel": "dm", "programme_id": "dinner-table"}
        log.append(tx, [log.entry(tx, "sop:dinner-table", "1", "challenge_completed", tx.now, **more)])
    pass_weeks(listener, 6)
    assert names(listener) == []
