from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from bot.errors import StoreError
from bot.store import migrate
from bot.store.session import open_engine
from bot.store.tables import metadata
from tests.conftest import NewUrl

INDEXES = {
    "sqlite": "select name, sql from sqlite_master where type = 'index' and sql <> ''",
    "postgresql": "select indexname as name, indexdef as sql from pg_indexes"
    " where schemaname = 'public' and tablename <> 'alembic_version'",
}


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return migrate.revision(connection)


@pytest.fixture
def migrated(new_url: NewUrl) -> Iterator[Engine]:
    """A database that was made by the migrations alone."""
    engine = open_engine(new_url())
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


def indexes(engine: Engine) -> dict[str, str]:
    """The indexes as the database has them, with the conditions of partial ones."""
    with engine.connect() as connection:
        return {row.name: row.sql for row in connection.execute(text(INDEXES[engine.dialect.name]))}


def test_the_migrations_make_what_the_tables_say(migrated: Engine) -> None:
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_migrations_make_the_very_indexes_of_the_tables(migrated: Engine, engine: Engine) -> None:
    assert indexes(migrated) == indexes(engine)
    assert any("WHERE" in sql for sql in indexes(migrated).values())


def test_the_migrations_make_the_very_keys_of_the_tables(migrated: Engine, engine: Engine) -> None:
    for table in metadata.tables:
        made, wanted = inspect(migrated), inspect(engine)
        assert made.get_pk_constraint(table) == wanted.get_pk_constraint(table)
        assert made.get_unique_constraints(table) == wanted.get_unique_constraints(table)


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(migrated: Engine) -> None:
    before = revision_of(migrated)
    migrate.upgrade(migrated)
    assert revision_of(migrated) == before is not None


def test_processes_that_start_together_upgrade_one_after_the_other(postgres_url: str) -> None:
    engines = [open_engine(postgres_url) for _ in range(3)]
    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(migrate.upgrade, engines))
    assert revision_of(engines[0]) is not None
    for engine in engines:
        engine.dispose()


def test_an_empty_database_has_no_revision(engine: Engine) -> None:
    assert revision_of(engine) is None


def test_a_database_newer_than_the_program_is_refused(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="数据库比这个程序新"):
        migrate.upgrade(migrated)
    assert revision_of(migrated) == "9999"
