"""Audiences as they are told: how many, in which rooms, who first and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.audience import facts
from bot.audience.conditions import Condition, goes_by_traits
from bot.audience.reasons import Reason, because, reasons
from bot.audience.scope import Scope
from bot.audience.selecting import Found, everybody
from bot.people import consent
from bot.scoring.kpi.period import ours
from bot.store.session import one_of
from bot.store.tables import identity


@dataclass(frozen=True, slots=True)
class Listed:
    """One of them, as they call themselves, and what speaks for it."""

    number: int
    name: str
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """``of``: all who might be meant; ``alone``: those of them whom nobody may choose by what they do."""

    members: int
    of: int
    alone: int
    rooms: Mapping[str, int]
    first: Sequence[Listed]


def show(connection: Connection, condition: Condition, scope: Scope, first: int) -> Shown:
    """How many they are, and the ``first`` by number."""
    found, everyone = everybody(connection, scope, condition), everybody(connection, scope)
    alone = consent.all_impersonal(connection) if goes_by_traits(condition) else set()
    return Shown(
        len(found),
        len(everyone),
        sum(it.member_id in alone for it in everyone),
        dict(sorted(Counter(key for it in found for key in it.rooms).items())),
        _listed(connection, found[:first], scope, condition),
    )


def _listed(
    connection: Connection, found: Sequence[Found], scope: Scope, condition: Condition
) -> list[Listed]:
    ids = [it.member_id for it in found]
    known, names = facts.of(connection, ids, scope, condition), _names(connection, ids)
    return [Listed(it.number, names[it.member_id], because(condition, known[it.member_id])) for it in found]


def _names(connection: Connection, members: Collection[int]) -> dict[int, str]:
    """As each calls themselves at the account that was met last."""
    theirs = one_of(identity.c.member_id, "members")
    query = select(identity.c.member_id, identity.c.name).where(theirs).order_by(identity.c.id)
    return {row[0]: row[1] for row in connection.execute(query, {"members": members}) if row[1]}


@dataclass(frozen=True, slots=True)
class Why:
    """Whether somebody is in it, and why; ``never``: they are in none, whatever it goes by."""

    is_in: bool
    reasons: Sequence[Reason] = ()
    never: str = ""


def why(connection: Connection, condition: Condition, scope: Scope, member_id: int) -> Why:
    known = facts.of(connection, [member_id], scope, condition).get(member_id)
    if known is None:
        is_ours = member_id in ours(connection, scope.kinds)
        return Why(False, never="是同事或专家，不算在人群里" if is_ours else "现在不在会员群里")
    told = list(reasons(condition, known))
    return Why(told[0].is_met, told)


def as_lines(it: Why) -> Iterator[str]:
    if it.never:
        yield f"✗ {it.never}"
    for reason in it.reasons:
        so = f"：{reason.is_so}" if reason.is_so else ""
        yield f"{'  ' * reason.depth}{'✓' if reason.is_met else '✗'} {reason.asked}{so}"
