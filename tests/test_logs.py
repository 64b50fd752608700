"""A record is one line, whatever a name contains."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs

NASTY = '阿青\n2026-11-30 09:00:00,000 ERROR   forged\r\x1b[31m\x85\u2028\u202e\ud83d\x00"\\'
logger = logging.getLogger("bot.tests")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Logging is as it was when the test is over."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def line_of(formatter: logging.Formatter, message: str, *args: object, **more: Any) -> str:
    record = logger.makeRecord(
        "bot.tests", logging.WARNING, "x.py", 1, message, args, more.pop("exc_info", None)
    )
    record.__dict__.update(more)
    record.created, record.msecs = 1_795_999_999.5, 500
    return formatter.format(record)


def as_text(message: str, *args: object, **more: Any) -> str:
    return line_of(logs.TextLine("%(levelname)-7s %(message)s"), message, *args, **more)


def as_json(message: str, *args: object, **more: Any) -> dict[str, str]:
    line = line_of(logs.JsonLine(), message, *args, **more)
    assert len(line.splitlines()) == 1
    line.encode()
    read: dict[str, str] = json.loads(line)
    return read


def test_a_json_line_tells_when_how_bad_who_and_what() -> None:
    assert as_json("link down: %s", "连接断了") == {
        "time": "2026-11-30T00:53:19.500+00:00",
        "level": "WARNING",
        "logger": "bot.tests",
        "message": "link down: 连接断了",
    }


def test_chinese_stays_readable_in_json() -> None:
    assert "连接断了" in line_of(logs.JsonLine(), "连接断了")


def test_a_name_cannot_begin_a_line_of_its_own() -> None:
    line = as_text("joined: %s", NASTY)
    assert len(line.splitlines()) == 1
    assert line.startswith(
        "WARNING joined: 阿青\\n2026-11-30 09:00:00,000 ERROR   forged\\r\\u001b[31m\\u0085"
    )
    line.encode()
    assert as_json("joined: %s", NASTY)["message"] == f"joined: {NASTY}".replace("\ud83d", "\\ud83d")


@given(st.text(st.characters(exclude_categories=())))
def test_every_name_gives_one_line_that_can_be_written_and_read(name: str) -> None:
    line = as_text("%s", name)
    assert len(line.splitlines()) == 1
    line.encode()
    message = as_json("%s", name)["message"]
    assert message == name.encode("utf-8", "backslashreplace").decode()


def boom() -> Any:
    try:
        raise ValueError("first\nERROR   forged")
    except ValueError:
        return sys.exc_info()


def test_a_traceback_follows_indented_and_is_a_string_in_json() -> None:
    margin = [line for line in as_text("failed", exc_info=boom()).splitlines() if not line.startswith("    ")]
    assert margin == ["WARNING failed"]
    exc = as_json("failed", exc_info=boom())["exc"]
    assert exc.startswith("Traceback (most recent call last):\n")
    assert exc.endswith("ValueError: first\nERROR   forged")


def test_a_trace_that_was_made_without_words_takes_its_place() -> None:
    assert as_text("failed", trace="ValueError\n  File x").splitlines() == [
        "WARNING failed",
        "    ValueError",
        "      File x",
    ]
    assert as_json("failed", trace="ValueError\n  File x")["exc"] == "ValueError\n  File x"


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_goes_to_standard_error_from_a_level_on(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    logs.set_up("WARNING", form)
    logger.info("not this")
    logger.warning("but this")
    (line,) = stream.getvalue().splitlines()
    assert (json.loads(line)["message"] if form == "json" else line[-8:]) == "but this"
