"""Audiences as they are told: how many, in which rooms, who first and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.audience import facts
from bot.audience.conditions import Condition, goes_by_traits
from bot.audience.reasons import Reason, because, reasons
from bot.audience.scope import Scope
from bot.audience.selecting import everybody
from bot.people import consent
from bot.scoring.kpi.period import ours
from bot.store.session import one_of
from bot.store.tables import identity, member


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
        len(everyone.ids & alone),
        dict(sorted(found.rooms.items())),
        _listed(connection, sorted(found.ids)[:first], scope, condition),
    )


def _listed(connection: Connection, ids: Sequence[int], scope: Scope, condition: Condition) -> list[Listed]:
    """These, with their names at the account that was met last."""
    known = facts.of(connection, ids, scope, condition)
    query = (
        select(member.c.id, member.c.number, identity.c.name)
        .select_from(member.join(identity, identity.c.member_id == member.c.id))
        .where(one_of(member.c.id, "members"))
        .order_by(member.c.number, identity.c.id)
    )
    named = {row[0]: row for row in connection.execute(query, {"members": ids})}
    return [Listed(number, name, because(condition, known[id])) for id, number, name in named.values()]


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
