"""Who may post: a signature over the moment and the body, good for five minutes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.store.types import EPOCH

WINDOW = timedelta(minutes=5)
PER_SECOND, AT_ONCE = 10.0, 30.0
"""Requests: in the long run, and in a burst."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in ``X-Signature``: HMAC-SHA256, in hex, of ``timestamp.body``."""
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()


def is_signed(secret: str, timestamp: str, given: str, body: bytes, now: datetime) -> bool:
    """``timestamp`` are whole seconds since 1970; compared in constant time."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
        return False
    in_time = abs(now - EPOCH - timedelta(seconds=int(timestamp))) <= WINDOW
    expected = signature(secret, timestamp, body)
    return (
        hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace")) and in_time
    )


@dataclass(slots=True)
class Bucket:
    """Lets requests in as they come, until there are too many."""

    left: float = AT_ONCE
    at: datetime = field(default=EPOCH)

    def lets_in(self, now: datetime) -> bool:
        passed = max(0.0, (now - self.at).total_seconds())
        self.left, self.at = min(AT_ONCE, self.left + passed * PER_SECOND), now
        if self.left < 1:
            return False
        self.left -= 1
        return True
