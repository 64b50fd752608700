"""Pictures get into the media folder, once and whole, and out of it again; nothing else does."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot import fetcher
from bot.channels.placeholder import placeholder
from bot.errors import FetchFailed
from bot.events import Media, MessageKind, MessageRecalled, MessageReceived
from bot.scenario.world import World
from bot.store.tables import media
from tests.builders import MONDAY_9, QING, ROOM, look, said
from tests.conftest import MakeWorld

JPEG = b"\xff\xd8\xff\xe0" + b"tomato"


def picture(*refs: str) -> MessageReceived:
    return said("", kind=MessageKind.IMAGE, media=tuple(Media(ref, "../../etc/passwd") for ref in refs))


async def until(holds: Callable[[], bool]) -> None:
    """What the fetcher does shows in the database or on the disk; nobody is told."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it did not come to that")


def states(world: World) -> list[str]:
    return [row["state"] for row in look(world, media)]


def files(world: World) -> list[str]:
    return sorted(path.name for path in world.media.rglob("*") if path.is_file())


async def kept(world: World, count: int = 1) -> None:
    await until(lambda: states(world).count("kept") == count)


async def test_a_picture_is_kept_under_the_hash_of_its_bytes(world: World) -> None:
    world.channel.pictures["a"] = JPEG
    await world.happen(picture("a"))
    await kept(world)
    (row,) = look(world, media)
    assert (row["hash"], row["bytes"]) == (hashlib.sha256(JPEG).hexdigest(), len(JPEG))
    path = fetcher.find(world.media, row["hash"])
    assert path is not None
    assert path == world.media / row["hash"][:2] / f"{row['hash']}.jpg"
    assert path.read_bytes() == JPEG
    assert files(world) == [path.name]


async def test_a_hundred_pictures_are_fetched_a_few_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = most = 0

    async def slowly(ref: str) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        return placeholder(ref)

    monkeypatch.setattr(world.channel, "fetch", slowly)
    await world.happen(picture(*map(str, range(100))))
    await kept(world, 100)
    assert len(files(world)) == 100
    assert most <= fetcher.AT_ONCE


async def test_the_core_goes_on_while_a_picture_does_not_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(ref: str) -> bytes:
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(world.channel, "fetch", never)
    await world.happen(picture("a"), said("/排行"))
    assert len(world.sent) == 1
    await world.stop()
    assert states(world) == ["wanted"]


async def test_what_was_not_fetched_before_the_end_is_fetched_after_the_start(world: World) -> None:
    world.channel.pictures["a"] = None
    await world.happen(picture("a"))
    await until(lambda: look(world, media)[0]["attempts"] == 1)
    await world.stop()
    world.channel.pictures["a"] = JPEG
    await world.move_to(MONDAY_9 + timedelta(minutes=2))
    await world.start()
    await kept(world)


async def test_while_the_link_is_down_pictures_wait(world: World) -> None:
    world.channel.cut()
    await world.happen(picture("a"))
    await world.move_to(MONDAY_9 + timedelta(hours=3))
    assert [(row["state"], row["attempts"]) for row in look(world, media)] == [("wanted", 0)]
    world.channel.mend()
    await world.settle()
    await kept(world)


