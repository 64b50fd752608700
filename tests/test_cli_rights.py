from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from bot import app, config
from bot.cli import cli
from bot.people import directory
from bot.rights import due
from bot.store.tables import identity, interaction, texts
from bot.store.writer import Writer
from tests.builders import QING, rows
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to stand in, as it comes."""
    for name in ("sops", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "BOT_PHONE_KEY", "BOT_MEDIA", "BOT_SOPS", "BOT_TEMPLATES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def database(folder: Path) -> Iterator[Writer]:
    """One member, and a text whose time is over."""
    writer = Writer(app.open_database("sqlite:///data/bot.db"), without_thread=True)
    now = datetime.now(UTC)
    with writer.transaction(now - timedelta(hours=1)) as tx:
        directory.meet(tx, "wechaty:main", [QING])
        tx.connection.execute(insert(texts).values(id=1, body="旧话", keep_until=now - timedelta(days=1)))
    yield writer
    writer.close()
    writer.engine.dispose()


def bot(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="bot")


def kept(database: Writer) -> list[str]:
    with database.engine.connect() as connection:
        return [row["body"] for row in rows(connection, texts)]


def test_what_the_night_would_delete_is_told_and_stays(database: Writer) -> None:
    told = bot("retention", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "会删：成员的话1" in told.output
    found = json.loads(bot("retention", "--dry-run", "--json").output)
    assert (found["dry_run"], found["texts"], found["answers"]) == (True, 1, 0)
    assert kept(database) == ["旧话"]


def test_it_is_done_at_once(database: Writer) -> None:
    assert "删了：成员的话1" in bot("retention").output
    assert kept(database) == []
    assert "没有到期的" in bot("retention").output


def test_everything_about_a_member_is_written_and_that_is_on_record(database: Writer) -> None:
    done = bot("export", "member", "M1", "--out", "me.zip")
    assert done.exit_code == 0, done.output
    assert Path("me.zip").stat().st_mode & 0o077 == 0
    with zipfile.ZipFile("me.zip") as archive:
        held = json.loads(archive.read("data.json"))
        assert "identity.csv" in archive.namelist()
    assert [it["name"] for it in held["identity"]] == [QING.name]
    assert json.loads(bot("export", "member", "1", "--json").output)["identity"] == held["identity"]
    with database.engine.connect() as connection:
        assert len(rows(connection, interaction, name="data_exported")) == 2


def test_nobody_of_that_number_is_said(database: Writer) -> None:
    done = bot("export", "member", "M9")
    assert done.exit_code == 1
    assert "没有 M9 这个编号" in done.output


def test_a_restore_forgets_again(database: Writer) -> None:
    assert bot("db", "backup", "before.db").exit_code == 0
    settings = config.offline()
    with database.transaction(datetime.now(UTC)) as tx:
        (member_id,) = {row["member_id"] for row in rows(tx.connection, identity)}
        due.plan(tx, member_id)
    with database.transaction(datetime.now(UTC) + timedelta(minutes=2)) as tx:
        due.tick(tx, app.phone_key_of(settings), app.files_of(settings))
    for errand in tx.errands:
        errand.do()
    database.close()
    database.engine.dispose()
    done = bot("db", "restore", "before.db")
    assert "1 个账号又忘了一遍" in done.output
    assert QING.name.encode() not in Path("data/bot.db").read_bytes()
