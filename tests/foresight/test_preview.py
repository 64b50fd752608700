"""``bot preview``, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli
from tests.conftest import ROOT

FROM = ("--from", "2026-11-30 09:00")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sops").mkdir()
    for file in (ROOT / "sops").glob("*.yaml"):
        (tmp_path / "sops" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bot(*args: str) -> str:
    done = CliRunner().invoke(cli, args, prog_name="bot", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_very_message_is_shown_above_where_and_when_it_goes() -> None:
    text, _, foot = bot("preview", "周一溯源日", *FROM).partition("└ ")
    planned = [
        it
        for it in json.loads(bot("calendar", "--days", "1", *FROM, "--json"))
        if it["sop"] == "monday-origin" and it["step"]
    ]
    assert {it["text"] for it in planned} == {text.strip()}
    assert min(it["at"] for it in planned)[:16] == "2026-11-30T12:10"
    assert foot.strip() == f"11月30日 周一 12:10 发3群，{len(planned[0]['text'])}字"


def test_each_step_is_shown_once() -> None:
    feet = [line for line in bot("preview", "friday-qa", *FROM).splitlines() if line.startswith("└")]
    assert [foot.split(" 发")[0] for foot in feet] == ["└ 12月3日 周四 12:10", "└ 12月4日 周五 19:30"]


def test_a_program_reads_each_room_of_each_step() -> None:
    found = json.loads(bot("preview", "friday-qa", *FROM, "--json"))
    assert [(it["room"], it["at"][:10]) for it in found] == [
        (room, day) for day in ("2026-12-03", "2026-12-04") for room in ("会员1群", "会员2群", "会员3群")
    ]


def test_a_draft_is_shown_as_if_it_were_switched_on(folder: Path) -> None:
    bot("new", "theme_day", "--id", "my-story")
    draft = folder / "sops" / "my-story.yaml"
    assert "enabled: false" in draft.read_text("utf-8")
    assert "└ " in bot("preview", "my-story", *FROM)


def test_what_only_answers_is_said_to() -> None:
    assert bot("preview", "welcome-survey", *FROM) == (
        "“新朋友问卷”14天里没有按时间发的，它只接别人的话。想看怎么接：bot simulate\n"
    )


def test_who_is_not_there_is_no_traceback() -> None:
    done = CliRunner().invoke(cli, ["preview", "溯源", *FROM])
    assert (done.exit_code, "没有叫“溯源”的 SOP" in done.output) == (1, True)
