"""The house keeps its rules: who may import whom, and nothing that a stranger's machine could not do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = (
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as go; go()"
    )
    return subprocess.run(
        [sys.executable, "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code and its rules, to be spoilt."""
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_import_rules_hold_and_list_no_exceptions() -> None:
    assert lint_imports(ROOT).returncode == 0
    assert not [rule["name"] for rule in RULES["contracts"] if "ignore_imports" in rule]


@pytest.mark.parametrize(
    ("module", "forbidden", "rule"),
    [
        (
            "bot/sop/kinds/theme_day/post.py",
            "import bot.channels.base",
            "Kinds know nothing of commands, channels",
        ),
        (
            "bot/sop/kinds/theme_day/post.py",
            "import bot.sop.kinds.challenge",
            "Kinds know nothing of each other",
        ),
        ("bot/sop/index.py", "import bot.sop.kinds.theme_day", "The language knows no kind"),
        ("bot/channels/fake.py", "import bot.store.tables", "The house stands in layers"),
        ("bot/store/tables.py", "import bot.pipeline", "The house stands in layers"),
        ("bot/pipeline.py", "import asyncio", "The core is synchronous"),
        ("bot/channels/wechaty/link.py", "import wechaty", "Nobody imports wechaty itself"),
    ],
)
def test_a_forbidden_import_is_found(copy: Path, module: str, forbidden: str, rule: str) -> None:
    with (copy / module).open("a") as file:
        file.write(f"\n{forbidden}\n")
    outcome = lint_imports(copy)
    assert outcome.returncode != 0
    assert re.search(
        rf"{re.escape(rule)}.* BROKEN",
        outcome.stdout.replace("\n", " ")[: outcome.stdout.find("Broken contracts")],
    )


def test_every_table_and_module_has_a_docstring() -> None:
    bare = [path for path in (ROOT / "bot").rglob("*.py") if not path.read_text().startswith('"""')]
    assert bare == []


def test_the_lock_files_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "tests/gateway/package-lock.json"):
        text = (ROOT / name).read_text()
        assert "://" not in re.sub(r'"(funding|url)": .*', "", text), name
        assert "resolved" not in text
