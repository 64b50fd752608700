from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sop.index import Index
from bot.sop.loader import SopSet
from bot.store import session
from bot.store.tables import metadata
from bot.store.writer import Writer
from tests.builders import only
from tests.fuzz.hall import Hall
from tests.postgres import Server


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory, sops: SopSet) -> Iterator[Hall]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    yield from _hall(f"sqlite:///{folder / 'bot.db'}", sops)


@pytest.fixture(scope="module")
def hall_without_gate(tmp_path_factory: pytest.TempPathFactory, sops: SopSet) -> Iterator[Hall]:
    """Where nobody minds who becomes a friend; at a gate a stranger's first words make one."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    greets = {candidate.sop.id for candidate in Index(sops).friends}
    yield from _hall(f"sqlite:///{folder / 'bot.db'}", only(sops, *(sops.sops.keys() - greets)))


@pytest.fixture
def server_hall(postgres: Server, sops: SopSet) -> Iterator[Hall]:
    """The same on PostgreSQL."""
    yield from _hall(postgres.new_database(), sops)
    postgres.drop_databases()


def _hall(url: str, sops: SopSet) -> Iterator[Hall]:
    engine = session.open_engine(url)
    metadata.create_all(engine)
    writer = Writer(engine)
    yield Hall(writer, sops)
    writer.close()
    engine.dispose()
