"""A trial from its beginning to the evidence that is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

from sqlalchemy import Engine, create_engine

from bot import app
from bot.status import Status
from bot.store import session
from bot.store.writer import Writer
from tests.builders import MONDAY_9
from tests.survival import laws
from tests.survival.executioner import Executioner
from tests.survival.laws import Evidence
from tests.survival.line import Place
from tests.survival.platform import CHATS
from tests.survival.process import ACCOUNT, SOURCE, Mutation, sops
from tests.survival.timeline import Timeline


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
