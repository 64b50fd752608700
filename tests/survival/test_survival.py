"""Whatever dies, and wherever: queued exactly once, delivered at most once, never silently lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.soak import budget
from tests.survival.line import Place
from tests.survival.process import Mutation
from tests.survival.trial import survive

KILLS = budget(50, soak=1_000)


def mixed(kills: int) -> list[Place]:
    """So many places; ten of fifty are inside a batch, twenty between a commit and the call, ten in it."""
    shares = {Place.IN_BATCH: 10, Place.QUEUED: 10, Place.CLAIMED: 10, Place.CALLED: 3, Place.SHOWN: 7}
    of_fifty = Counter({**shares, Place.ANYWHERE: 10})
    places = [*of_fifty.elements()] * (kills // 50)
    Random(kills).shuffle(places)
    return places


@pytest.mark.soak
def test_nothing_is_lost_and_nothing_is_said_twice(url: str) -> None:
    evidence = survive(url, mixed(KILLS))
    assert evidence.violations() == []
    kills = evidence.kills
    assert kills.total() == KILLS
    assert min(kills[Place.IN_BATCH], kills[Place.CLAIMED], kills[Place.CALLED] + kills[Place.SHOWN]) >= 10
    assert min(evidence.counts().values()) > 0, evidence.counts()


@pytest.mark.parametrize(
    ("without", "place", "broken"),
    [
        (Mutation.COMMIT_OF_SENDING, Place.SHOWN, "no_text_was_shown_twice"),
        (Mutation.COMMIT_OF_EVENTS, Place.IN_BATCH, "what_was_acknowledged_is_recorded_once"),
    ],
    ids=["of sending", "of events"],
)
def test_without_the_commit_it_turns_red(
    tmp_path: Path, without: Mutation, place: Place, broken: str
) -> None:
    evidence = survive(f"sqlite:///{tmp_path / 'bot.db'}", [place] * 6, without)
    assert broken in {violation.split(":")[0] for violation in evidence.violations()}
