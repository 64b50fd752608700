"""What the terminal shows is the code: read back from the lines, it is the matrix that a phone would see."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import qrcode

from bot import login_code
from bot.events import LoginCode
from bot.login_code import LoginCodes

URL = "http://login.example/x/4Zf3a8Kq0hYbW1cD"
NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
INK = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
DARK_ON_LIGHT, RESET = "\x1b[30;107m", "\x1b[0m"


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def seen(line: str) -> tuple[list[bool], list[bool]]:
    """The two rows of modules that a line shows: its ink is dark, on the light ground that it sets."""
    assert line.startswith(DARK_ON_LIGHT)
    assert line.endswith(RESET)
    halves = [INK[character] for character in line.removeprefix(DARK_ON_LIGHT).removesuffix(RESET)]
    return [upper for upper, _ in halves], [lower for _, lower in halves]


def code(status: str = "等待扫码", url: str = URL) -> LoginCode:
    return LoginCode(NOW, url, status)


def test_the_lines_show_the_matrix_with_a_quiet_zone() -> None:
    modules = login_code.matrix(URL)
    rows = [row for line in login_code.lines(modules) for row in seen(line)]
    assert rows[: len(modules)] == modules
    assert rows[len(modules) :] in ([], [[False] * len(modules)])
    expected = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=login_code.QUIET)
    expected.add_data(URL)
    assert modules == expected.get_matrix()
    assert not any(any(row) for row in (*modules[: login_code.QUIET], *modules[-login_code.QUIET :]))


def test_in_a_terminal_the_code_is_shown_and_the_link_below_it() -> None:
    out = Terminal()
    LoginCodes(out).show(code())
    *picture, link, status = out.getvalue().splitlines()
    assert picture == login_code.lines(login_code.matrix(URL))
    assert (link, status) == (f"scan to log in: {URL}", "扫码登录：等待扫码")


def test_where_nobody_looks_there_is_the_link_alone() -> None:
    out = io.StringIO()
    LoginCodes(out).show(code())
    assert out.getvalue() == f"scan to log in: {URL}\n扫码登录：等待扫码\n"


def test_it_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    LoginCodes().show(code())
    assert capsys.readouterr().err.startswith("scan to log in: ")


def test_each_step_is_one_line_and_nothing_is_told_twice() -> None:
    out = io.StringIO()
    codes = LoginCodes(out)
    for status in ("等待扫码", "等待扫码", "已扫码", "已扫码", "已过期"):
        codes.show(code(status))
    shown = [f"scan to log in: {URL}", "扫码登录：等待扫码", "扫码登录：已扫码", "扫码登录：已过期"]
    assert out.getvalue().splitlines() == shown


def test_a_new_code_is_shown_anew() -> None:
    out = io.StringIO()
    codes = LoginCodes(out)
    codes.show(code())
    codes.show(code("已过期"))
    codes.show(code(url="http://login.example/y"))
    assert "scan to log in: http://login.example/y\n扫码登录：等待扫码\n" in out.getvalue()


def test_a_step_without_a_code_is_told() -> None:
    out = io.StringIO()
    LoginCodes(out).show(code("已扫码", url=""))
    assert out.getvalue() == "扫码登录：已扫码\n"
