"""Every conversation in this folder goes as it is written, with the SOPs that come with the project."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.scenario.play import play
from bot.scenario.playing import report
from bot.scenario.script import read
from bot.sop.loader import Loader, SopSet
from tests.soak import budget

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.yaml"))
OF_A_TOPIC = budget(3, soak=1_000)
"""So many are played on PostgreSQL, too; what is asked of the store is tried on both elsewhere."""


def lasts(file: Path) -> timedelta:
    """From the first line to the last, by the bot's clock."""
    script, zone = read(file), ZoneInfo("Asia/Shanghai")
    first = last = datetime.fromisoformat(script.begins).replace(tzinfo=zone)
    for line in script.talk:
        last = line.moment(last, last, zone)
    return last - first


CASES = [
    *((file, "sqlite") for file in FILES),
    *(
        (file, "postgresql")
        for _, files in groupby(FILES, key=lambda it: it.parent)
        for file in sorted(files, key=lasts)[:OF_A_TOPIC]  # each night takes its time there
    ),
]


def named(value: Path | str) -> str:
    return value if isinstance(value, str) else value.relative_to(HERE).with_suffix("").as_posix()


@pytest.mark.soak
@pytest.mark.parametrize(("file", "new_url"), CASES, indirect=["new_url"], ids=named)
async def test_it_goes_as_written(file: Path, sops: SopSet, loader: Loader, url: str) -> None:
    played = await play(read(file), sops, url, loader)
    assert not played.failure, report(played)


def test_there_are_scenarios_of_every_topic() -> None:
    topics = {
        "audiences",
        "identities",
        "mouth",
        "operators",
        "people",
        "challenge",
        "challenge_weeks",
        "commands",
        "complaint",
        "desk",
        "guard",
        "outbox",
        "qa_day",
        "reload",
        "report",
        "rights",
        "rooms",
        "survey",
        "tags",
        "theme_day",
        "wakeup",
        "wechat",
        "welcome",
        "why",
    }
    assert {file.parent.name for file in FILES} == topics
