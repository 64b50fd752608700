"""``bot report``, ``bot score`` and ``bot explain-score`` on a small community, as they print."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.scenario.world import World
from bot.sop.loader import SopSet
from tests.builders import BOSS, KEY, MONDAY_9, QING, ROOM, ZHOU, only

BEGINS = MONDAY_9 - timedelta(days=728)
"""Long ago, so that it is past whenever this is run."""
WEEK = ["--from", "2024-12-02", "--to", "2024-12-08"]


@pytest.fixture
def database(tmp_path: Path, sops: SopSet, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A week in which two members talked for three days, and a colleague too."""
    path = tmp_path / "bot.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")

    async def live() -> None:
        world = World(only(sops), BEGINS, f"sqlite:///{path}")
        await world.start({KEY: ROOM}, admins=[BOSS])
        for _ in range(3):
            for who in (QING, ZHOU, BOSS):
                for words in ("今天的米真香", "孩子爱吃", "明天再煮一锅"):
                    world.channel.say(words, who, ROOM)
            await world.settle()
            await world.move_to(world.clock.now() + timedelta(days=1))
        await world.close()

    asyncio.run(live())
    return path


def bot(*args: str) -> Result:
    return CliRunner().invoke(cli, args)


def test_a_report_counts_members_and_no_colleagues(database: Path) -> None:
    done = bot("report", *WEEK)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("原野之味 12-02 到 12-08｜所有群，人不重复")
    assert "飞轮 0人" in done.output  # nobody was there before the week
    assert "作品 0（作者0" in done.output


def test_a_report_for_programs_has_every_figure_once(database: Path) -> None:
    whole = json.loads(bot("report", *WEEK, "--format", "json").output)
    ids = [it["id"] for it in whole["figures"]]
    assert len(set(ids)) == len(ids) >= 18
    rows = list(csv.DictReader(io.StringIO(bot("report", *WEEK, "--format", "csv").output)))
    assert [row["id"] for row in rows if not row["part"]] == ids


def test_a_report_as_a_page(database: Path) -> None:
    done = bot("report", *WEEK, "--format", "html")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("<!doctype html>")
    assert "每周来说话的人" in done.output
    assert "会员1群" in done.output


def test_goals_stand_beside_the_figures(database: Path) -> None:
    whole = json.loads(bot("report", *WEEK, "--format", "json").output)
    by_id = {it["id"]: it for it in whole["figures"]}
    assert (by_id["monthly_active"]["goal"], by_id["monthly_active"]["is_met"]) == (60, None)
    assert (by_id["quiet_sends"]["goal_is_most"], by_id["quiet_sends"]["is_met"]) == (True, True)
    assert by_id["quiet_sends"]["summed"]


def test_a_room_or_days_that_are_none_are_told(database: Path) -> None:
    assert "没有“会员9群”这个群" in bot("report", "--room", "会员9群").output
    assert "换过来写" in bot("report", "--from", "2024-12-08", "--to", "2024-12-02").output


def test_a_preview_tells_who_would_move_and_writes_nothing(database: Path) -> None:
    before = database.read_bytes()
    done = bot("score", "--preview", "--json")
    moves = json.loads(done.output)
    assert done.exit_code == 0
    assert moves == []  # they rose in the night
    assert database.read_bytes() == before


def test_a_score_is_explained_act_by_act(database: Path) -> None:
    numbers = [f"M{number}" for number in (1, 2, 3)]
    told = [json.loads(bot("explain-score", number, "--json").output) for number in numbers]
    with_acts = [it for it in told if it["reasons"]]
    assert len(with_acts) == 2
    for it in with_acts:
        assert len(it["reasons"]) == 9
        assert it["score"] == pytest.approx(sum(reason["today"] for reason in it["reasons"]))


def test_who_is_not_known_is_said(database: Path) -> None:
    assert "没有 M99 这个编号" in bot("explain-score", "M99").output
    assert "要写成员的编号" in bot("explain-score", "阿青").output


def test_without_a_database_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    done = bot("report")
    assert (done.exit_code, "还没有数据库" in done.output) == (1, True)
    assert not (tmp_path / "none.db").exists()
