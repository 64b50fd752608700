from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Settings, load
from bot.errors import ConfigError

WECHATY = {
    "WECHATY_PUPPET_SERVICE_ENDPOINT": "gateway.example:8788",
    "WECHATY_PUPPET_SERVICE_TOKEN": "puppet_workpro_1",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to stand in, with the folders that the defaults name."""
    for name in ("sops", "templates", "other", "kinds"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(environ)
    assert str(caught.value).splitlines() == caught.value.problems
    return caught.value.problems


def test_nothing_need_be_set() -> None:
    assert load({}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "field", "setting"),
    [
        ("BOT_CHANNEL", "console", "channel", "console"),
        ("BOT_ACCOUNT", "shop-2_b", "account", "shop-2_b"),
        ("DATABASE_URL", "postgresql+psycopg://db/bot", "database_url", "postgresql+psycopg://db/bot"),
        ("BOT_SOPS", "other", "sops", Path("other")),
        ("BOT_TEMPLATES", "other", "templates", Path("other")),
        ("BOT_KINDS", "kinds", "kinds", Path("kinds")),
        ("BOT_KINDS", "", "kinds", None),
        ("BOT_ALLOW_INSECURE_GATEWAY", "true", "allow_insecure", True),
        ("BOT_ALLOW_INSECURE_GATEWAY", "False", "allow_insecure", False),
        ("BOT_GAP_ACCOUNT", "0", "account_gap", timedelta(0)),
        ("BOT_GAP_JITTER", "0.5", "jitter", timedelta(seconds=0.5)),
        ("BOT_GAP_ROOM", " 30 ", "room_gap", timedelta(seconds=30)),
        ("BOT_DAY_CAP", "50", "day_cap", 50),
        ("BOT_PHONE_KEY", "k" * 32, "phone_key", "k" * 32),
        ("BOT_LOST_AFTER", "60", "lost_after", timedelta(minutes=1)),
        ("BOT_LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("BOT_LOG_FORMAT", "json", "log_format", "json"),
    ],
)
def test_a_setting_is_taken_from_the_environment(name: str, value: str, field: str, setting: object) -> None:
    assert getattr(load({name: value}), field) == setting


def test_a_gateway_that_is_named_is_used() -> None:
    settings = load(WECHATY)
    assert (settings.channel, settings.endpoint) == ("wechaty", "gateway.example:8788")
    assert settings.token == "puppet_workpro_1"


def test_a_gateway_that_is_named_need_not_be_used() -> None:
    assert load({**WECHATY, "BOT_CHANNEL": "console"}).channel == "console"


@pytest.mark.parametrize("missing", WECHATY)
def test_a_half_filled_gateway_is_refused(missing: str) -> None:
    environ = {"BOT_CHANNEL": "wechaty", **WECHATY, missing: " "}
    assert problems(environ) == [f"{missing}：连微信要填它，见 .env.example"]


def test_settings_are_read_from_the_env_file(folder: Path) -> None:
    (folder / ".env").write_text("# 说明\nBOT_ACCOUNT=shop\nBOT_GAP_ROOM='9'\nBOT_KINDS\n", encoding="utf-8")
    settings = load({})
    assert (settings.account, settings.room_gap, settings.kinds) == ("shop", timedelta(seconds=9), None)


def test_the_environment_wins_over_the_file(folder: Path) -> None:
    (folder / ".env").write_text("BOT_ACCOUNT=shop\nBOT_LOG_LEVEL=DEBUG\n", encoding="utf-8")
    settings = load({"BOT_ACCOUNT": "other"})
    assert (settings.account, settings.log_level) == ("other", "DEBUG")


def test_a_file_that_was_saved_with_a_byte_order_mark_is_read_from_its_first_line(folder: Path) -> None:
    (folder / ".env").write_bytes("BOT_ACCOUNT=shop\n".encode("utf-8-sig"))
    assert load({}).account == "shop"


def test_a_file_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / ".env").write_bytes("# 说明\n".encode("gb18030"))
    assert problems({}) == [".env 不是 UTF-8 编码，请用 UTF-8 另存一次"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {
        "BOT_CHANNEL": "wechat",
        "BOT_ACCOUNT": "我们",
        "BOT_SOPS": "sop",
        "BOT_TEMPLATES": "template",
        "BOT_KINDS": "kind",
        "BOT_ALLOW_INSECURE_GATEWAY": "yes",
        "BOT_GAP_ACCOUNT": "3s",
        "BOT_GAP_JITTER": "-1",
        "BOT_GAP_ROOM": "一会儿",
        "BOT_LOG_LEVEL": "LOUD",
        "BOT_LOG_FORMAT": "xml",
    }
    found = problems(wrong)
    assert len(found) == len(wrong)
    for name, value in wrong.items():
        (line,) = (line for line in found if line.startswith(f"{name}={value}："))
        assert any("\u4e00" <= letter <= "\u9fff" for letter in line.partition("：")[2])


def test_a_token_is_never_named_in_a_problem() -> None:
    found = problems({**WECHATY, "BOT_LOG_LEVEL": "LOUD"})
    assert WECHATY["WECHATY_PUPPET_SERVICE_TOKEN"] not in "".join(found)


def test_a_line_of_the_file_that_is_no_setting_is_told_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("BOT_ACCOUNT=main\n这不是设置\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load({}, file)
    assert caught.value.problems == [f"{file} 第 2 行看不懂，要写成 名字=值"]


def test_a_misspelt_setting_is_told_with_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"BOT_CHANEL": "console"}, tmp_path / "none")
    assert "BOT_CHANEL：没有这个设置，是不是 BOT_CHANNEL？" in caught.value.problems


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, Path.mkdir, lambda path: path.symlink_to(path), lambda path: path.symlink_to("/dev/zero")],
)
def test_what_bears_the_file_s_name_and_is_none_is_refused_at_once(
    folder: Path, make: Callable[[Path], None]
) -> None:
    make(folder / ".env")
    assert problems({}) == [".env 读不到：它不是一个普通的文件"]


def test_a_value_is_taken_as_it_stands_and_cannot_grow(folder: Path) -> None:
    grows = "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 60))
    (folder / ".env").write_text(
        f"A0=aaaaaaaaaa\n{grows}DATABASE_URL='postgresql://u:${{x}}@db/bot'\n", "utf-8"
    )
    assert load({}).database_url == "postgresql://u:${x}@db/bot"


def test_what_is_taken_in_by_http_needs_a_port_and_a_secret() -> None:
    assert problems({"INGEST_PORT": "8790"}) == problems({"INGEST_SECRET": "s" * 32})
    settings = load({"INGEST_PORT": "8790", "INGEST_SECRET": "s" * 32})
    assert (settings.ingest_host, settings.ingest_port) == ("127.0.0.1", 8790)
    assert "s" * 32 not in repr(settings)
    assert problems({"INGEST_PORT": "http", "INGEST_SECRET": ""}) == [
        "INGEST_PORT=http：要写端口号，例如 8790"
    ]
    assert "太短" in problems({"INGEST_PORT": "8790", "INGEST_SECRET": "short"})[0]