async def test_it_is_tried_again_and_then_given_up(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.channel.pictures["a"] = None
    await world.happen(picture("a"))
    for minutes in (1, 10):
        again = world.clock.now() + timedelta(minutes=minutes)
        await until(lambda again=again: world.clock.next_due() == again)  # type: ignore[misc]
        await world.move_to(again)
    await until(lambda: states(world) == ["failed"])
    assert look(world, media)[0]["attempts"] == 3
    assert files(world) == []
    assert "passwd" not in caplog.text


async def test_what_is_no_picture_is_not_kept(world: World) -> None:
    world.channel.pictures["a"] = b"#!/bin/sh"
    await world.happen(picture("a"))
    await until(lambda: states(world) == ["failed"])
    assert files(world) == []


async def test_a_disk_that_takes_nothing_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, name: fetcher.Name, content: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(fetcher, "store", full)
    await world.happen(picture("a"))
    await until(lambda: look(world, media)[0]["attempts"] == 1)
    await until(lambda: world.clock.next_due() == MONDAY_9 + timedelta(minutes=1))
    monkeypatch.undo()
    await world.move_to(MONDAY_9 + timedelta(minutes=2))
    await kept(world)


async def test_a_recall_removes_the_picture_at_once(world: World) -> None:
    message = picture("a")
    await world.happen(message, picture("b"))
    await kept(world, 2)
    await world.happen(MessageRecalled("r1", message.id, QING, MONDAY_9, ROOM))
    await until(lambda: len(look(world, media)) == 1)
    assert len(files(world)) == 1


async def test_a_picture_that_is_taken_back_while_it_is_fetched_does_not_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def when_told(ref: str) -> bytes:
        asked.set()
        await go.wait()
        return JPEG

    monkeypatch.setattr(world.channel, "fetch", when_told)
    message = picture("a")
    await world.happen(message)
    await asked.wait()
    await world.happen(MessageRecalled("r1", message.id, QING, MONDAY_9, ROOM))
    go.set()
    await until(lambda: look(world, media) == [])
    assert files(world) == []


async def test_two_alike_share_a_file_until_both_are_gone(world: World) -> None:
    first, second = picture("a"), picture("b")
    world.channel.pictures |= {"a": JPEG, "b": JPEG}
    await world.happen(first, second)
    await kept(world, 2)
    assert len(files(world)) == 1
    await world.happen(MessageRecalled("r1", first.id, QING, MONDAY_9, ROOM))
    await until(lambda: len(look(world, media)) == 1)
    assert len(files(world)) == 1
    await world.happen(MessageRecalled("r2", second.id, QING, MONDAY_9, ROOM))
    await until(lambda: look(world, media) == [])
    assert files(world) == []


async def test_pictures_go_in_the_night_in_which_the_words_go(world: World) -> None:
    await world.happen(picture("a"))
    await kept(world)
    days = world.sops.community.privacy.keep_days
    await world.move_to(MONDAY_9 + timedelta(days=days))
    assert len(files(world)) == 1
    await world.move_to(MONDAY_9 + timedelta(days=days + 1))
    await until(lambda: look(world, media) == [])
    assert files(world) == []


async def test_what_is_over_while_the_bot_is_stopped_goes_at_its_start(make_world: MakeWorld) -> None:
    world = await make_world()
    await world.happen(picture("a"))
    await kept(world)
    await world.stop()
    await world.move_to(MONDAY_9 + timedelta(days=100))
    assert len(files(world)) == 1
    await world.start()
    await until(lambda: look(world, media) == [])
    assert files(world) == []


async def test_what_goes_wrong_is_logged_without_words(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def odd(ref: str) -> bytes:
        raise ValueError(words)

    words = "番茄"
    monkeypatch.setattr(world.channel, "fetch", odd)
    with caplog.at_level(logging.INFO):
        await world.happen(picture("a"))
        await until(lambda: look(world, media)[0]["attempts"] == 1)
    assert "ValueError" in caplog.text
    assert words not in caplog.text


# --- files ---


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (JPEG, "jpg"),
        (placeholder("a"), "png"),
        (b"GIF89a...", "gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"\0\0\0\x18ftypheic", "heic"),
    ],
)
def test_a_picture_is_named_by_what_its_bytes_are(tmp_path: Path, content: bytes, suffix: str) -> None:
    name = fetcher.name_of(content)
    fetcher.store(tmp_path, name, content)
    path = fetcher.find(tmp_path, name.hash)
    assert path is not None
    assert path.suffix == f".{suffix}"


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"PK\x03\x04", b"x\xff\xd8\xff"])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(FetchFailed) as raised:
        fetcher.name_of(content)
    assert raised.value.for_good


def test_what_a_crash_left_half_written_is_not_found_and_written_anew(tmp_path: Path) -> None:
    hash, suffix = name = fetcher.name_of(JPEG)
    part = tmp_path / hash[:2] / f"{hash}.part"
    part.parent.mkdir()
    part.write_bytes(JPEG[:5])
    assert (fetcher.find(tmp_path, hash), suffix) == (None, "jpg")
    fetcher.store(tmp_path, name, JPEG)
    found = fetcher.find(tmp_path, hash)
    assert found is not None
    assert found.read_bytes() == JPEG
    assert not part.exists()


@pytest.mark.parametrize(
    "hash", ["", "*", "../secret", "a" * 63, "A" * 64, "/etc/passwd", f"{'a' * 64}/../x"]
)
def test_nothing_but_a_hash_leads_to_a_file(tmp_path: Path, hash: str) -> None:
    (tmp_path / "secret").write_bytes(JPEG)
    assert fetcher.find(tmp_path / "media", hash) is None
