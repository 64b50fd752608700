"""Whom a SOP is for: everybody, or those of its audience. Our own people are in none, and never left out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.audience import facts
from bot.audience.conditions import holds
from bot.audience.scope import Scope
from bot.scoring.kpi.period import ours
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.store.transaction import Transaction


def reached(tx: Transaction, sops: SopSet, sop: Sop, members: Collection[int]) -> set[int]:
    """Those of these members for whom it is. An audience that old versions name, and that is no more, is
    nobody's."""
    if sop.audience is None:
        return set(members)
    staff = ours(tx.connection, sops.community.roles).intersection(members)
    condition = sops.audiences.conditions.get(sop.audience)
    if condition is None:
        return staff
    known = facts.of(tx.connection, members, scope(sops, tx.now), condition)
    return staff | {member_id for member_id, it in known.items() if holds(condition, it)}


def scope(sops: SopSet, now: datetime) -> Scope:
    community = sops.community
    return Scope(now, community.zone, community.roles, community.operators)
