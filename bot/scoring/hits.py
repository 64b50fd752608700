"""The log, read into hits: what people said in rooms, did in SOPs and bought, by day and tag.

A hit follows from the log alone, and from words only while they are kept: what was found of them stays when
they go. Reading needs no core's thread; nothing here writes but ``write``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, select

from bot.people import consent, tag_wishes
from bot.people.points import REVERSED
from bot.people.tags import BEHAVIOUR, MESSAGE, PURCHASE
from bot.scoring import days
from bot.scoring.daybook import ACTS, Part, parameters, that_count
from bot.scoring.dictionary import Dictionary
from bot.scoring.tag_rules import Tagging
from bot.store.figures import tag_hit
from bot.store.reading import plain
from bot.store.rights import ERASED
from bot.store.session import one_of, upsert
from bot.store.tables import identity, interaction, score_entry, tag, texts
from bot.store.transaction import Transaction

PAID, REFUNDED = "order_paid", "order_refunded"


class Key(NamedTuple):
    """Whose hits on which day; the key of ``tag_hit``."""

    identity_id: int
    key: str
    day: int
    source: str


Hits = dict[Key, tuple[int, int]]
"""How often, and the last interaction that shows it."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """Hits that are new or others than they stood, and those that are none any more."""

    found: Hits
    gone: list[Key]


def differing(stood: Hits, found: Hits) -> Rolled:
    changed = {key: it for key, it in found.items() if stood.get(key) != it}
    return Rolled(changed, [key for key in stood if key not in found])


# --- who is left out ---


@dataclass(frozen=True, slots=True)
class Barred:
    """Of whom no hits are kept: who is nobody's account, was forgotten, or does not want it; and the tags
    that somebody refused, by account."""

    people: Collection[int]
    refused: Collection[tuple[int, str]]

    def without(self, hits: Hits) -> Hits:
        return {
            key: it
            for key, it in hits.items()
            if key.identity_id not in self.people and (key.identity_id, key.key) not in self.refused
        }


class Account(NamedTuple):
    id: int
    member_id: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """Who wants to be told from others by nothing, and the tags that somebody refused; by member."""

    alone: Collection[int]
    refused: Mapping[int, Collection[str]]

    def bar(self, accounts: Iterable[Account]) -> Barred:
        """What is not kept of these accounts."""
        people, tags = set(), set()
        for id, member, source in accounts:
            if member is None or source == ERASED or member in self.alone:
                people.add(id)
            else:
                tags |= {(id, key) for key in self.refused.get(member, ())}
        return Barred(people, tags)


def everyones_wishes(connection: Connection) -> Wishes:
    return Wishes(consent.all_impersonal(connection), _by_member(tag_wishes.refused(connection)))


def _wishes(tx: Transaction, members: Collection[int]) -> Wishes:
    refused = tag_wishes.refused(tx.connection, members)
    return Wishes(consent.impersonal(tx, members), _by_member(refused))


def _by_member(refused: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for member, key in refused:
        found[member].add(key)
    return found


def accounts(connection: Connection, people: Collection[int]) -> list[Account]:
    query = select(identity.c.id, identity.c.member_id, identity.c.source)
    rows = plain(connection, query.where(one_of(identity.c.id, "people")), {"people": people})
    return [Account(*row) for row in rows]


def refused(connection: Connection) -> list[Key]:
    """What stands of tags that were refused since."""
    h, mine = tag_hit.c, (tag.c.member_id == identity.c.member_id) & (tag.c.key == tag_hit.c.key)
    joined = tag_hit.join(identity, identity.c.id == h.identity_id).join(tag, mine)
    query = select(h.identity_id, h.key, h.day, h.source).select_from(joined).distinct()
    return [Key(*row) for row in connection.execute(query.where(tag.c.refused_at.is_not(None)))]


# --- reading ---


def stored(connection: Connection, people: Collection[int], source: str, first: int, last: int) -> Hits:
    """What stands of these people's hits in these days."""
    h = tag_hit.c
    query = select(h.identity_id, h.key, h.day, h.times, h.event_id).where(
        one_of(h.identity_id, "people"), h.source == source, h.day.between(first, last)
    )
    rows = plain(connection, query, {"people": people})
    return {Key(who, key, day, source): (times, event) for who, key, day, times, event in rows}


