"""Settings: the environment and ``.env`` (the environment wins) become one frozen ``Settings``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from bot.errors import ConfigError

CHANNELS = ("console", "wechaty")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; ``.env.example`` explains each."""

    channel: str = "console"
    account: str = "main"
    database_url: str = "sqlite:///data/bot.db"
    sops: Path = Path("sops")
    templates: Path = Path("templates")
    kinds: Path | None = None
    media: Path = Path("data/media")
    endpoint: str = ""
    token: str = ""
    allow_insecure: bool = False
    phone_key: str = field(default="", repr=False)
    ingest_host: str = "127.0.0.1"
    ingest_port: int = 0
    ingest_secret: str = field(default="", repr=False)
    account_gap: timedelta = timedelta(seconds=3)
    jitter: timedelta = timedelta(seconds=2)
    room_gap: timedelta = timedelta(seconds=6)
    day_cap: int = 300
    lost_after: timedelta = timedelta(minutes=5)
    log_level: str = "INFO"
    log_format: str = "text"


def load(environ: Mapping[str, str] = os.environ, env_file: Path = Path(".env")) -> Settings:
    """The settings; raises ``ConfigError`` with everything that is wrong, at once."""
    reader = _Reader({**_read_file(env_file), **environ})
    endpoint = reader.text("WECHATY_PUPPET_SERVICE_ENDPOINT", "")
    token = reader.text("WECHATY_PUPPET_SERVICE_TOKEN", "")
    settings = Settings(
        channel=reader.choice("BOT_CHANNEL", "wechaty" if endpoint or token else "console", CHANNELS),
        account=reader.word("BOT_ACCOUNT", "main"),
        database_url=reader.text("DATABASE_URL", "sqlite:///data/bot.db"),
        sops=reader.folder("BOT_SOPS", "sops"),
        templates=reader.folder("BOT_TEMPLATES", "templates"),
        kinds=reader.folder("BOT_KINDS", "") if reader.text("BOT_KINDS", "") else None,
        media=Path(reader.text("BOT_MEDIA", "data/media")),
        phone_key=reader.secret("BOT_PHONE_KEY", 32),
        ingest_host=reader.text("INGEST_HOST", "127.0.0.1"),
        ingest_port=reader.port("INGEST_PORT"),
        ingest_secret=reader.secret("INGEST_SECRET", 32),
        endpoint=endpoint,
        token=token,
        allow_insecure=reader.switch("BOT_ALLOW_INSECURE_GATEWAY", default=False),
        account_gap=reader.seconds("BOT_GAP_ACCOUNT", 3),
        jitter=reader.seconds("BOT_GAP_JITTER", 2),
        room_gap=reader.seconds("BOT_GAP_ROOM", 6),
        day_cap=reader.count("BOT_DAY_CAP", 300),
        lost_after=reader.seconds("BOT_LOST_AFTER", 300),
        log_level=reader.choice("BOT_LOG_LEVEL", "INFO", LEVELS),
        log_format=reader.choice("BOT_LOG_FORMAT", "text", LOG_FORMATS),
    )
    reader.refuse_unknown()
    if settings.channel == "wechaty":
        reader.need("WECHATY_PUPPET_SERVICE_ENDPOINT", settings.endpoint)
        reader.need("WECHATY_PUPPET_SERVICE_TOKEN", settings.token)
    if bool(settings.ingest_port) != bool(settings.ingest_secret):
        reader.problems.append("INGEST_PORT 和 INGEST_SECRET 要一起填，才收别的系统发来的数据")
    if reader.problems:
        raise ConfigError(reader.problems)
    return settings


def offline() -> Settings:
    """The same for what does not reach the platform: a half-filled ``.env`` is not in its way."""
    return load({**os.environ, "BOT_CHANNEL": "console"})


def _read_file(path: Path) -> dict[str, str]:
    if not os.path.lexists(path):
        return {}
    if not path.is_file():
        raise ConfigError([f"{path} 读不到：它不是一个普通的文件"])
    try:
        bindings = list(parse_stream(StringIO(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise ConfigError([f"{path} 读不到：{error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} 不是 UTF-8 编码，请用 UTF-8 另存一次"]) from error
    wrong = [f"{path} 第 {it.original.line} 行看不懂，要写成 名字=值" for it in bindings if _is_wrong(it)]
    if wrong:
        raise ConfigError(wrong)
    values = dotenv_values(path, encoding="utf-8", interpolate=False)  # a few lines could grow without end
    return {name: value for name, value in values.items() if value is not None}


def _is_wrong(binding: Binding) -> bool:
    """A bare name is none: it leaves a setting as it is."""
    is_name = binding.key is None or (binding.key.isascii() and binding.key.isidentifier())
    return binding.error or (binding.value is None and not is_name)


class _Reader:
    """Reads one value after the other, and gathers what is wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        self._asked.add(name)
        return self._values.get(name, "").strip() or default

    def word(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", value):
            self.problems.append(f"{name}={value}：只能用小写字母、数字、- 和 _，最多 32 个")
        return value

    def secret(self, name: str, least: int) -> str:
        value = self.text(name, "")
        if value and len(value) < least:
            self.problems.append(f"{name}：太短，至少要 {least} 个字符")
        return value

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in options:
            self.problems.append(f"{name}={value}：只能是 {'、'.join(options)} 之一")
        return value

    def folder(self, name: str, default: str) -> Path:
        path = Path(self.text(name, default))
        if not path.is_dir():
            self.problems.append(f"{name}={path}：没有这个文件夹")
        return path

    def seconds(self, name: str, default: float) -> timedelta:
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,5}(\.\d+)?", value):
            self.problems.append(f"{name}={value}：要写秒数，例如 3")
            return timedelta(seconds=default)
        return timedelta(seconds=float(value))

    def count(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[1-9]\d{0,5}", value):
            self.problems.append(f"{name}={value}：要写一个大于 0 的整数，例如 {default}")
            return default
        return int(value)

    def port(self, name: str) -> int:
        """0: none."""
        value = self.text(name, "0")
        if not re.fullmatch(r"\d{1,5}", value) or int(value) > 65_535:
            self.problems.append(f"{name}={value}：要写端口号，例如 8790")
            return 0
        return int(value)

    def switch(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in ("true", "false"):
            self.problems.append(f"{name}={value}：只能是 true 或 false")
        return value == "true"

    def refuse_unknown(self) -> None:
        """A name that begins like ours and is none is a misspelt setting."""
        for name in sorted(self._values.keys() - self._asked):
            if name.startswith("BOT_"):
                meant = get_close_matches(name, self._asked, n=1)
                self.problems.append(f"{name}：没有这个设置" + (f"，是不是 {meant[0]}？" if meant else ""))

    def need(self, name: str, value: str) -> None:
        if not value:
            self.problems.append(f"{name}：连微信要填它，见 .env.example")
