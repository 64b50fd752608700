"""The platform's login code, as a QR code in the terminal that a phone can scan."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from bot.events import LoginCode

QUIET = 4
"""Light modules around the code, as its standard wants."""
_DARK_ON_LIGHT, _RESET = "\x1b[30;107m", "\x1b[0m"
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


class LoginCodes:
    """Shows each code once, and a line where the scan goes on; plain text on stderr, whatever the log is."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self._shown: tuple[str, str] = ("", "")

    def show(self, code: LoginCode) -> None:
        """Platforms tell a code that waits again and again."""
        url, status = self._shown
        self._shown = (code.url, code.status)
        if code.url and code.url != url:
            self._write(self._picture(code.url) + f"scan to log in: {code.url}\n")
        if code.status and (code.status != status or code.url != url):
            self._write(f"扫码登录：{code.status}\n")

    def _picture(self, url: str) -> str:
        """The code where somebody can see it; in a file or a pipe the link alone is of use."""
        return "".join(f"{line}\n" for line in lines(matrix(url))) if self._stream.isatty() else ""

    @property
    def _stream(self) -> TextIO:
        return self._out or sys.stderr

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def matrix(url: str) -> list[list[bool]]:
    """The modules of the code, dark ones True, with a quiet zone around them."""
    import qrcode  # here, because nobody who is logged in needs it

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=QUIET)
    code.add_data(url)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def lines(modules: Sequence[Sequence[bool]]) -> list[str]:
    """Two rows of modules a line. The colours are set: a dark terminal would turn the code inside out."""
    upper, lower = modules[::2], [*modules[1::2], [False] * len(modules[0])]
    return [
        _DARK_ON_LIGHT + "".join(_HALVES[pair] for pair in zip(*rows, strict=True)) + _RESET
        for rows in zip(upper, lower, strict=False)
    ]