def with_any(connection: Connection, source: str) -> set[int]:
    """Who has any hits of a source."""
    return set(connection.scalars(select(tag_hit.c.identity_id).where(tag_hit.c.source == source).distinct()))


def said(connection: Connection, dictionary: Dictionary, part: Part, zone: ZoneInfo) -> Hits:
    """What members spoke of in rooms; a message counts once for each tag."""
    i = interaction.c
    day = days.column(i.occurred_at, zone, part.first, part.last)
    query = (
        select(i.id, i.identity_id, day, texts.c.body)
        .select_from(interaction.join(texts, texts.c.id == i.text_id))
        .where(i.name.in_(sorted(ACTS)), i.room_id.is_not(None), *that_count(part))
    )
    return _counted(
        (Key(who, key, on, MESSAGE), id)
        for id, who, on, body in plain(connection, query, parameters(part))
        for key in dictionary.keys_in(body)
    )


def done(connection: Connection, rules: Tagging, people: Collection[int], zone: ZoneInfo) -> Hits:
    """The rewards of these people that stand and speak for a value."""
    e = score_entry.c
    query = select(e.identity_id, e.rule, e.event_id, e.points, e.at, e.programme_id)
    rows = connection.execute(query.where(one_of(e.identity_id, "people")), {"people": people}).all()
    taken = {(row.rule.removesuffix(REVERSED), row.event_id) for row in rows if row.rule.endswith(REVERSED)}
    return _counted(
        (Key(row.identity_id, key, days.number(row.at, zone), BEHAVIOUR), row.event_id)
        for row in rows
        if row.points > 0 and (row.rule, row.event_id) not in taken
        for key in rules.acted(row.rule, row.programme_id)
    )


def bought(
    connection: Connection, dictionary: Dictionary, rules: Tagging, people: Collection[int], zone: ZoneInfo
) -> Hits:
    """The orders of these people that were paid and not paid back, by what is in them."""
    i = interaction.c
    query = select(i.id, i.identity_id, i.name, i.source, i.occurred_at, i.amount_cents, i.props).where(
        one_of(i.identity_id, "people"), i.name.in_((PAID, REFUNDED)), i.is_test.is_(False)
    )
    rows = connection.execute(query, {"people": people}).all()
    back: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row.name == REFUNDED:
            back[row.source, row.props.get("order_id", "")] += row.amount_cents or 0
    return _counted(
        (Key(row.identity_id, key, days.number(row.occurred_at, zone), PURCHASE), row.id)
        for row in rows
        if row.name == PAID
        and not _paid_back(row.amount_cents, back.get((row.source, row.props["order_id"])))
        for key in _in_any(dictionary, row.props.get("lines", ()))
        if key in rules.interests
    )


def _paid_back(paid: int | None, back: int | None) -> bool:
    return back is not None and back >= (paid or 0)


def _in_any(dictionary: Dictionary, lines: Iterable[str]) -> set[str]:
    return {key for line in lines for key in dictionary.keys_in(line)}


def _counted(found: Iterable[tuple[Key, int]]) -> Hits:
    hits: Hits = {}
    for key, event in found:
        times, last = hits.get(key, (0, 0))
        hits[key] = (times + 1, max(last, event))
    return hits


# --- writing ---


def write(tx: Transaction, rolled: Rolled) -> None:
    """What was read a moment ago, but for those who do not want it any more."""
    h = tag_hit.c
    if rolled.gone:
        this = (
            (h.identity_id == bindparam("who"))
            & (h.key == bindparam("tag"))
            & (h.day == bindparam("on"))
            & (h.source == bindparam("by"))
        )
        names = ("who", "tag", "on", "by")
        tx.connection.execute(
            delete(tag_hit).where(this), [dict(zip(names, it, strict=True)) for it in rolled.gone]
        )
    known = accounts(tx.connection, {it.identity_id for it in rolled.found})
    wishes = _wishes(tx, {member for _, member, _ in known if member is not None})
    kept = wishes.bar(known).without(rolled.found)
    rows = [{**key._asdict(), "times": times, "event_id": event} for key, (times, event) in kept.items()]
    upsert(tx.connection, tag_hit, rows, Key._fields)
