from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import cli
from bot.people import directory, roles
from bot.store import session
from bot.store.owner import owning
from bot.store.writer import Writer
from tests.builders import BOSS, MONDAY_9
from tests.conftest import ROOT

COMMUNITY = "name: 原野之味\nmission: 一起吃饭。\nrooms: [会员1群]\n"
NEEDED = {"origin_story.j2", "privacy_notice.j2", "complaint_reply.j2"}
THEME_DAY = """\
sop: theme_day
id: monday-origin
name: 周一溯源日
every: 周一 12:10
post: {intent: give, shelf: 溯源故事, template: origin_story.j2}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder to stand in, with one SOP; neither settings nor logging of ours reach out of it."""
    for name in [name for name in os.environ if name.startswith(("BOT_", "WECHATY_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "sops").mkdir()
    (tmp_path / "sops" / "community.yaml").write_text(COMMUNITY, encoding="utf-8")
    (tmp_path / "sops" / "monday.yaml").write_text(THEME_DAY, encoding="utf-8")
    shutil.copytree(ROOT / "templates", tmp_path / "templates", ignore=lambda *_: for_other_sops())
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    root.handlers[:] = handlers
    root.setLevel(level)


def for_other_sops() -> set[str]:
    """The templates that the samples name, but for the one that our SOP needs."""
    samples = (path.read_text(encoding="utf-8") for path in (ROOT / "sops").glob("*.yaml"))
    return {name for text in samples for name in re.findall(r"\w+\.j2", text)} - NEEDED


def bot(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="bot")


def spoil(folder: Path) -> None:
    """Two mistakes in the SOP."""
    text = THEME_DAY.replace("every: 周一 12:10", "every: 周八 12:10").replace("name:", "nmae:")
    (folder / "sops" / "monday.yaml").write_text(text, encoding="utf-8")


# --- help ---


def test_the_help_names_all_commands() -> None:
    shown = bot("--help")
    assert shown.exit_code == 0
    for command in ("run", "demo", "check", "test", "db"):
        assert f"\n  {command} " in shown.output
    assert bot("-h").output == shown.output


def test_the_program_can_be_run_as_a_module(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("bot, ")


# --- check ---


def test_what_is_right_is_said_to_be_right() -> None:
    done = bot("check")
    assert (done.exit_code, done.output) == (0, "没有错误，1 个 SOP 都可以用。\n")
    done = bot("check", "--json")
    assert (done.exit_code, json.loads(done.output)) == (0, [])


def test_mistakes_are_told_with_their_places_and_the_exit_code_is_1(folder: Path) -> None:
    spoil(folder)
    done = bot("check")
    assert done.exit_code == 1
    assert "sops/monday.yaml:3:1 nmae：不认识的键 nmae（建议：name）" in done.output.splitlines()
    assert "sops/monday.yaml:4:8 every：" in done.output


def test_mistakes_are_told_to_programs_as_json(folder: Path) -> None:
    spoil(folder)
    done = bot("check", "--json")
    problems = json.loads(done.output)
    assert done.exit_code == 1
    assert {tuple(problem) for problem in problems} == {
        ("file", "line", "column", "path", "message", "suggestion", "level")
    }
    nmae = next(problem for problem in problems if problem["path"] == "nmae")
    assert (nmae["file"], nmae["line"], nmae["column"], nmae["suggestion"]) == (
        "sops/monday.yaml",
        3,
        1,
        "name",
    )


def test_what_the_guard_would_stop_is_an_error_unless_the_weeks_are_left_out(folder: Path) -> None:
    late = THEME_DAY.replace("周一 12:10", "周一 23:10")
    (folder / "sops" / "monday.yaml").write_text(late, encoding="utf-8")
    done = bot("check", "--from", "2026-11-30")
    assert done.exit_code == 1
    assert done.output.startswith("sops/monday.yaml:5:1 post：11月30日 周一 23:10 发到会员1群的会被拦下")
    assert bot("check", "--no-weeks").exit_code == 0


def test_warnings_are_told_and_are_no_errors(folder: Path) -> None:
    (folder / "templates" / "nobody.j2").write_text("没人用我。", encoding="utf-8")
    done = bot("check")
    assert done.exit_code == 0
    warning, verdict = done.output.splitlines()
    assert warning.startswith("⚠ templates/nobody.j2:1:1：没有哪个 SOP 用到这个模板")
    assert verdict == "没有错误，1 个 SOP 都可以用。"
    assert [problem["level"] for problem in json.loads(bot("check", "--json").output)] == ["warning"]


def test_one_file_can_be_checked(folder: Path) -> None:
    spoil(folder)
    assert bot("check", "sops/monday.yaml").exit_code == 1
    assert bot("check", str(folder / "sops" / "monday.yaml")).exit_code == 1
    assert bot("check", "sops/community.yaml").exit_code == 0


def test_another_folder_can_be_checked(folder: Path) -> None:
    (folder / "draft").mkdir()
    done = bot("check", "draft")
    assert done.exit_code == 1
    assert "draft/community.yaml" in done.output
    assert bot("check", "nowhere").exit_code == 2


def test_a_half_filled_gateway_keeps_nobody_from_checking(folder: Path) -> None:
    (folder / ".env").write_text("BOT_CHANNEL=wechaty\n", encoding="utf-8")
    assert bot("check").exit_code == 0


def test_wrong_settings_are_told_in_a_sentence(folder: Path) -> None:
    (folder / ".env").write_text("BOT_SOPS=nowhere\nBOT_GAP_ROOM=x\n", encoding="utf-8")
    done = bot("check")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "Error: BOT_SOPS=nowhere：没有这个文件夹",
        "BOT_GAP_ROOM=x：要写秒数，例如 3",
    ]


# --- test ---


def scenario(folder: Path, name: str, talk: str) -> None:
    (folder / "talks").mkdir(exist_ok=True)
    text = f"scenario: {name}\nadmins: [管]\ntalk: [{{who: 管, say: /状态}}, {talk}]\n"
    (folder / "talks" / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_scenarios_that_go_as_written_pass(folder: Path) -> None:
    scenario(folder, "状态", "{bot: 在线}")
    done = bot("test", "talks")
    assert (done.exit_code, done.output) == (0, "✓ 状态（talks/状态.yaml）\n1 个通过，0 个没过。\n")


def test_a_scenario_that_goes_otherwise_shows_what_was_expected_and_what_was_said(folder: Path) -> None:
    scenario(folder, "状态", "{bot: 在线}")
    scenario(folder, "错", "{bot: 掉线}")
    done = bot("test", "talks")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "✓ 状态（talks/状态.yaml）",
        "✗ 错（talks/错.yaml）",
        "    第 3 行：说的不一样",
        "      应该：在会员1群 掉线",
        "      实际：11月30日 周一 09:00 机器人（会员1群）：在线｜1群｜今天发0 待发0",
        "    之前：",
        "      11月30日 周一 09:00 管（会员1群） /状态",
        "1 个通过，1 个没过。",
    ]


def test_the_talk_is_shown_on_request(folder: Path) -> None:
    scenario(folder, "状态", "{bot: 在线}")
    done = bot("test", "-v", "talks/状态.yaml")
    assert "    11月30日 周一 09:00 机器人（会员1群）：在线｜1群｜今天发0 待发0" in done.output.splitlines()


@pytest.mark.parametrize(("talk", "said"), [("{bot: 1, x: 2}", "x"), ("{who: 管, say: 1}", "say")])
def test_a_scenario_that_cannot_be_read_is_told_with_its_place(folder: Path, talk: str, said: str) -> None:
    scenario(folder, "坏", talk)
    done = bot("test", "talks")
    assert done.exit_code == 1
    assert done.output.startswith("✗ 读不懂（talks/坏.yaml）\n    talks/坏.yaml:3:")
    assert said in done.output
    assert done.output.endswith("\n0 个通过，1 个没过。\n")


def test_a_folder_without_scenarios_is_a_mistake(folder: Path) -> None:
    (folder / "talks").mkdir()
    done = bot("test", "talks")
    assert (done.exit_code, done.output) == (1, "Error: talks 里没有对话文件（*.yaml）\n")


def test_without_sound_sops_there_is_nothing_to_test(folder: Path) -> None:
    scenario(folder, "状态", "{bot: 在线}")
    (folder / "sops" / "community.yaml").unlink()
    done = bot("test", "talks")
    assert done.exit_code == 1
    assert "缺少 community.yaml" in done.output


# --- db ---


def test_the_database_is_brought_up_to_date(folder: Path) -> None:
    for _ in range(2):
        done = bot("db", "upgrade")
        assert (done.exit_code, done.output) == (0, "数据库已是最新。\n")
    with sqlite3.connect(folder / "data" / "bot.db") as connection:
        tables = {
            name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
        }
    connection.close()
    assert {"interaction", "outgoing", "alembic_version"} <= tables


def test_a_newer_database_is_refused_in_a_sentence(folder: Path) -> None:
    bot("db", "upgrade")
    with sqlite3.connect(folder / "data" / "bot.db") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    done = bot("db", "upgrade")
    assert done.exit_code == 1
    assert done.output.startswith("Error: 数据库比这个程序新")


def added(database: Path) -> str:
    """What somebody added to the database."""
    with closing(sqlite3.connect(database)) as connection:
        return ",".join(scope for (scope,) in connection.execute("select scope from counter order by scope"))


def add(database: Path, scope: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("insert into counter values (?, 1)", (scope,))
        connection.commit()


def test_a_backup_can_be_made_and_restored_and_that_be_undone(folder: Path) -> None:
    bot("db", "upgrade")
    database = folder / "data" / "bot.db"
    add(database, "before")
    made = bot("db", "backup")
    assert made.exit_code == 0
    backup = re.fullmatch(r"备份好了：(data/backups/bot-\d{8}-\d{6}\.db)（0\.\d MB）\n", made.output)
    assert backup is not None
    add(database, "later")
    done = bot("db", "restore", backup[1])
    assert (done.exit_code, added(database)) == (0, "before")
    assert done.output.startswith(f"已经换成 {backup[1]} 里的数据。\n")
    undo = re.search(r"要反悔：bot (db restore data/backups/bot-\S+-replaced\.db)\n", done.output)
    assert undo is not None
    assert bot(*undo[1].split()).exit_code == 0
    assert added(database) == "before,later"


def test_a_backup_goes_where_it_is_told_and_never_over_a_file() -> None:
    bot("db", "upgrade")
    assert bot("db", "backup", "there/mine.db").exit_code == 0
    again = bot("db", "backup", "there/mine.db")
    assert (again.exit_code, again.output) == (
        1,
        "Error: there/mine.db 已经有了，备份不盖掉任何文件。换个名字。\n",
    )


def test_while_the_bot_runs_nothing_is_restored() -> None:
    bot("db", "upgrade")
    bot("db", "backup", "mine.db")
    with owning("sqlite:///data/bot.db", "main"):
        done = bot("db", "restore", "mine.db")
    assert done.exit_code == 1
    assert done.output.startswith("Error: 账号 main 正由另一个进程在跑")


def test_the_tools_of_a_server_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://bot:hush@db.example/bot")
    for command in (("backup",), ("restore", "bot.dump")):
        done = bot("db", *command)
        assert done.exit_code == 1
        assert "pg_dump --format=custom --file=bot.dump postgresql://bot@db.example/bot\n" in done.output
        assert "hush" not in done.output


def test_a_database_is_copied_to_another_and_every_table_is_counted(folder: Path) -> None:
    bot("db", "upgrade")
    add(folder / "data" / "bot.db", "one")
    done = bot("db", "copy", "sqlite:///data/bot.db", "sqlite:///data/new.db")
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "counter 1/1",
        "搬完了，一共 1 行。把 .env 里的 DATABASE_URL 改成新的，再启动；旧的原样还在。",
    ]
    assert added(folder / "data" / "new.db") == "one"


@pytest.mark.parametrize(
    ("url", "said"),
    [("my database", "DATABASE_URL 写得不对"), ("sqlite://", "DATABASE_URL 要写明数据库文件")],
)
def test_a_wrong_database_url_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    done = bot("db", "upgrade")
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {said}")


# --- run ---


def run_on_nothing(folder: Path, *args: str) -> str:
    """``bot run`` in the terminal, at which nobody types anything; gives what it wrote to stderr."""
    command = [sys.executable, "-m", "bot", "run", *args]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, input="", capture_output=True, text=True, check=True
    )
    return done.stderr


def test_a_claim_code_is_offered_while_there_is_no_admin_and_on_request(folder: Path) -> None:
    assert re.search("^claim code: [A-Z2-9]{8}$", run_on_nothing(folder), re.MULTILINE)
    engine = session.open_engine("sqlite:///data/bot.db")
    writer = Writer(engine)
    with writer.transaction(MONDAY_9) as tx:
        boss = directory.meet(tx, "console:main", [BOSS])[BOSS.id]
        roles.give(tx, boss.member_id, roles.ADMIN, given_by=None)
    writer.close()
    engine.dispose()
    assert "claim code" not in run_on_nothing(folder)
    assert "claim code: " in run_on_nothing(folder, "--claim-code")


def test_without_sound_sops_the_bot_does_not_run(folder: Path) -> None:
    (folder / "sops" / "community.yaml").write_text("name: 1\n", encoding="utf-8")
    done = bot("run")
    assert done.exit_code == 1
    assert "SOP 没法装载" in done.output


def test_with_a_half_filled_gateway_the_bot_does_not_run(folder: Path) -> None:
    (folder / ".env").write_text("BOT_CHANNEL=wechaty\n", encoding="utf-8")
    done = bot("run")
    assert done.exit_code == 1
    assert "WECHATY_PUPPET_SERVICE_TOKEN：连微信要填它" in done.output


def test_on_a_damaged_database_the_bot_does_not_run_and_the_way_back_is_named(folder: Path) -> None:
    bot("db", "upgrade")
    bot("db", "backup")
    (backup,) = (folder / "data" / "backups").iterdir()
    (folder / "data" / "bot.db").write_text("这是一封信\n" * 1_000)
    for command in (("run",), ("db", "upgrade"), ("db", "backup")):
        done = bot(*command)
        assert done.exit_code == 1
        (line,) = done.output.splitlines()
        assert line.startswith("Error: 数据库 data/bot.db 坏了，或者不是数据库")
        assert line.endswith(f"换回它：bot db restore data/backups/{backup.name}")
    assert bot("db", "restore", f"data/backups/{backup.name}").exit_code == 0
    assert bot("db", "upgrade").exit_code == 0


def test_of_a_log_in_json_every_line_is_json_but_for_the_claim_code(folder: Path) -> None:
    spoil(folder)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BOT_LOG_FORMAT": "json"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stderr.splitlines()
    (claim,) = (line for line in lines if not line.startswith("{"))
    assert re.fullmatch(r"claim code: [A-Z0-9]{8}", claim)
    messages = [json.loads(line)["message"] for line in lines if line != claim]
    assert any(message.startswith("left out: sops/monday.yaml:3:1 nmae") for message in messages)


# --- why ---


def test_why_needs_a_database_and_makes_none(folder: Path) -> None:
    done = bot("why", "10234")
    assert (done.exit_code, "还没有数据库" in done.output) == (1, True)
    assert not (folder / "data").exists()


def test_why_of_what_never_was_says_so(folder: Path) -> None:
    bot("db", "upgrade")
    done = bot("why", "10234", "--json")
    assert (done.exit_code, "没有 #10234 这件事" in done.output) == (1, True)
