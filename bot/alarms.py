"""What the operators are told without having asked: that nothing could be sent for a while, and why.

Nothing leaves while the account rests or the link is away, so each alarm is queued for when that is over, and
the log has it at once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands.wording import at_day, span
from bot.outbox.brakes import BrakeKind, brakes
from bot.sop.loader import SopSet
from bot.sop.operators import alert
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)

LOST_AFTER = timedelta(minutes=5)
"""For how long the link may be away without an alarm, unless the settings say otherwise."""


def tell_rest(tx: Transaction, sops: SopSet, account: str) -> None:
    """The platform said that we send too often, and the account rests."""
    resting = brakes(tx, account).get(BrakeKind.RESTING)
    if resting is None or resting.until is None:
        return
    logger.error(
        "the platform says that we send too often: account=%s rests until %s", account, resting.until
    )
    times = f"连着第{resting.times}次了，少安排几条。" if resting.times > 1 else ""
    zone = sops.community.zone
    words = f"{_from_to(resting.since, resting.until, zone)}没有发消息：微信说发得太频繁，歇了一会儿。{times}"
    _alert(tx, sops, account, f"{words}现在接着发。", f"resting:{resting.since:%Y%m%dT%H%M%S}")


def tell_gap(tx: Transaction, sops: SopSet, account: str, gap: timedelta) -> None:
    """The link is back after ``gap``."""
    words = f"{_from_to(tx.now - gap, tx.now, sops.community.zone)}断线{span(gap)}，群里说的话收不回来。"
    _alert(tx, sops, account, f"{words}现在连上了，没发的接着发。", f"link:{tx.now:%Y%m%dT%H%M%S}")


def _alert(tx: Transaction, sops: SopSet, account: str, words: str, key: str) -> None:
    alert(tx, sops.community.operators, account, words, f"{account}:{key}")


def _from_to(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """``11月30日 周一 12:10–12:40``; the second day only where it is another."""
    begins, ends = since.astimezone(zone), until.astimezone(zone)
    last = f"{ends:%H:%M}" if begins.date() == ends.date() else at_day(until, zone)
    return f"{at_day(since, zone)}–{last}"
