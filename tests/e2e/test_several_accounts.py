"""Several accounts, each with a real process, on one PostgreSQL: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from sqlalchemy import Engine, Table

from bot.store import session
from bot.store.tables import failure, identity, interaction, member, metadata, outgoing
from tests.builders import rows
from tests.conftest import ROOT
from tests.e2e.talker import PEOPLE, QUESTIONS, ROUNDS, talk
from tests.postgres import Server

KEYS = {"a": "会员1群", "b": "会员2群", "c": "会员3群"}
Talker = asyncio.subprocess.Process
StartTalker = Callable[[str], Awaitable[Talker]]


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = session.open_engine(postgres_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
async def start(engine: Engine, postgres_url: str) -> AsyncIterator[StartTalker]:
    """Starts the process of an account, which waits for ``go``."""
    started: list[Talker] = []

    async def start(account: str) -> Talker:
        talker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.talker", postgres_url, account, KEYS[account]),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(talker)
        assert await line(talker) == "ready"
        return talker

    yield start
    for talker in started:
        if talker.returncode is None:
            talker.kill()
        await talker.communicate()


async def line(talker: Talker) -> str:
    assert talker.stdout is not None
    async with asyncio.timeout(60):
        return (await talker.stdout.readline()).decode().strip()


def go(talker: Talker) -> None:
    assert talker.stdin is not None
    talker.stdin.write(b"\n")


async def ended(talker: Talker) -> int:
    async with asyncio.timeout(60):
        await talker.communicate()
    assert talker.returncode is not None
    return talker.returncode


def look(engine: Engine, table: Table, **where: object) -> list[dict[str, object]]:
    with engine.connect() as connection:
        return [dict(row) for row in rows(connection, table, **where)]


def assert_all_is_there_once(engine: Engine) -> None:
    for account in KEYS:
        heard = [row["source_id"] for row in look(engine, interaction, source=f"fake:{account}")]
        assert sorted(map(str, heard)) == sorted(event.id for part in talk(account) for event in part)
        answers = look(engine, outgoing, account=account)
        assert len(answers) == ROUNDS * QUESTIONS
        assert {row["state"] for row in answers} <= {"sent", "unknown"}
    numbers = {row["number"] for row in look(engine, member)}
    assert numbers == set(range(1, len(KEYS) * len(PEOPLE) + 1))
    used = [row["id"] for table in (member, identity, interaction, outgoing) for row in look(engine, table)]
    assert len(used) == len(set(used))
    assert look(engine, failure) == []


async def test_what_is_said_at_the_same_time_is_recorded_and_answered_once(
    start: StartTalker, engine: Engine
) -> None:
    talkers = [await start(account) for account in KEYS]
    for talker in talkers:
        go(talker)
    assert await asyncio.gather(*map(ended, talkers)) == [0, 0, 0]
    assert_all_is_there_once(engine)
    assert {row["state"] for row in look(engine, outgoing)} == {"sent"}


async def test_one_that_is_killed_costs_the_others_nothing_and_goes_on_when_it_is_back(
    start: StartTalker, engine: Engine
) -> None:
    killed, *others = [await start(account) for account in KEYS]
    for talker in (killed, *others):
        go(talker)
    assert await line(killed) == "0"
    killed.kill()
    again = await start("a")
    go(again)
    assert await asyncio.gather(*map(ended, (again, *others))) == [0, 0, 0]
    assert_all_is_there_once(engine)


async def test_a_server_that_goes_away_under_all_of_them_costs_nothing(
    start: StartTalker, engine: Engine, postgres: Server
) -> None:
    talkers = [await start(account) for account in KEYS]
    for talker in talkers:
        go(talker)
    assert await line(talkers[0]) == "0"
    postgres.end_connections()
    assert await asyncio.gather(*map(ended, talkers)) == [0, 0, 0]
    assert_all_is_there_once(engine)
