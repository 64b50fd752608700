"""What the running bot knows of itself, told by the runtime and asked by commands."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Status:
    """``link``: whether the platform is reached, in Chinese. ``claim_code`` makes an admin, once."""

    link: str = "还没连上"
    online: bool = False
    claim_code: str | None = None
    problems: Sequence[str] = ()

    def may_claim(self, code: str) -> bool:
        if self.claim_code is None:
            return False
        return hmac.compare_digest(self.claim_code.encode(), code.strip().upper().encode())
