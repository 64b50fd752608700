"""What the README shows is what is printed today."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
_SHOWN = re.compile(r"<!-- prints: bot (.+?) -->\n```text\n(.*?)```", re.DOTALL)
LEFT_OUT = "…"


@pytest.mark.parametrize(("command", "shown"), _SHOWN.findall(README))
def test_it_shows_what_is_printed(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    _holds(shown, CliRunner().invoke(cli, shlex.split(command)).stdout)


def _holds(shown: str, whole: str) -> None:
    printed, may_skip = iter(whole.splitlines()), False
    for line in shown.splitlines():
        if line == LEFT_OUT:
            may_skip = True
            continue
        assert line in _from(printed, may_skip), f"not printed, or not there: {line}"
        may_skip = False
    assert may_skip or next(printed, None) is None, "it prints more"


_SAMPLE = re.compile(r"<!-- makes a sample -->\n```sh\n(.*?)```", re.DOTALL)
_OF_SAMPLE = re.compile(r"<!-- prints of the sample: bot (.+?) -->\n```text\n(.*?)```", re.DOTALL)
_FILE = "data/sample.db"


def test_it_shows_what_the_sample_comes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six weeks are played: this takes a while."""
    (made,), ((command, shown),) = _SAMPLE.findall(README), _OF_SAMPLE.findall(README)
    database = tmp_path / "sample.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database}")
    commands = re.findall(r"^\.venv/bin/bot (.+)$", made, re.MULTILINE)
    assert len(commands) == 5
    for one in commands:
        done = CliRunner().invoke(cli, shlex.split(one.replace(_FILE, str(database))))
        assert done.exit_code == 0, done.output
    _holds(shown, CliRunner().invoke(cli, shlex.split(command)).stdout)


def _from(printed: Iterator[str], may_skip: bool) -> Iterator[str]:
    """The next line that is printed; all that follow, where some are left out."""
    return printed if may_skip else iter([next(printed, "")])


def test_there_is_something_of_each() -> None:
    shown = {command.split()[0] for command, _ in _SHOWN.findall(README)}
    assert shown >= {"calendar", "check", "simulate"}
