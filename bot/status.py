"""What the running bot knows of itself, told by the runtime and asked by commands."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class Status:
    """``link``: whether the platform is reached, in Chinese. ``claim_code`` makes an admin, once.

    ``since`` is when that last changed, ``gap`` for how long we were deaf before.
    """

    link: str = "还没连上"
    online: bool = False
    since: datetime | None = None
    gap: timedelta | None = None
    claim_code: str | None = None

    def come_online(self, at: datetime, gap: timedelta | None) -> None:
        self.link, self.online, self.since = "在线", True, at
        self.gap = gap if gap is not None else self.gap

    def go_offline(self, link: str, at: datetime) -> None:
        self.link, self.online, self.since = link, False, at

    def may_claim(self, code: str) -> bool:
        if self.claim_code is None:
            return False
        return hmac.compare_digest(self.claim_code.encode(), code.strip().upper().encode())
