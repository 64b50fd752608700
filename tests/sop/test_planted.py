"""A folder with every mistake that operators make, each beside a twin without it."""

from __future__ import annotations

import json
from pathlib import Path

from bot.sop.kinds import collect
from bot.sop.loader import Loaded, load

PLANTED = Path(__file__).parent / "planted"
FIELDS = ("file", "line", "column", "path", "message", "suggestion")


def loaded(folder: Path) -> Loaded:
    return load(folder / "sops", folder / "templates", collect())


def test_every_planted_mistake_is_found_in_one_pass_at_its_place() -> None:
    found = [{name: getattr(problem, name) for name in FIELDS} for problem in loaded(PLANTED).problems]
    assert found == json.loads((PLANTED / "expected.json").read_text(encoding="utf-8"))


def test_files_with_mistakes_are_left_out_while_the_others_run() -> None:
    sops = loaded(PLANTED).sops
    assert sops is not None
    assert set(sops.sops) == {"same-id", "same-tag-1"}


def test_the_twins_have_no_mistakes() -> None:
    twins = loaded(PLANTED / "twins")
    assert twins.problems == []
    assert twins.sops is not None
    assert len(twins.sops.sops) == len(list((PLANTED / "sops").glob("*.yaml"))) - 1  # without community.yaml
