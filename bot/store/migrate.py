"""Bringing the database to the state that the code needs; every change of it is an Alembic revision."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from bot.errors import StoreError
from bot.store import archive, backup, trouble

logger = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).parent / "migrations"
_UPGRADING = 0x626F74
"""The lock under which one process upgrades, and the others wait; any number that is ours alone."""


def upgrade(engine: Engine) -> None:
    """Run what has not been run yet. Raises ``StoreError`` for a database newer than this program.

    A SQLite database that is going to change is backed up first.
    """
    with trouble.told(engine.url), engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # another account's process may start beside us
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
        present = revision(connection)
        if present == head():
            return
        if is_newer(present):
            raise StoreError("数据库比这个程序新：它被更新的版本升级过。请用那个版本，或换回备份。")
        if present is not None and connection.dialect.name == "sqlite":
            _back_up(Path(str(engine.url.database)))
        command.upgrade(_config(connection), "head")


def _back_up(database: Path) -> None:
    """Nobody changes it meanwhile: the transaction that we are in has it for itself."""
    target = archive.before_upgrade(database)
    backup.write(database, target)
    logger.info("backed up before the upgrade: %s", target)
    archive.prune(database)


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The revision that this program needs."""
    return _scripts().get_current_head()


def is_newer(revision: str | None) -> bool:
    """Whether this program does not know the revision, because a newer one made it."""
    return revision not in {None, *(script.revision for script in _scripts().walk_revisions())}


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_SCRIPTS))
