"""A folder with a breach of every rule of the guard, and with everything that check warns of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest

from bot.foresight.review import review
from bot.foresight.weeks import weeks
from bot.outbox.rules import Rule
from bot.sop.kinds import collect
from bot.sop.loader import SopSet, load
from bot.sop.problems import Level, Problem
from tests.builders import MONDAY_9

PLANTED = Path(__file__).parent / "planted"


def examined(sops: SopSet, begins: datetime = MONDAY_9) -> list[Problem]:
    return sorted([*review(sops, begins.date()), *weeks(sops, begins)])


@pytest.fixture(scope="module")
def planted() -> SopSet:
    loaded = load(PLANTED / "sops", PLANTED / "templates", collect())
    assert loaded.sops is not None
    assert loaded.problems == []
    return loaded.sops


@pytest.fixture(scope="module")
def found(planted: SopSet) -> Sequence[Problem]:
    return examined(planted)


def test_everything_planted_is_found_at_its_place(found: Sequence[Problem]) -> None:
    expected = json.loads((PLANTED / "expected.json").read_text(encoding="utf-8"))
    assert [asdict(problem) for problem in found] == expected


@pytest.mark.parametrize(
    ("rule", "file"),
    [
        (Rule.SAY_DO, "say-do"),
        (Rule.QUIET_HOURS, "quiet-hours"),
        (Rule.AT_ALL, "at-all"),
        (Rule.POSTS_WEEK, "posts-week-3"),
        (Rule.PROMO_WEEK, "promo-2"),
        (Rule.GIVE_ASK, "give-ask"),
        (Rule.POSTS_DAY, "posts-day-3"),
        (Rule.DISTANCE, "distance-2"),
    ],
)
def test_a_breach_of_each_rule_is_an_error_of_its_post(
    found: Sequence[Problem], rule: Rule, file: str
) -> None:
    errors = [it for it in found if it.level is Level.ERROR and it.file == f"sops/{file}.yaml"]
    assert [(it.line, it.path) for it in errors] == [(6, "post")]


def test_the_samples_have_no_problem(sops: SopSet) -> None:
    assert examined(sops) == []


def test_a_step_that_fails_is_an_error(tmp_path: Path) -> None:
    kinds, folder = tmp_path / "kinds", tmp_path / "sops"
    for path in (kinds, folder):
        path.mkdir()
    (kinds / "faulty.py").write_text(FAULTY, encoding="utf-8")
    (folder / "community.yaml").write_text(
        "name: 原野\nmission: 吃饭。\nrooms: [会员1群]\n", encoding="utf-8"
    )
    (folder / "faulty.yaml").write_text(
        "sop: faulty\nid: faulty-1\nname: 坏的\nevery: 周一 12:10\n", encoding="utf-8"
    )
    loaded = load(folder, PLANTED / "templates", collect(kinds))
    assert loaded.sops is not None
    assert [(it.file, it.line, it.path, it.message) for it in weeks(loaded.sops, MONDAY_9)] == [
        ("sops/faulty.yaml", 4, "every", "演到“post”这一步时出错了，到时候发不出来")
    ]


FAULTY = """
from datetime import timedelta

from bot.sop.kind import Kind, OnSlot
from bot.sop.language import Every, Sop


class Faulty(Sop):
    every: Every


def fail(ctx):
    raise ValueError("always")


KIND = Kind(
    "faulty",
    "坏的",
    Faulty,
    (OnSlot("post", lambda sop: sop.every, lambda sop: timedelta(hours=1), fail),),
)
"""
