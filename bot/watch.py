"""Tells when files in some folders were saved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

logger = logging.getLogger(__name__)

SAVED_TOGETHER = 200
"""Milliseconds in which several saved files are one change."""
_ENDINGS = (".yaml", ".yml", ".j2", ".md")


class _Ours(DefaultFilter):
    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith(_ENDINGS) and super().__call__(change, path)


async def watch(folders: list[Path], changed: Callable[[], None]) -> None:
    """Call ``changed`` whenever something was saved; where the system cannot watch, it is said, once."""
    try:
        async for _ in awatch(*folders, watch_filter=_Ours(), debounce=SAVED_TOGETHER):
            changed()
    except OSError as error:
        logger.warning("the SOPs cannot be watched, /sop reload reads them: %s", error)
