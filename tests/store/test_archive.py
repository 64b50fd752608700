from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.store import archive


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "bot.db"


def lay(database: Path, name: str, at: int) -> Path:
    """A backup that was made at a moment."""
    path = database.parent / "backups" / name
    path.touch()
    os.utime(path, (at, at))
    return path


def test_a_backup_lies_beside_its_database_under_its_name_and_the_time(database: Path) -> None:
    assert archive.new(database).parent == database.parent / "backups"
    assert archive.new(database).match("bot-20??????-??????.db")
    assert archive.before_upgrade(database).match("bot-20??????-??????-before-upgrade.db")


def test_no_name_is_given_twice(database: Path) -> None:
    names = []
    for _ in range(3):
        names.append(path := archive.new(database))
        path.touch()
    assert len(set(names)) == 3


def test_the_newest_backup_is_no_database_that_was_replaced_and_no_other_databases(database: Path) -> None:
    assert archive.newest(database) is None
    lay(database, "bot-20261101-040000.db", at=1)
    newest = lay(database, "bot-20261102-040000-before-upgrade.db", at=2)
    lay(database, "bot-20261103-040000-replaced.db", at=3)
    lay(database, "bot-20261103-040000-replaced-2.db", at=4)
    lay(database, "bot-2-20261104-040000.db", at=5)
    lay(database, "bot-20261105-040000.db.part", at=6)
    assert archive.newest(database) == newest


def test_of_what_upgrades_left_the_last_five_stay_and_of_what_was_asked_for_all(database: Path) -> None:
    ours = [lay(database, f"bot-2026110{n}-040000-before-upgrade.db", at=n) for n in range(1, 8)]
    others = [
        lay(database, name, at=0)
        for name in (
            "bot-20261101-040000.db",
            "bot-20261101-040000-replaced.db",
            "bot-2-20261101-040000-before-upgrade.db",
        )
    ]
    archive.prune(database)
    assert [path.exists() for path in ours] == [False, False, True, True, True, True, True]
    assert all(path.exists() for path in others)
