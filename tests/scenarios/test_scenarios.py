"""Every conversation in this folder goes as it is written, with the SOPs that come with the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.scenario.play import play, report
from bot.scenario.script import read
from bot.sop.loader import SopSet

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(HERE).with_suffix("").as_posix())
async def test_it_goes_as_written(file: Path, sops: SopSet, url: str) -> None:
    played = await play(read(file), sops, url)
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
