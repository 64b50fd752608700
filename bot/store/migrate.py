"""Bringing the database to the state that the code needs; every change of it is an Alembic revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from bot.errors import StoreError

_SCRIPTS = Path(__file__).parent / "migrations"
_UPGRADING = 0x626F74
"""The lock under which one process upgrades, and the others wait; any number that is ours alone."""


def upgrade(engine: Engine) -> None:
    """Run what has not been run yet. Raises ``StoreError`` for a database newer than this program."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # another account's process may start beside us
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
        config = _config(connection)
        if _is_newer(connection, config):
            raise StoreError("数据库比这个程序新：它被更新的版本升级过。请用那个版本，或换回备份。")
        command.upgrade(config, "head")


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _is_newer(connection: Connection, config: Config) -> bool:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return revision(connection) not in {None, *known}
