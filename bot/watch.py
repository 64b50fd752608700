"""Tells when files in some folders were saved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchfiles import awatch

logger = logging.getLogger(__name__)

SAVED_TOGETHER = 200
"""Milliseconds in which several saved files are one change."""


async def watch(folders: list[Path], changed: Callable[[], asyncio.Future[Any]]) -> None:
    """Call ``changed`` whenever something was saved; what is saved while that is done makes one call more.

    Where the system cannot watch, it is said, once.
    """
    try:
        async for _ in awatch(*folders, debounce=SAVED_TOGETHER):
            await asyncio.wait([changed()])
    except OSError as error:
        logger.warning("the SOPs cannot be watched, /sop reload reads them: %s", error)
