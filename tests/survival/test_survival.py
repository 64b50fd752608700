"""Whatever dies, and wherever: queued exactly once, delivered at most once, never silently lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, create_engine

from bot import app
from bot.status import Status
from bot.store import session
from bot.store.writer import Writer
from tests.builders import MONDAY_9
from tests.soak import budget
from tests.survival import laws
from tests.survival.executioner import Executioner
from tests.survival.laws import Evidence
from tests.survival.line import Place
from tests.survival.platform import CHATS
from tests.survival.process import ACCOUNT, SOURCE, Mutation, sops
from tests.survival.timeline import Timeline

KILLS = budget(50, soak=1_000)


def survive(url: str, places: Sequence[Place], without: Mutation | None = None) -> Evidence:
    """Kill the bot at ``places``, let it come to rest, and gather what can be told of it."""
    furnish(url)
    with reading(url) as engine:
        executioner = Executioner(url, Timeline.starting(MONDAY_9), Random(len(places)), without)
        for place in places:
            executioner.kill(place)
        ends = executioner.let_rest(lambda now: laws.is_at_rest(engine, now))
        return Evidence.gather(engine, executioner, MONDAY_9, ends)


def furnish(url: str) -> None:
    """The rooms are enabled, and the schedules begin."""
    pipeline = app.build_pipeline(sops(), ACCOUNT, SOURCE, Status())
    writer = Writer(app.open_database(url))
    with writer.transaction(MONDAY_9) as tx:
        app.furnish(tx, pipeline, CHATS, [])
        pipeline.start(tx)
    writer.close()
    writer.engine.dispose()


@contextmanager
def reading(url: str) -> Iterator[Engine]:
    """An engine of our own: the bot's locks the database for whoever begins, and it waits for us."""
    engine = create_engine(session.open_engine(url).url)
    yield engine
    engine.dispose()


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
