"""The operators' handbook says what is so: its tables are today's, and what it shows can be done."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli
from bot.handbook import KEYS, refreshed, tables_of, unexplained
from bot.sop.community import Guard
from bot.sop.kinds import collect
from tests.conftest import ROOT

FILE = ROOT / "docs" / "handbook.zh.md"
TEXT = FILE.read_text(encoding="utf-8")
TYPED, SHOWN = "打进去", "会看到"
FAILS = "# 有错"


@dataclass(frozen=True)
class Block:
    """A block of code: its language, what stands behind that (a file's path, or what it is), and itself."""

    language: str
    about: str
    code: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder as it comes, to follow the handbook in; settings and logging stay out of it."""
    for name in [name for name in os.environ if name.startswith(("BOT_", "WECHATY_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    shutil.copytree(ROOT / "sops", tmp_path / "sops")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    root.handlers[:] = handlers
    root.setLevel(level)


def bot(line: str, typed: str) -> str:
    """What a command line says; it fails only where the handbook says so."""
    command, fails, _ = line.partition(FAILS)
    code, said = (_typed_into if typed else _called)(command.split()[1:], typed)
    assert (code != 0) == bool(fails), f"{line}\n{said}"
    return said


def _called(args: list[str], typed: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, args, prog_name="bot")
    return done.exit_code, done.output


def _typed_into(args: list[str], typed: str) -> tuple[int, str]:
    """What reads from a pipe has a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *args],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def steps() -> Iterator[tuple[Block, str, str]]:
    """Each block that does something, with what is typed into it and what it shows."""
    for n, block in enumerate(BLOCKS):
        after = [b for b in BLOCKS[n + 1 : n + 3] if b.language == "text"]
        typed = "".join(b.code for b in after if b.about == TYPED)
        shown = next((b.code for b in after if b.about == SHOWN), "")
        if block.language != "text":
            yield block, typed, shown if block.language == "sh" else ""


def test_what_it_says_can_be_done_from_the_first_line_to_the_last(folder: Path) -> None:
    for block, typed, shown in steps():
        if block.language == "sh":
            said = "".join(bot(line, typed) for line in block.code.splitlines())
            assert [line for line in shown.splitlines() if line not in said] == [], said
        else:
            path = folder / block.about
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")


def test_every_block_is_tried() -> None:
    assert {block.language for block in BLOCKS} <= {"sh", "yaml", "jinja", "md", "text"}
    assert [b for b in BLOCKS if b.language == "sh" and not all_bot(b.code)] == []
    assert [b for b in BLOCKS if b.language == "text" and b.about not in (TYPED, SHOWN)] == []
    assert [b for b in BLOCKS if b.language in ("yaml", "jinja", "md") and "/" not in b.about] == []
    assert TEXT.count("```") == 2 * len(BLOCKS)


def all_bot(code: str) -> bool:
    return all(line.startswith("bot ") for line in code.splitlines())


def test_its_tables_are_those_of_today() -> None:
    assert refreshed(TEXT, collect()) == TEXT, "run: make handbook"


def test_it_has_a_table_of_everything_and_every_row_has_a_meaning() -> None:
    assert tables_of(TEXT) == {"共同", "规矩", "命令", *collect()}
    assert unexplained(TEXT) == []


def test_a_new_row_waits_for_its_meaning_and_the_others_keep_theirs() -> None:
    without = re.sub(r"^\| `late_after` .*\n", "", TEXT, flags=re.MULTILINE)
    again = refreshed(without, collect())
    assert {line.split(" | ")[0] for line in unexplained(again)} == {"| `late_after`"}
    assert [line for line in again.splitlines() if line not in TEXT.splitlines()] == unexplained(again)


def test_every_key_of_the_guard_belongs_to_a_rule() -> None:
    assert sorted(key for keys in KEYS.values() for key in keys) == sorted(Guard.model_fields)


def test_every_command_of_the_command_line_is_told() -> None:
    told = set(re.findall(r"^\| `bot ([\w-]+)", TEXT, re.MULTILINE))
    assert told == {name for name, command in cli.commands.items() if not command.hidden}


def test_the_links_within_it_lead_somewhere() -> None:
    prose = re.sub(r"^```.*?^```", "", TEXT, flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in heads}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
