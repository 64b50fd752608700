"""How the log looks: a record is one line of text or one JSON object, whatever others call themselves.

An error's traceback follows below its line, indented (``exc`` in JSON). ``extra={"trace": …}`` gives one that
somebody has made already, as ``bot.store.failures`` does, whose traces hold no words.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from logging import LogRecord

_FORMAT = "%(asctime)s %(levelname)-7s %(message)s"
_NOISY = ("apscheduler", "alembic", "hpack", "grpclib")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What begins a new line, turns the reading direction round, or is no character at all."""


def set_up(level: str, form: str = "text") -> None:
    """Log to standard error, from ``level`` on, in the ``form`` text or json."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if form == "json" else TextLine(_FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


class TextLine(logging.Formatter):
    """For people: only a record begins at the margin."""

    def format(self, record: LogRecord) -> str:
        record.message = _escape(record.getMessage())
        record.asctime = self.formatTime(record)
        return "\n    ".join([self.formatMessage(record), *map(_escape, _trace(self, record).splitlines())])


class JsonLine(logging.Formatter):
    """For programs."""

    def format(self, record: LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _whole(record.getMessage()),
        }
        if trace := _trace(self, record):
            line["exc"] = _whole(trace)
        return _escape(json.dumps(line, ensure_ascii=False))


def _trace(formatter: logging.Formatter, record: LogRecord) -> str:
    if record.exc_info:
        return formatter.formatException(record.exc_info)
    return str(getattr(record, "trace", ""))


def _escape(text: str) -> str:
    """What is unsafe as JSON writes it, which is plain to people, too."""
    return _UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _whole(text: str) -> str:
    """Half characters are spelt out: strict readers of JSON take none."""
    return text.encode("utf-8", "backslashreplace").decode()
