from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from bot import app
from bot.cli import cli
from bot.events import Person
from bot.people import consent, directory, roles
from bot.scoring import days
from bot.store import log, mouth
from bot.store.figures import contribution
from bot.store.session import insert_new
from bot.store.tables import interaction
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import ROOM, rows
from tests.conftest import ROOT

ZONE = ZoneInfo("Asia/Shanghai")
NAMES = ("阿青", "=小麦", "老周", "管管", "静静", "走了")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to stand in, as it comes."""
    for name in ("sops", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "BOT_PHONE_KEY", "BOT_MEDIA", "BOT_SOPS", "BOT_TEMPLATES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def did(tx: Transaction, identity_id: int, times: int, at: datetime) -> None:
    """They said so many things on a day, which the night counted."""
    said = [
        log.entry(tx, "wechaty:main", f"{identity_id}:{n}", "link_shared", at, identity_id=identity_id)
        for n in range(times)
    ]
    log.append(tx, said)
    row = {"identity_id": identity_id, "day": days.number(at, ZONE), "dimension": "传播"}
    insert_new(tx.connection, contribution, [{**row, "points": float(times)}])


@pytest.fixture(autouse=True)
def database(folder: Path) -> Iterator[Writer]:
    """Six who did a lot: one is staff, one wants not to be chosen, one left; the first did most."""
    writer = Writer(app.open_database("sqlite:///data/bot.db"), without_thread=True)
    now = datetime.now(UTC)
    with writer.transaction(now - timedelta(days=100)) as tx:
        room = directory.bind_room(tx, "main", ROOM, "会员1群")
        people = directory.meet(tx, "wechaty:main", [Person(name, name) for name in NAMES])
        found = [people[name] for name in NAMES]
        for n, person in enumerate(found):
            directory.join(tx, room.id, person.identity_id, tx.now, "")
            did(tx, person.identity_id, 9 - n, now - timedelta(days=3))
        roles.give(tx, found[3].member_id, roles.ADMIN, given_by=None)
        consent.decide(tx, found[4].member_id, consent.PERSONAL, given=False, cause=None)
        directory.leave(tx, room.id, found[5].identity_id, now)
    yield writer
    writer.close()
    writer.engine.dispose()


def bot(*args: str) -> Result:
    return CliRunner().invoke(cli, ["export", "thanks", "--for", "新年", *args], prog_name="bot")


def on_record(database: Writer) -> list[tuple[str, bool]]:
    with database.engine.connect() as connection:
        found = rows(connection, interaction, name="thanks_listed")
    return [(row["object_id"], row["props"]["preview"]) for row in found]


def listed(database: Writer) -> list[str]:
    with database.engine.connect() as connection:
        return [row["state"] for row in rows(connection, mouth.thanks)]


def test_whom_to_thank_and_why_once_an_occasion(database: Writer) -> None:
    for _ in range(2):
        done = bot("--n", "2")
        assert done.exit_code == 0, done.output
        first, second, third = done.output.splitlines()
        assert first == "答谢 新年：2 位"
        assert second.startswith("1 M1 阿青 待定｜分享链接3次（")
        assert third.startswith("2 M2 =小麦 待定｜分享链接3次（")
    assert listed(database) == ["proposed"] * 2
    assert on_record(database) == [("新年", False)] * 2


def test_neither_staff_nor_who_left_nor_who_wants_not_to_be_chosen(database: Writer) -> None:
    found = json.loads(bot("--n", "9", "--format", "json").output)
    assert [it["name"] for it in found] == ["阿青", "=小麦", "老周"]


def test_a_preview_is_no_list_and_is_on_record(database: Writer) -> None:
    done = bot("--n", "2", "--preview")
    assert "— M1 阿青 预览｜" in done.output
    assert listed(database) == []
    assert on_record(database) == [("新年", True)]


def test_no_cell_is_a_formula_and_the_file_is_for_a_spreadsheet(folder: Path) -> None:
    done = bot("--n", "2", "--format", "csv", "--out", "thanks.csv")
    assert "用完就删" in done.output
    with (folder / "thanks.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *people = csv.reader(file)
    assert head == ["编号", "成员", "名字", "状态", "理由"]
    assert [it[2] for it in people] == ["阿青", "'=小麦"]
    assert (folder / "thanks.csv").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--room", "没有的群"), "没有“没有的群”这个群"),
        (("--apart", "很久"), "很久"),
        (("--since", "1h"), "要写一天到十年"),
        (("--for", "新 年"), "写一个词"),
    ],
)
def test_what_cannot_be_is_told(args: tuple[str, ...], says: str) -> None:
    done = bot(*args)
    assert done.exit_code != 0
    assert says in done.output


def test_from_one_room_alone(database: Writer) -> None:
    assert bot("--room", "会员1群").output.startswith("答谢 新年：3 位")
    assert bot("--for", "周年", "--room", "会员2群").output.startswith("答谢 周年：0 位。分数每晚4点算")
