from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot import app
from bot.errors import StoreError
from bot.store import archive
from bot.store import restore as restoring
from bot.store.backup import write
from bot.store.owner import owning
from bot.store.restore import restore
from bot.store.tables import counter
from tests.builders import Boom
from tests.store.damage import spoil_pages, spoil_start, truncate


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The database as it is now: it says 2, and a note stands in its log alone, as after a SIGKILL."""
    path = tmp_path / "bot.db"
    make(path, says=2)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE note (a)")
        connection.commit()
        killed = {file: file.read_bytes() for file in (path, Path(f"{path}-wal"))}
    for file, held in killed.items():
        file.write_bytes(held)
    return path


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup, that says 1."""
    make(tmp_path / "old.db", says=1)
    write(tmp_path / "old.db", tmp_path / "backups" / "old.db")
    return tmp_path / "backups" / "old.db"


def make(database: Path, says: int) -> None:
    engine = app.open_database(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(insert(counter).values(scope="it", last=says))
        connection.execute(insert(counter), [{"scope": f"scope {says} {n}", "last": n} for n in range(2_000)])
    engine.dispose()


def says(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT last FROM counter WHERE scope = 'it'").fetchone()[0])


def bring_back(database: Path, backup: Path) -> Path | None:
    return restore(f"sqlite:///{database}", "main", backup)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_backup_takes_the_place_of_the_database_which_is_kept(database: Path, backup: Path) -> None:
    kept = bring_back(database, backup)
    assert kept is not None
    assert kept.match("backups/bot-????????-??????-replaced.db")
    assert (says(database), says(kept), says(backup)) == (1, 2, 1)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_one_more_restore_undoes_it(database: Path, backup: Path) -> None:
    kept = bring_back(database, backup)
    assert kept is not None
    again = bring_back(database, kept)
    assert again is not None
    assert (says(database), says(again)) == (2, 1)


def test_nothing_is_left_lying_about(database: Path, backup: Path) -> None:
    before = files(database.parent)
    bring_back(database, backup)
    assert files(database.parent) == before - {"bot.db-wal"} | {"bot.db.main.lock"}
    assert len(files(backup.parent)) == 2


def test_what_a_killed_restore_left_is_in_nobodys_way(database: Path, backup: Path) -> None:
    leftovers = {"bot.db.restoring", "bot.db.restoring-wal", "bot.db.restoring.part"}
    for name in leftovers:
        (database.parent / name).touch()
    bring_back(database, backup)
    assert not leftovers & files(database.parent)
    assert says(database) == 1


@pytest.mark.parametrize("spoil", [spoil_start, spoil_pages, truncate])
def test_a_damaged_database_is_kept_byte_for_byte(
    database: Path, backup: Path, spoil: Callable[[Path], None]
) -> None:
    Path(f"{database}-wal").unlink()
    spoil(database)
    damaged = database.read_bytes()
    kept = bring_back(database, backup)
    assert kept is not None
    assert kept.read_bytes() == damaged
    assert says(database) == 1


def test_the_log_of_a_damaged_database_is_kept_and_does_not_spoil_the_new_one(
    database: Path, backup: Path
) -> None:
    log = Path(f"{database}-wal")
    logged = log.read_bytes()
    spoil_pages(database)
    kept = bring_back(database, backup)
    assert kept is not None
    assert Path(f"{kept}-wal").read_bytes() == logged
    assert not log.exists()
    assert says(database) == 1


def test_where_there_is_no_database_the_backup_becomes_it(database: Path, backup: Path) -> None:
    other = database.with_name("other.db")
    assert bring_back(other, backup) is None
    assert says(other) == 1


def test_the_database_keeps_its_owner_and_who_may_read_it(database: Path, backup: Path) -> None:
    database.chmod(0o640)
    if os.getuid() == 0:
        os.chown(database, 1234, 1234)
    before = database.stat()
    bring_back(database, backup)
    after = database.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


@pytest.mark.parametrize("account", ["main", "second"])
def test_while_a_process_owns_an_account_nothing_is_restored(
    database: Path, backup: Path, account: str
) -> None:
    with (
        owning(f"sqlite:///{database}", account),
        pytest.raises(StoreError, match=f"账号 {account} 正由另一个"),
    ):
        bring_back(database, backup)
    assert says(database) == 2


def letter(path: Path) -> None:
    path.write_text("这是一封信\n" * 1_000)


def another_programs(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (a)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (letter, "坏了，或者不是数据库"),
        (spoil_pages, "坏了"),
        (truncate, "坏了"),
        (another_programs, "不是这个机器人的数据库"),
        (newer, "比这个程序新"),
        (Path.unlink, "没有备份文件"),
    ],
)
def test_what_is_no_sound_backup_of_ours_is_refused(
    database: Path, backup: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(backup)
    with pytest.raises(StoreError, match=f"{backup}.*{said}|{said}.*{backup}"):
        bring_back(database, backup)
    assert says(database) == 2
    assert "bot.db.restoring" not in files(database.parent)


def test_the_database_itself_is_no_backup(database: Path) -> None:
    with pytest.raises(StoreError, match="就是现在的数据库"):
        bring_back(database, database)


def test_a_backup_of_an_older_program_is_taken_and_upgraded_at_the_next_start(
    database: Path, backup: Path
) -> None:
    bring_back(database, backup)
    app.open_database(f"sqlite:///{database}").dispose()
    assert says(database) == 1


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_changed(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fresh: Path, _database: Path) -> None:
        raise PermissionError(13, "Permission denied", str(fresh))

    monkeypatch.setattr(restoring, "_put", refuse)
    with pytest.raises(StoreError, match="换不了：Permission denied"):
        bring_back(database, backup)
    assert says(database) == 2
    assert "bot.db.restoring" not in files(database.parent)


def test_a_restore_that_dies_at_the_last_moment_leaves_the_database_whole(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(fresh: Path, database: Path) -> None:
        for log in archive.logs(database):
            log.unlink(missing_ok=True)
        raise Boom

    monkeypatch.setattr(restoring, "_put", die)
    with pytest.raises(Boom):
        bring_back(database, backup)
    assert says(database) == 2
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("SELECT * FROM note")  # was in the log alone
