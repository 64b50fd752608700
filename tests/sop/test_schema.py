"""The editors' schemas: fresh, and of one mind with the samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.sop import schema, yaml_reader
from bot.sop.kinds import collect

ROOT = Path(__file__).parents[2]

SOPS = ROOT / "sops"
SAMPLES = sorted(SOPS.glob("*.yaml"))


def wrong(path: Path, document: dict[str, Any]) -> list[str]:
    name = f"{path.stem}.json" if path.stem in ("community", "scoring", "audiences", "tags") else "sop.json"
    known = json.loads((SOPS / schema.FOLDER / name).read_text(encoding="utf-8"))
    return [error.message for error in jsonschema.Draft7Validator(known).iter_errors(document)]


def read(path: Path) -> dict[str, Any]:
    return dict(yaml_reader.read(path, path.name).data)


def test_they_are_as_the_models_are() -> None:
    for name, content in schema.files(collect(None)):
        kept = (SOPS / schema.FOLDER / name).read_text(encoding="utf-8")
        assert kept == content, f"{name} is out of date: bot schema"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_are_right_by_them_and_name_them(path: Path) -> None:
    assert wrong(path, read(path)) == []
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"evry": "周一 12:10"}, "evry"),
        ({"on_holiday": "休息"}, "休息"),
        ({"sop": "theme_days"}, "theme_days"),
        ({"digest": {"at": "周二 12:10"}}, "not valid"),
    ],
)
def test_unknown_keys_choices_kinds_and_missing_keys_are_marked(change: dict[str, Any], said: str) -> None:
    path = SOPS / "monday-origin.yaml"
    assert any(said in message for message in wrong(path, read(path) | change))
