from __future__ import annotations

import logging
import re
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from bot.errors import StoreError
from bot.store import migrate
from bot.store.session import open_engine
from bot.store.tables import metadata
from tests.conftest import NewUrl
from tests.store.damage import spoil_pages

INDEXES = {
    "sqlite": "select name, sql from sqlite_master where type in ('index', 'trigger') and sql <> ''"
    " union select name, sql from sqlite_master where sql like 'create virtual table%'",
    "postgresql": "select indexname as name, indexdef as sql from pg_indexes"
    " where schemaname = 'public' and tablename <> 'alembic_version'",
}


def as_tables_say(connection: Connection) -> MigrationContext:
    """What the search index keeps for itself is in no table of ours."""

    def ours(_: object, name: str | None, *more: object) -> bool:
        return not (name or "").startswith(("document_words", "ix_document_words"))

    return MigrationContext.configure(connection, opts={"include_object": ours})


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
        assert compare_metadata(as_tables_say(connection), metadata) == []


def test_the_migrations_make_the_very_indexes_of_the_tables(migrated: Engine, engine: Engine) -> None:
    assert indexes(migrated) == indexes(engine)
    assert any("WHERE" in sql for sql in indexes(migrated).values())


def test_a_migration_does_not_change_with_the_program() -> None:
    for file in (migrate._SCRIPTS / "versions").glob("*.py"):
        named = re.findall(r"^(?:from|import) (bot[\w.]*)", file.read_text(), re.MULTILINE)
        assert set(named) <= {"bot.store.types"}, file.name


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


# --- a backup before what changes a file ---

NEXT = """\
from alembic import op

revision, down_revision = "next", "{0}"


def upgrade() -> None:
    op.execute("CREATE TABLE brand_new (a INTEGER)")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite database that is up to date."""
    path = tmp_path / "bot.db"
    bring_up(path)
    return path


@pytest.fixture
def newer_program(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gets one more revision."""
    scripts = shutil.copytree(migrate._SCRIPTS, tmp_path / "migrations")
    (scripts / "versions" / "next.py").write_text(NEXT.format(migrate.head()))
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)


def bring_up(database: Path) -> None:
    engine = open_engine(f"sqlite:///{database}")
    try:
        migrate.upgrade(engine)
    finally:
        engine.dispose()


def backups(database: Path) -> list[Path]:
    return sorted((database.parent / "backups").glob("*"))


def tables_of(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


@pytest.mark.usefixtures("newer_program")
def test_a_file_that_is_going_to_change_is_backed_up_first_and_the_log_names_it(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        bring_up(file)
    (backup,) = backups(file)
    assert backup.match("bot-????????-??????-before-upgrade.db")
    assert f"backed up before the upgrade: {backup}" in caplog.messages
    assert "brand_new" in tables_of(file)
    assert tables_of(backup) == tables_of(file) - {"brand_new"}


def test_what_is_new_or_up_to_date_is_not_backed_up(file: Path) -> None:
    bring_up(file)
    assert backups(file) == []


@pytest.mark.usefixtures("newer_program")
def test_the_backups_of_the_last_five_upgrades_stay(file: Path) -> None:
    for number in range(1, 8):
        (file.parent / "backups").mkdir(exist_ok=True)
        (file.parent / "backups" / f"bot-2026010{number}-040000-before-upgrade.db").touch()
    bring_up(file)
    assert len(backups(file)) == 5
    assert backups(file)[0].name.startswith("bot-20260104")


@pytest.mark.usefixtures("newer_program")
def test_without_a_backup_nothing_is_changed(file: Path) -> None:
    (file.parent / "backups").write_text("in the way")
    with pytest.raises(StoreError, match="建不起来"):
        bring_up(file)
    assert "brand_new" not in tables_of(file)


@pytest.mark.usefixtures("newer_program")
def test_a_damaged_file_is_not_upgraded(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executemany("INSERT INTO counter VALUES (?, 1)", [(f"scope {n}",) for n in range(2_000)])
        connection.commit()
    spoil_pages(file)
    with pytest.raises(StoreError, match="坏了"):
        bring_up(file)
    assert backups(file) == []
    assert "brand_new" not in tables_of(file)
