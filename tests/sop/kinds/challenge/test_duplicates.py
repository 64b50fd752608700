"""When pictures are compared, and what that costs."""

from __future__ import annotations

import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from bot.events import Chat, Media, MessageKind, Person
from bot.people import roles
from bot.sop.kinds.challenge import duplicates
from bot.sop.loader import SopSet
from bot.store import session
from bot.store.tables import interaction, media, metadata
from bot.store.writer import Writer
from tests.builders import BOSS, QING, ROOM, ZHOU
from tests.listener import Listener

SOON = timedelta(minutes=4)


@pytest.fixture
def group(writer: Writer, sops: SopSet) -> Listener:
    listener = Listener(writer, sops)
    listener.now += timedelta(hours=9)
    listener.give(BOSS, roles.ADMIN)
    return listener


def picture(group: Listener, who: Person = QING, chat: Chat = ROOM) -> None:
    group.say("", who, chat, kind=MessageKind.IMAGE, media=(Media("ref", "a.jpg"),))


def set_table(group: Listener, who: Person = QING, text: str = "面") -> None:
    picture(group, who)
    group.say(f"#我的原野餐桌# {text}", who)


def arrive(group: Listener, hash: str, dhash: int | None = None) -> None:
    """Whatever picture is still awaited is here."""
    with group.writer.transaction(group.now) as tx:
        here = media.c.state == "wanted"
        tx.connection.execute(update(media).where(here).values(hash=hash, dhash=dhash, state="kept"))


def of_yesterday(group: Listener, hash: str = "same", who: Person = QING, dhash: int | None = None) -> None:
    set_table(group, who)
    arrive(group, hash, dhash)
    group.tick(SOON)
    group.tick(timedelta(days=1))


def names(group: Listener, name: str) -> int:
    return len(group.rows(interaction, name=name))


@pytest.mark.parametrize("minutes", [10, 50, 600])
def test_a_picture_that_comes_late_is_compared_when_it_is_here(group: Listener, minutes: int) -> None:
    of_yesterday(group)
    set_table(group)
    for _ in range(minutes):
        group.tick(timedelta(minutes=1))
    assert names(group, "ugc_duplicate") == 0
    arrive(group, "same")
    for _ in range(minutes + 5):
        group.tick(timedelta(minutes=1))
    assert names(group, "ugc_duplicate") == 1


def test_a_table_of_which_one_picture_is_not_here_is_not_judged(group: Listener) -> None:
    of_yesterday(group)
    picture(group)
    arrive(group, "same")
    set_table(group)
    group.tick(SOON)
    arrive(group, "new")
    group.tick(timedelta(minutes=30))
    assert names(group, "ugc_duplicate") == 0


def test_pictures_that_follow_in_the_window_are_compared_too(group: Listener) -> None:
    of_yesterday(group, "hers", ZHOU)
    set_table(group)
    arrive(group, "mine")
    group.tick(SOON)
    picture(group)
    arrive(group, "hers")
    group.tick(timedelta(minutes=30))
    assert names(group, "ugc_flagged") == 1


def test_what_a_human_approved_is_no_duplicate(group: Listener) -> None:
    of_yesterday(group)
    set_table(group)
    arrive(group, "same")
    group.say("/过 2", BOSS, None)
    group.tick(SOON)
    assert names(group, "ugc_duplicate") == 0


def test_who_looks_like_anothers_table_is_shown_to_a_human_once(group: Listener) -> None:
    looks = 0x0F0F_3333_5555_00FF
    of_yesterday(group, "hers", ZHOU, looks)
    set_table(group)
    arrive(group, "mine", looks ^ 0b11)
    group.tick(SOON)
    picture(group)
    arrive(group, "another")
    group.tick(timedelta(minutes=30))
    assert names(group, "ugc_flagged") == 1


def steps_of_a_look(writer: Writer, sops: SopSet, others: int) -> int:
    """Thousands of steps that SQLite takes to compare a table where there are so many pictures of others."""
    group = Listener(writer, sops)
    group.now += timedelta(hours=9)
    picture(group, ZHOU)
    (message,) = {row["interaction_id"] for row in group.rows(media)}
    looks = random.Random(1)
    row = {"account": "main", "ref": "ref", "name": "", "attempts": 0, "state": "kept", "bytes": 1}
    with writer.transaction(group.now) as tx:
        pictures = [
            {
                **row,
                "id": tx.new_id(),
                "interaction_id": message,
                "hash": f"hash-{n}",
                "dhash": looks.getrandbits(63),
            }
            for n in range(others)
        ]
        tx.connection.execute(insert(media), pictures)
    set_table(group)
    arrive(group, "mine", 0x0F0F_3333_5555_00FF)
    steps: list[None] = []
    with writer.transaction(group.now + SOON) as tx:
        sqlite = tx.connection.connection.driver_connection
        assert isinstance(sqlite, sqlite3.Connection)
        sqlite.set_progress_handler(lambda: steps.append(None), 1_000)
        group.pipeline.tick(tx)
        sqlite.set_progress_handler(None, 0)
    return len(steps)


def test_a_look_costs_no_more_where_there_are_more_pictures(sops: SopSet, tmp_path: Path) -> None:
    steps = {}
    for others in (duplicates.MOST_LOOKED_AT, 3 * duplicates.MOST_LOOKED_AT):
        engine = session.open_engine(f"sqlite:///{tmp_path / f'{others}.db'}")
        metadata.create_all(engine)
        writer = Writer(engine)
        steps[others] = steps_of_a_look(writer, sops, others)
        writer.close()
        engine.dispose()
    few, many = steps.values()
    assert few <= many <= few + 3
    assert many < 40
