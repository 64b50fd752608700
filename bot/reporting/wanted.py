"""What is left for the owner to decide."""

from __future__ import annotations

from collections.abc import Mapping

from bot.people import cases
from bot.reporting.asked import Report
from bot.sop.loader import SopSet
from bot.sop.operators import waiting_for_a_human
from bot.store.transaction import Transaction

_COMPLAINTS = "投诉"
_SEEN_BY = {_COMPLAINTS: "/投诉", "待审": "/待审", "待定": "/待定", "未答": "/问题"}
"""The commands that list what waits; of other kinds of SOP their own help tells."""


def waiting(tx: Transaction, sops: SopSet, account: str) -> dict[str, int]:
    """How much waits for a human, by what it is called; complaints first."""
    complaints = len(cases.open_cases(tx, account))
    found = {_COMPLAINTS: complaints} if complaints else {}
    return found | waiting_for_a_human(tx, sops, account)


def wanted(report: Report, waiting: Mapping[str, int]) -> list[str]:
    """In Chinese."""
    sold = [it for it in report.lights if it.sold_too_much]
    rooms = [f"{it.key}推广后退了{it.left}人，停一周推广？" for it in sold]
    return [*rooms, *(f"{name}{count}{_seen_by(name)}" for name, count in waiting.items())]


def _seen_by(name: str) -> str:
    return f"（{_SEEN_BY[name]}）" if name in _SEEN_BY else ""
