"""What somebody is given when they ask what is held about them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import File
from bot.events import MembersLeft, Person
from bot.rights import export
from bot.scenario.world import World
from bot.store.rights import export_file
from bot.store.tables import failure, interaction
from tests.builders import BOSS, QING, ROOM, ZHOU, ask, look, said


def handed(world: World) -> list[File]:
    return [effect for effect in world.channel.done if isinstance(effect, File)]


def opened(path: Path) -> tuple[dict[str, Any], zipfile.ZipFile]:
    archive = zipfile.ZipFile(path)
    return json.loads(archive.read("data.json")), archive


async def test_what_an_admin_took_does_not_keep_theirs_from_them(world: World) -> None:
    await world.happen(said("今天的番茄真甜"))
    await ask(world, f"/导出 {QING.name}", BOSS, None)
    await asked(world)
    await asked(world)
    assert [file.person_id for file in handed(world)] == [BOSS.id, QING.id]


async def asked(world: World, who: Person = QING) -> None:
    await ask(world, "我的数据", who, None)
    await world.move_to(world.clock.now() + timedelta(minutes=1))


async def test_everything_of_theirs_is_in_it_and_nothing_of_others(world: World) -> None:
    await world.happen(said("今天的番茄真甜"), said("我买了米", ZHOU))
    await ask(world, "别@我", QING, None)
    await ask(world, f"/备注 {QING.name} 坏果已补发", BOSS, None)
    await asked(world)
    (file,) = handed(world)
    assert file.person_id == QING.id
    held, archive = opened(file.path)
    assert [it["text"] for it in held["interaction"] if it["text"]] == ["今天的番茄真甜", "坏果已补发"]
    assert [(it["purpose"], it["given"]) for it in held["consent"]] == [("contact", False)]
    assert held["membership"][0]["left_at"] is None
    assert "我买了米" not in json.dumps(held, ensure_ascii=False)
    table = csv.DictReader(io.StringIO(archive.read("interaction.csv").decode("utf-8-sig")))
    assert [row["text"] for row in table if row["text"]] == ["今天的番茄真甜", "坏果已补发"]


async def test_the_file_is_readable_by_us_alone_and_gone_after_a_day(world: World) -> None:
    await world.happen(said("今天的番茄真甜"))
    await asked(world)
    (file,) = handed(world)
    assert file.path.stat().st_mode & 0o077 == 0
    await world.move_to(world.clock.now() + timedelta(days=1))
    assert not file.path.exists()
    assert look(world, export_file) == []


async def test_who_left_may_still_ask_and_a_stranger_gets_nothing(world: World) -> None:
    await world.happen(said("今天的番茄真甜"))
    await world.happen(MembersLeft("left", ROOM, (QING,), world.clock.now()))
    await asked(world)
    await asked(world, Person("stranger", "路人"))
    assert [file.person_id for file in handed(world)] == [QING.id]


async def test_an_admin_gets_it_in_private_and_it_is_on_record_about_whom(world: World) -> None:
    await world.happen(said("今天的番茄真甜"))
    await ask(world, f"/导出 {QING.name}", BOSS, None)
    await world.move_to(world.clock.now() + timedelta(minutes=1))
    (file,) = handed(world)
    assert file.person_id == BOSS.id
    (row,) = look(world, interaction, name="data_exported")
    assert (row["actor_role"], row["target_identity_id"]) == ("staff", asker(world))


def asker(world: World) -> int:
    (row,) = look(world, interaction, name="message_posted")
    return int(row["identity_id"])


async def test_what_fails_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.happen(said("今天的番茄真甜"))
    monkeypatch.setattr(export, "as_zip", lambda found: found["nothing"])
    await asked(world)
    assert world.sent[-1][1].text.startswith("出了点错，没有整理成")
    assert [row["place"] for row in look(world, failure)] == ["data export"]


def test_no_cell_is_a_formula() -> None:
    with zipfile.ZipFile(io.BytesIO(export.as_zip({"text": [{"body": "=1+1"}]}))) as archive:
        assert archive.read("text.csv").decode("utf-8-sig").splitlines() == ["body", "'=1+1"]
