"""``bot calendar`` and ``bot simulate``, as they are typed."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot import app
from bot.cli import cli
from bot.outbox import pace
from bot.scenario.world import World
from bot.sop.loader import SopSet
from tests.builders import KEY, MONDAY_9, ROOM
from tests.conftest import ROOT

FROM = ("--from", "2026-11-30 09:00")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("BOT_", "WECHATY_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    for name in ("sops", "templates"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bot(*args: str) -> str:
    done = CliRunner().invoke(cli, args, prog_name="bot", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def read(*args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bot(*args, "--json"))
    return found


async def live(world: World) -> None:
    """A morning of the bot in one room."""
    await world.start({KEY: ROOM})
    await world.move_to(MONDAY_9.replace(hour=5))
    await world.close()


def test_a_day_is_a_heading_and_the_rooms_of_a_post_are_one_line() -> None:
    lines = bot("calendar", "--days", "3", *FROM).splitlines()
    assert [line.partition("｜")[0] for line in lines] == [
        "11月30日 周一",
        "  12:10–12:13 周一溯源日 → 会员1群、会员2群、会员3群",
        "12月2日 周三",
        "  12:10–12:12 周三食谱日 → 会员1群、会员2群、会员3群",
    ]


def test_one_room_can_be_looked_at() -> None:
    assert {it["room"] for it in read("calendar", *FROM, "--room", "会员2群")} == {"会员2群"}
    done = CliRunner().invoke(cli, ["calendar", "--room", "会员22群"])
    assert (done.exit_code, "是不是“会员2群”" in done.output) == (1, True)


def test_programs_read_each_message_with_its_moments() -> None:
    first = read("calendar", "--days", "1", *FROM)[0]
    assert first["text"].startswith("溯源｜")
    del first["text"]
    assert first == {
        "at": "2026-11-30T12:10:00+08:00",
        "due_at": "2026-11-30T12:10:00+08:00",
        "room": "会员1群",
        "member": None,
        "sop": "monday-origin",
        "step": "post",
        "template": "origin_story.j2",
        "intent": "give",
        "pictures": [],
        "result": "sent",
        "rule": None,
        "until": None,
    }


@pytest.mark.parametrize("state", [FROM, ()])
def test_with_nobody_who_talks_a_simulation_sends_what_the_calendar_says(
    folder: Path, state: tuple[str, ...]
) -> None:
    said = read("simulate", "--cast", "0", "--days", "14", *state)
    assert {entry.pop("who") for entry in said} == {"bot"}
    planned = read("calendar", "--days", "14", *state)
    assert len(planned) >= 3 * 2 * 2
    if state:
        assert planned == said
    else:  # a moment lies between the two
        assert [it["text"] for it in planned] == [it["text"] for it in said]


def test_the_same_seed_is_the_same_talk_and_another_one_another() -> None:
    talk = [bot("simulate", "--days", "3", "--seed", seed, *FROM) for seed in ("1", "1", "2")]
    assert talk[0] == talk[1] != talk[2]


def test_the_cast_is_heard_and_answered() -> None:
    said = read("simulate", "--days", "7", "--cast", "24", *FROM)
    templates = {it["template"] for it in said if it["who"] == "bot"}
    assert {"table_receipt.j2", "qa_cards.j2", "welcome_together.j2", "hello.j2"} <= templates
    assert bot("simulate", "--days", "7", "--cast", "24", *FROM).splitlines()[-1].startswith("机器人发了")


def test_the_calendar_looks_into_a_copy_of_the_bots_own_state(folder: Path, sops: SopSet) -> None:
    """One room alone is enabled there."""
    url = f"sqlite:///{folder / 'data' / 'bot.db'}"
    app.open_database(url).dispose()
    asyncio.run(live(World(sops, MONDAY_9, url, pace.OFF, account="main")))
    before = (folder / "data" / "bot.db").read_bytes()
    assert {it["room"] for it in read("calendar", "--days", "14")} == {KEY}
    assert (folder / "data" / "bot.db").read_bytes() == before
    assert {it["room"] for it in read("calendar", "--days", "14", "--fresh")} == {KEY, "会员2群", "会员3群"}
