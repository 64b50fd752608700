from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import app
from bot.cli import cli
from bot.config import Settings
from bot.store import session
from bot.store.owner import owning
from bot.store.tables import identity, interaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, rows
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to stand in, as it comes."""
    for name in ("sops", "templates", "data/sample"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "BOT_PHONE_KEY", "BOT_SOPS", "BOT_TEMPLATES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def database(folder: Path) -> Iterator[Writer]:
    writer = Writer(app.open_database("sqlite:///data/bot.db"))
    yield writer
    writer.close()
    writer.engine.dispose()


def bot(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="bot")


def test_a_file_is_shown_as_it_is_understood_and_then_imported(database: Writer) -> None:
    dry = bot("import", "orders", "data/sample/orders.csv", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "订单号 ← 订单编号，买家 ← 买家编号" in dry.output
    assert "第2行：order_placed 2026-06-06 14:29 ¥152.00；" in dry.output
    assert "订单 42 行：会收下 42，早就有的 0，没收 0" in dry.output
    with database.engine.connect() as connection:
        assert rows(connection, interaction) == []
    assert "收下 42，早就有的 0，没收 0" in bot("import", "orders", "data/sample/orders.csv").output
    assert "收下 0，早就有的 42，没收 0" in bot("import", "orders", "data/sample/orders.csv").output


def test_a_mapping_and_the_command_line_name_the_shop(database: Writer) -> None:
    mapped = ("--mapping", "data/sample/orders.mapping.yaml")
    assert bot("import", "orders", "data/sample/orders.csv", *mapped).exit_code == 0
    assert bot("import", "orders", "data/sample/orders.csv", *mapped, "--source", "shop2").exit_code == 0
    with database.engine.connect() as connection:
        assert {row["source"] for row in rows(connection, interaction)} == {"shop:yuanye", "shop:shop2"}


def test_a_script_is_told_in_json(folder: Path) -> None:
    (folder / "o.csv").write_text("订单号,买家,金额,时间\nA1,C1,5,2026-11-01\nA2,C1,五元,11月1日\n", "gbk")
    told = json.loads(bot("import", "orders", "o.csv", "--json").stdout)
    assert told == {
        "dry_run": False,
        "rows": 2,
        "new": 1,
        "unchanged": 0,
        "refused": 1,
        "reasons": {"金额看不懂": 1},
        "notes": {},
        "events": {"order_paid": 1},
        "accounts": 1,
        "linked": 0,
        "report": "o.csv.refused.csv",
    }


def test_refused_lines_are_counted_by_reason_and_the_file_is_named(folder: Path) -> None:
    (folder / "o.csv").write_text(
        "订单号,买家,手机,金额,时间\nA1,C1,12,5,2026-11-01\nA2,C1,,5,11月1日\n", "utf-8"
    )
    shown = bot("import", "orders", "o.csv").output
    assert "✗ 日期没有写年份：1 行" in shown
    assert "⚠ 手机号认不出，没有用它：1 行" in shown
    assert "没收的每一行和原因：o.csv.refused.csv" in shown


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("orders", "data/sample/costs.csv"), "列对不上。缺：订单号"),
        (("orders", "data/sample/orders.csv", "--source", "我的店"), "只能用小写字母"),
        (("orders", "nowhere.csv"), "nowhere.csv"),
        (("orders", "data/sample/orders.csv", "--mapping", "data/sample/orders.csv"), "orders.csv"),
    ],
)
def test_what_cannot_be_imported_says_why_in_a_sentence(args: tuple[str, ...], why: str) -> None:
    shown = bot("import", *args)
    assert shown.exit_code != 0
    assert why in shown.output
    assert "Traceback" not in shown.output


def test_the_key_lies_beside_the_database_and_is_the_bots(folder: Path) -> None:
    bot("import", "orders", "data/sample/orders.csv")
    assert (folder / "data" / "bot.db.key").exists()
    assert app.phone_key_of(Settings()) == bytes.fromhex((folder / "data" / "bot.db.key").read_text())


def test_a_bot_that_runs_on_the_same_database_goes_on_meanwhile(folder: Path, database: Writer) -> None:
    """It owns its account and writes all the time; neither is kept from its work."""
    lines = [f"B{n},C{n % 500},19900{n % 500:06},5.{n % 100:02},2026-11-01" for n in range(20_000)]
    (folder / "many.csv").write_text("\n".join(["订单号,买家,手机,金额,时间", *lines]), "utf-8")
    done, written = threading.Event(), []

    def work() -> None:
        engine = session.open_engine("sqlite:///data/bot.db")
        writer = Writer(engine)
        while not done.is_set():
            with writer.transaction(MONDAY_9) as tx:
                written.append(tx.new_id())
            time.sleep(0.01)
        writer.close()
        engine.dispose()

    with owning("sqlite:///data/bot.db", "main"):
        bot_at_work = threading.Thread(target=work)
        bot_at_work.start()
        shown = bot("import", "orders", "many.csv")
        done.set()
        bot_at_work.join()
    assert "收下 20000" in shown.output
    assert len(written) > 3
    with database.engine.connect() as connection:
        ids = [row["id"] for table in (interaction, identity) for row in rows(connection, table)]
    assert len({*ids, *written}) == len(ids) + len(written)
