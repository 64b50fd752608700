"""Thanks, damped: those of one giver to one member count half, a third … within 30 days, and from oneself
nothing, by whatever account. A second account that nobody knows to be theirs is damped like anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, Connection, Select, select, type_coerce

from bot.people.merging import Kind
from bot.people.points import REVERSED
from bot.store.reading import about
from bot.store.tables import identity, identity_log, interaction, score_entry

THANKED = "answer_thanked"
WITHIN = timedelta(days=30)
_WITHIN = WITHIN // timedelta(milliseconds=1)
Pair: TypeAlias = tuple[int, int]
"""Who was thanked, and who thanked; identities."""
_OF = (THANKED, f"{THANKED}{REVERSED}")


class Thanks(NamedTuple):
    """What stands; ``event`` is what the thanks were for, ``at`` in milliseconds."""

    pair: Pair
    at: int
    event: int


def damped(thanks: Iterable[Thanks]) -> Iterator[tuple[int, float]]:
    """What is left of each, by its event: 1/k for the k-th of a pair within 30 days."""
    before: defaultdict[Pair, list[int]] = defaultdict(list)
    for it in sorted(thanks, key=lambda it: (it.at, it.event)):
        recent = [at for at in before[it.pair] if at > it.at - _WITHIN]
        before[it.pair] = [*recent, it.at]
        yield it.event, 1 / (len(recent) + 1)


def factors(connection: Connection, identities: Collection[int]) -> dict[int, float]:
    """By event, for these identities; what is not here counts in full."""
    givers = {
        (target, props.get("answer")): (giver, giver_is == target_is)
        for target, giver, target_is, giver_is, props in about(
            connection, _said(), interaction.c.target_identity_id, identities
        )
    }
    own, thanks = {}, []
    for who, event, at in _standing(about(connection, _entries(), score_entry.c.identity_id, identities)):
        giver, is_own = givers.get((who, event), (None, False))
        if is_own:
            own[event] = 0.0
        elif giver is not None:
            thanks.append(Thanks((who, giver), at, event))
    return {**dict(damped(thanks)), **own}


def _said() -> Select[Any]:
    i, to, by = interaction.c, identity.alias("to"), identity.alias("by")
    joined = interaction.join(to, to.c.id == i.target_identity_id).join(by, by.c.id == i.identity_id)
    columns = (i.target_identity_id, i.identity_id, to.c.member_id, by.c.member_id, i.props)
    there = (i.name == THANKED) & i.target_identity_id.is_not(None)
    return select(*columns).select_from(joined).where(there)


def _entries() -> Select[Any]:
    e = score_entry.c
    at = type_coerce(e.at, BigInteger)
    return select(e.identity_id, e.event_id, at, e.rule).where(e.rule.in_(_OF))


def _standing(rows: Iterable[Any]) -> list[tuple[int, int, int]]:
    """The entries that were not taken back."""
    given, taken = {}, set()
    for who, event, at, rule in rows:
        if rule == THANKED:
            given[who, event] = at
        else:
            taken.add((who, event))
    return [(who, event, at) for (who, event), at in given.items() if (who, event) not in taken]


# --- what changes with something new ---


def following(after: int) -> Select[Any]:
    """(identity, moment) of thanks that may count otherwise since what came behind the id ``after``."""
    e, later = score_entry.c, score_entry.alias("later").c
    same = (later.identity_id == e.identity_id) & (later.rule == THANKED) & (later.at >= e.at)
    near = type_coerce(later.at, BigInteger) <= type_coerce(e.at, BigInteger) + _WITHIN
    return (
        select(later.identity_id, later.at)
        .select_from(score_entry.join(later.id.table, same & near))
        .where(e.id > after, e.rule.in_(_OF))
    )


def regrouped(connection: Connection, after: int) -> Select[Any]:
    """The same of people who were merged, or split again, since: they may have thanked themselves."""
    e = score_entry.c
    theirs = e.identity_id.in_(regrouped_accounts(connection, after))
    return select(e.identity_id, e.at).where(e.rule == THANKED, theirs)


def regrouped_accounts(connection: Connection, after: int) -> set[int]:
    """All accounts of those who were merged, or split again, since what came behind the id ``after``."""
    log = identity_log.c
    since = (
        select(interaction.c.received_at)
        .where(interaction.c.id <= after)
        .order_by(interaction.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    changed = (log.kind != Kind.CLAIMED) & ((log.id > after) | (log.ended_at >= since))
    moved, members = set[int](), set[int]()
    for row in connection.execute(select(log.moved, log.from_id, log.to_id).where(changed)):
        moved.update(row.moved)
        members |= {row.to_id, row.from_id} - {None}
    theirs = select(identity.c.id).where(identity.c.member_id.in_(members))
    return {*moved, *connection.scalars(theirs)}
