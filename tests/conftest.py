"""What many tests need: a database, a transaction in it, the sample SOPs, and a bot in a world of its own."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from bot.events import Chat, Person
from bot.outbox.pace import Pace
from bot.reloader import Load
from bot.scenario.world import World
from bot.sop.kinds import collect
from bot.sop.loader import Loader, SopSet
from bot.store import session
from bot.store.tables import metadata
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import BOSS, KEY, MONDAY_9, ROOM
from tests.gateway.gateway import Gateway, require
from tests.listener import Listener
from tests.postgres import Server
from tests.postgres import server as postgres_server

# The same cases each time; `make soak` looks for new ones. Machines are busy, so there is no deadline.
_ANY = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
settings.register_profile("tests", _ANY, derandomize=True, database=None)
settings.register_profile("soak", _ANY, derandomize=False)
settings.load_profile("soak" if os.environ.get("SOAK") else "tests")

ROOT = Path(__file__).parent.parent

MakeWorld = Callable[..., Awaitable[World]]
NewUrl = Callable[[], str]


@pytest.fixture(autouse=True)
def _same_log_level() -> Iterator[None]:
    """Commands set the level of the whole process; what others count of the log is not to depend on it."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for all tests. CI must have it; elsewhere the tests that need it are skipped."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server())
        except Exception as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no PostgreSQL can be started here: {error}")
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewUrl]:
    """Makes URLs of empty databases; a test that asks for a database runs on both kinds."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        yield server.new_database
        server.drop_databases()
    else:
        numbers = itertools.count()
        yield lambda: f"sqlite:///{tmp_path / f'bot-{next(numbers)}.db'}"


@pytest.fixture
def url(new_url: NewUrl) -> str:
    return new_url()


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """An empty database for what is to be tried on PostgreSQL alone."""
    yield postgres.new_database()
    postgres.drop_databases()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A database with all tables, and nothing in them."""
    engine = session.open_engine(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty database for what need not be tried on both kinds."""
    engine = session.open_engine(f"sqlite:///{tmp_path / 'bot.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    writer = Writer(engine)
    yield writer
    writer.close()


@pytest.fixture
def tx(writer: Writer) -> Iterator[Transaction]:
    """An open transaction at Monday 9:00."""
    with writer.transaction(MONDAY_9) as tx:
        yield tx


@pytest.fixture(scope="session")
def loader() -> Loader:
    """What reads the SOPs that come with the project."""
    return Loader(ROOT / "sops", ROOT / "templates", collect())


@pytest.fixture(scope="session")
def sops(loader: Loader) -> SopSet:
    """The SOPs that come with the project."""
    loaded = loader()
    assert loaded.sops is not None
    assert loaded.problems == []
    return loaded.sops


@pytest.fixture
async def make_world(sops: SopSet, url: str) -> AsyncIterator[MakeWorld]:
    """Makes worlds in which the bot runs; by default with the sample SOPs, one enabled room and an admin."""
    made: list[World] = []

    async def make(
        sops: SopSet = sops,
        *,
        enabled: dict[str, Chat] | None = None,
        admins: Sequence[Person] = (BOSS,),
        pace: Pace | None = None,
        load: Load | None = None,
    ) -> World:
        world = World(sops, MONDAY_9, url, pace, load=load)
        made.append(world)
        await world.start({KEY: ROOM} if enabled is None else enabled, admins)
        return world

    yield make
    for world in made:
        await world.close()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """The sample SOPs, one enabled room and an admin."""
    return await make_world()


@pytest.fixture
def listener(writer: Writer, sops: SopSet) -> Listener:
    """The pipeline with the sample SOPs, and one enabled room."""
    return Listener(writer, sops)


@pytest.fixture(scope="session")
def gateway_process() -> Iterator[Gateway]:
    """One process for all tests: it starts in a second, and is reset in a millisecond."""
    require()
    gateway = Gateway()
    yield gateway
    gateway.kill()


@pytest.fixture
async def gateway(gateway_process: Gateway) -> Gateway:
    """The gateway as it is at its start, whatever the last test did to it."""
    await (gateway_process.reset() if gateway_process.is_running else gateway_process.start())
    return gateway_process
