"""Whoever is forgotten leaves no word, no name and no number in any table, file or log, and takes nothing
from others."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store.tables import document
from tests.builders import BOSS, KEY, ROOM, look
from tests.rights.community import (
    ACTS,
    MARK,
    MARKED,
    OTHERS,
    PEOPLE,
    SECOND,
    THURSDAY,
    Community,
    dump,
    figures,
)

EVERYTHING = [(who, act) for act in ACTS for who in PEOPLE]
HELD = {"identity", "membership", "text", "outgoing", "interaction", "document", "identity_log"}
BEGINS = THURSDAY.replace(hour=12)
Talk = list[tuple[object, str]]


async def live(world: World, talk: Talk) -> Community:
    await world.start({KEY: ROOM}, [BOSS])
    await world.move_to(THURSDAY)
    there = Community(world)
    await there.say(SECOND, "我也在")
    await there.say(MARKED, there.words(MARKED, "大家好呀，我来了"))
    for who, act in talk:
        await there.act(who, act)  # type: ignore[arg-type]
    return there


async def check(world: World, talk: Talk) -> set[str]:
    """Gives the tables that held the mark before."""
    there = await live(world, talk)
    with world.engine.connect() as connection:
        before = figures(connection, world, OTHERS)
        held = marked(connection)
    await there.forget()
    with world.engine.connect() as connection:
        assert marked(connection) == set()
        assert figures(connection, world, OTHERS) == before
    assert world.count("failures") == 0
    return held


def marked(connection: Connection) -> set[str]:
    """The tables that hold the mark."""
    return {name for name, rows in dump(connection).items() if MARK in rows}


def with_mark(folder: Path) -> list[str]:
    return [str(it) for it in folder.rglob("*") if it.is_file() and MARK.encode() in it.read_bytes()]


async def in_a_folder(sops: SopSet, talk: Talk) -> None:
    with tempfile.TemporaryDirectory(prefix="rights-") as name:
        folder = Path(name)
        world = World(sops, BEGINS, f"sqlite:///{folder / 'bot.db'}")
        try:
            await check(world, talk)
            assert with_mark(folder) == []
            assert with_mark(world.media) == []
            assert [*world.media.rglob("*.zip")] == []
        finally:
            await world.close()


async def test_who_did_everything_leaves_nothing(
    sops: SopSet, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(sops, BEGINS, url)
    try:
        assert await check(world, EVERYTHING) >= HELD  # type: ignore[arg-type]
    finally:
        await world.close()
    assert MARK not in caplog.text


async def test_an_answered_question_that_names_them_is_found_by_the_rest_of_its_words(
    sops: SopSet, url: str
) -> None:
    world = World(sops, BEGINS, url)
    try:
        held = await check(world, [(OTHERS[0], "ask_of"), (OTHERS[1], "answer")])
        assert held >= {"text", "document"}
        assert "甘蓝" in look(world, document)[0]["words"]
    finally:
        await world.close()


def test_whatever_was_said_nothing_is_left(sops: SopSet) -> None:
    @settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
    @given(talk=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ACTS)), min_size=4, max_size=14))
    def tried(talk: Talk) -> None:
        asyncio.run(in_a_folder(sops, talk))

    tried()
