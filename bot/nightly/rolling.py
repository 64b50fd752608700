"""The hits of tags, brought up to date: of what is new, or of all by other rules."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from bot.nightly.portions import portions
from bot.people.tags import BEHAVIOUR, MESSAGE, PURCHASE
from bot.scoring import days, hits
from bot.scoring.daybook import ACTS, Part
from bot.scoring.dictionary import Dictionary
from bot.scoring.hits import PAID, REFUNDED, Hits, Rolled, Wishes
from bot.scoring.tag_rules import Tagging
from bot.store.tables import identity, identity_log, interaction, score_entry
from bot.store.transaction import Reader

MOST = 2_000
"""People whose hits are read together."""
MOST_ROWS = 3_000
"""Hits that are written in one transaction."""
VERSION = 1
"""Another whenever hits are found otherwise by the same words."""
_EVER = 2**31 - 1


def fingerprint(rules: Tagging) -> str:
    """Tells apart the words and acts by which hits are found: by others, all that is kept is read anew."""
    acts = sorted((key, it.acts) for key, it in rules.values.items())
    found_by = (VERSION, sorted(rules.words.items()), acts, [*rules.stop_list])
    return hashlib.sha256(repr(found_by).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Span:
    """Days of these people."""

    people: Collection[int]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rolling:
    """``since`` is the first day of which all words are still kept: what earlier ones said is known."""

    rules: Tagging
    zone: ZoneInfo
    since: int
    today: int

    def parts(self, reader: Reader, after: int | None) -> Iterator[Rolled]:
        """What is to be written, of the log behind the id ``after`` or of all of it (None)."""
        with reader() as connection:
            for rolled in self._parts(connection, after):
                yield from _small(rolled)

    def _parts(self, connection: Connection, after: int | None) -> Iterator[Rolled]:
        dictionary, wishes = Dictionary(self.rules), hits.everyones_wishes(connection)
        yield Rolled({}, hits.refused(connection))
        for span in self._spoken(connection, after):
            said = self._said(connection, dictionary, span)
            yield _differing(connection, wishes, span, MESSAGE, said)
        for people in _concerned(connection, after, _rewarded, BEHAVIOUR):
            found = hits.done(connection, self.rules, people, self.zone)
            yield _differing(connection, wishes, Span(people, 0, _EVER), BEHAVIOUR, found)
        for people in _concerned(connection, after, _buyers, PURCHASE):
            found = hits.bought(connection, dictionary, self.rules, people, self.zone)
            yield _differing(connection, wishes, Span(people, 0, _EVER), PURCHASE, found)

    def _said(self, connection: Connection, dictionary: Dictionary, span: Span) -> Hits:
        begins, ends = days.begin(span.first, self.zone), days.last_moment(span.last, self.zone)
        return hits.said(connection, dictionary, Part(begins, ends, span.people), self.zone)

    def _spoken(self, connection: Connection, after: int | None) -> Iterator[Span]:
        """Who said anything, or took it back, on which days whose words are kept."""
        if after is None:
            for people in _everybody(connection):
                yield Span(people, self.since, self.today)
            return
        who_on: defaultdict[int, set[int]] = defaultdict(set)
        for who, at in _new_words(connection, after):
            who_on[days.number(at, self.zone)].add(who)
        for day in sorted(it for it in who_on if it >= self.since):
            yield from (Span(people, day, day) for people in portions(sorted(who_on[day]), MOST))


def _small(rolled: Rolled) -> Iterator[Rolled]:
    """The same in portions."""
    yield from (Rolled({}, gone) for gone in portions(rolled.gone, MOST_ROWS))
    yield from (Rolled(dict(some), []) for some in portions(rolled.found.items(), MOST_ROWS))


def _differing(connection: Connection, wishes: Wishes, span: Span, source: str, found: Hits) -> Rolled:
    stood = hits.stored(connection, span.people, source, span.first, span.last)
    return hits.differing(stood, wishes.bar(hits.accounts(connection, span.people)).without(found))


def _concerned(
    connection: Connection, after: int | None, find: Callable[[Connection, int], Collection[int]], source: str
) -> Iterator[list[int]]:
    """Those of whom ``find`` finds anything new; where all is to be read, those of whom there is anything."""
    if after is not None:
        return portions(sorted(find(connection, after)), MOST)
    return portions(sorted({*find(connection, 0), *hits.with_any(connection, source)}), MOST)


def _everybody(connection: Connection) -> Iterator[list[int]]:
    query = select(identity.c.id).where(identity.c.member_id.is_not(None)).order_by(identity.c.id)
    return portions(list(connection.scalars(query)), MOST)


def _new_words(connection: Connection, after: int) -> Iterator[tuple[int, datetime]]:
    i, original = interaction.c, interaction.alias("original")
    said = select(i.identity_id, i.occurred_at).where(
        i.id > after, i.name.in_(sorted(ACTS)), i.text_id.is_not(None), i.room_id.is_not(None)
    )
    recalled = (
        select(original.c.identity_id, original.c.occurred_at)
        .select_from(interaction.join(original, original.c.id == i.parent_event_id))
        .where(i.id > after, i.name == "message_recalled")
    )
    for query in (said, recalled):
        for row in connection.execute(query.where(query.selected_columns[0].is_not(None))):
            yield row[0], row[1]


def _rewarded(connection: Connection, after: int) -> Collection[int]:
    query = select(score_entry.c.identity_id).where(score_entry.c.id > after)
    return set(connection.scalars(query))


def _buyers(connection: Connection, after: int) -> Collection[int]:
    """Who bought anything, and whose accounts have become known."""
    i = interaction.c
    orders = (i.id > after) & i.name.in_((PAID, REFUNDED)) & i.identity_id.is_not(None)
    query = select(i.identity_id).where(orders)  # not distinct: SQLite would read all rows by person for that
    linked = select(identity_log.c.moved).where(identity_log.c.id > after)
    return {*connection.scalars(query), *(it for moved in connection.scalars(linked) for it in moved)}
