"""Tags, once a night: what the hits and points of members come to is written where it is another."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, delete, func, or_, select

from bot.nightly.portions import portions
from bot.people import consent, directory, tag_wishes, tags
from bot.people.directory import Person
from bot.people.points import Dimension
from bot.people.tags import BEHAVIOUR, BY_NIGHT, KEY, MESSAGE, PURCHASE, QUESTIONNAIRE, Tag
from bot.scoring import book, days, tagging
from bot.scoring.kpi.period import ours
from bot.scoring.rules import Scoring
from bot.scoring.tag_rules import Tagging
from bot.scoring.tagging import Hit, Inferred, Usual
from bot.store import log
from bot.store.figures import HITS_KEPT, tag_hit
from bot.store.reading import plain, stream
from bot.store.session import upsert
from bot.store.tables import member, tag
from bot.store.transaction import Reader, Transaction

MOST = 500
"""Members whose tags are written in one transaction."""


class TagKey(NamedTuple):
    """The key of a row of ``tag``."""

    member_id: int
    key: str
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a night found of one member; ``held`` are the keys that they had by the nights before."""

    member_id: int
    put: tuple[Inferred, ...]
    drop: tuple[TagKey, ...]
    held: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of a member's tags."""

    inferred: Mapping[TagKey, Row[Any]]
    said: Mapping[str, float]
    refused: Collection[str]

    @property
    def held(self) -> dict[str, float]:
        return {key.key: row.score for key, row in self.inferred.items()}


_NOTHING = Known({}, {}, ())


@dataclass(frozen=True, slots=True)
class Inferring:
    """One night's work about tags; ``kinds``: what each role is."""

    account: str
    kinds: Mapping[str, str]
    rules: Tagging
    scoring: Scoring
    zone: ZoneInfo
    today: int

    def changes(self, reader: Reader) -> Iterator[list[Change]]:
        """Those for whom anything changes, some at a time."""
        with reader() as connection:
            yield from portions(self._changes(connection), MOST)

    def _changes(self, connection: Connection) -> Iterator[Change]:
        known = _known(connection)
        scores = book.most_active(connection, self.scoring, self.today, self.rules.standing.off)
        usual = self._usual(connection)
        left_out = {*ours(connection, self.kinds), *consent.all_impersonal(connection)}
        for who, found in _with_others(self._hits(connection), {*known, *scores}):
            wanted = (
                ()
                if who in left_out
                else self._infer(found, known.get(who, _NOTHING), scores.get(who, {}), usual)
            )
            if change := self._change(who, known.get(who, _NOTHING), [*wanted]):
                yield change

    def _infer(
        self, found: Sequence[Hit], known: Known, scores: Mapping[Dimension, float], usual: Usual
    ) -> Iterator[Inferred]:
        """All tags that are due to a member, but for those that they refused."""
        rules, today = self.rules, self.today
        liked, acts, talk = _sorted(found, rules)
        held = known.held
        due = [
            *tagging.interests(liked, held, usual, rules, today),
            *tagging.values(acts, talk, known.said, rules.value, today),
            *tagging.contributions(scores, held, rules, self.scoring.half_life, today),
        ]
        return (it for it in due if it.key not in known.refused)

    def _change(self, who: int, known: Known, wanted: Sequence[Inferred]) -> Change | None:
        keys = {TagKey(who, it.key, it.source): it for it in wanted}
        put = tuple(it for key, it in keys.items() if not self._says(known.inferred.get(key), it))
        drop = tuple(key for key in known.inferred if key not in keys)
        return Change(who, put, drop, known.held) if put or drop else None

    def _says(self, row: Row[Any] | None, it: Inferred) -> bool:
        if row is None:
            return False
        stands = (row.score, row.confidence, tuple(row.evidence), row.expires_at)
        return stands == (it.score, it.confidence, it.evidence, days.begin(it.expires, self.zone))

    # --- reading ---

    def _hits(self, connection: Connection) -> Iterator[tuple[int, list[Hit]]]:
        """Each member's; those with several accounts come last."""
        h, members = tag_hit.c, book.member_of(connection)
        columns = (h.identity_id, h.key, h.day, h.source, h.times, h.event_id)
        query = select(*columns).where(h.day > self.today - HITS_KEPT).order_by(h.identity_id)
        accounts = Counter(members.values())
        together: defaultdict[int, list[Hit]] = defaultdict(list)
        for identity_id, rows in groupby(plain(connection, query), key=itemgetter(0)):
            if (who := members.get(identity_id)) is not None:
                found = [Hit(*rest) for _, *rest in rows]
                if accounts[who] == 1:
                    yield who, found
                else:
                    together[who] += found
        yield from sorted(together.items())

    def _usual(self, connection: Connection) -> Usual:
        """Over everybody, to each day what of its points is left."""
        h, rule = tag_hit.c, self.rules.interest
        recent = h.day > self.today - HITS_KEPT
        query = select(h.key, h.day, h.source, func.count()).where(recent, h.source.in_((MESSAGE, PURCHASE)))
        points: defaultdict[str, float] = defaultdict(float)
        for key, day, source, count in plain(connection, query.group_by(h.key, h.day, h.source)):
            if key in self.rules.interests:
                points[key] += (
                    count * tagging.worth(source, rule) * tagging.left(self.today - day, rule.half_life)
                )
        people = select(func.count(h.identity_id.distinct())).where(recent)
        return Usual(dict(points), connection.execute(people).scalar_one())

    # --- writing ---

    def settle(self, tx: Transaction, found: Sequence[Change]) -> None:
        """Write it. What a member decided meanwhile holds, and whom another account knows is left to it."""
        ids = [it.member_id for it in found]
        people, alone = directory.known_as(tx, ids, self.account), consent.impersonal(tx, ids)
        refused = tag_wishes.refused(tx.connection, ids)
        put: list[tuple[Person, Inferred]] = []
        events: list[dict[str, Any]] = []
        drop: list[TagKey] = []
        for it in found:
            if (person := people.get(it.member_id)) is None:
                continue
            may = (
                []
                if it.member_id in alone
                else [one for one in it.put if (it.member_id, one.key) not in refused]
            )
            put += ((person, one) for one in may)
            drop += it.drop
            events += self._events(tx, person, it, may)
        _delete(tx, drop)
        upsert(tx.connection, tag, [*self._rows(tx, put)], KEY)
        log.append(tx, events)

    def _events(
        self, tx: Transaction, person: Person, it: Change, put: Sequence[Inferred]
    ) -> Iterator[dict[str, Any]]:
        """What came and what went; that a score moves is no news."""
        for one in put:
            if one.key not in it.held:
                cause = one.evidence[-1] if one.evidence else None
                yield tags.changed(
                    tx, person, Tag(one.key, one.score, source=one.source), None, one.score, cause
                )
        staying = {one.key for one in it.put}
        for gone in it.drop:
            if gone.key not in staying:
                was = it.held[gone.key]
                yield tags.changed(tx, person, Tag(gone.key, was, source=gone.source), was, None, None)

    def _rows(self, tx: Transaction, put: Sequence[tuple[Person, Inferred]]) -> Iterator[dict[str, Any]]:
        first = _first(tx, [person.member_id for person, _ in put])
        version = BY_NIGHT + hashlib.sha256(repr(self.rules).encode()).hexdigest()[:16]
        for person, it in put:
            yield {
                "member_id": person.member_id,
                "key": it.key,
                "source": it.source,
                "score": it.score,
                "confidence": it.confidence,
                "evidence": [*it.evidence],
                "first_at": first.get((person.member_id, it.key, it.source), tx.now),
                "last_at": days.begin(it.last, self.zone),
                "expires_at": days.begin(it.expires, self.zone),
                "version": version,
                "refused_at": None,
            }


def _known(connection: Connection) -> dict[int, Known]:
    """By whom members turned out to be; of their tags what the nights wrote, what they answered, refused."""
    who = func.coalesce(member.c.merged_into, tag.c.member_id)
    concerned = or_(
        tag.c.version.startswith(BY_NIGHT, autoescape=True),
        tag.c.source == QUESTIONNAIRE,
        tag.c.refused_at.is_not(None),
    )
    query = select(who.label("who"), *tag.c).select_from(
        tag.outerjoin(member, member.c.id == tag.c.member_id)
    )
    rows: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in stream(connection, query.where(concerned).order_by(tag.c.confidence)):
        rows[row.who].append(row)
    return {whose: _sorted_out(found) for whose, found in rows.items()}


def _sorted_out(rows: Sequence[Row[Any]]) -> Known:
    refused = {row.key for row in rows if row.refused_at is not None}
    stands = [row for row in rows if row.refused_at is None]
    return Known(
        {TagKey(it.member_id, it.key, it.source): it for it in stands if it.version.startswith(BY_NIGHT)},
        {it.key: it.score for it in stands if it.source == QUESTIONNAIRE},
        refused,
    )


def _with_others(
    hits: Iterator[tuple[int, list[Hit]]], members: Collection[int]
) -> Iterator[tuple[int, Sequence[Hit]]]:
    """Each of ``hits``, and those of ``members`` who have none."""
    others = set(members)
    for who, found in hits:
        others.discard(who)
        yield who, found
    yield from ((who, ()) for who in sorted(others))


class _ByKey(NamedTuple):
    """What speaks for interests; for values as acts, and as talk."""

    liked: defaultdict[str, list[Hit]]
    acts: defaultdict[str, list[Hit]]
    talk: defaultdict[str, list[Hit]]


def _sorted(hits: Iterable[Hit], rules: Tagging) -> _ByKey:
    found = _ByKey(defaultdict(list), defaultdict(list), defaultdict(list))
    for it in hits:
        if it.key in rules.interests:
            found.liked[it.key].append(it)
        if it.key in rules.values and it.source in (BEHAVIOUR, MESSAGE):
            (found.acts if it.source == BEHAVIOUR else found.talk)[it.key].append(it)
    return found


def _first(tx: Transaction, members: Sequence[int]) -> dict[tuple[int, str, str], Any]:
    """When each of their tags came."""
    t = tag.c
    rows = select(t.member_id, t.key, t.source, t.first_at).where(t.member_id.in_(members))
    return {(row[0], row[1], row[2]): row[3] for row in tx.connection.execute(rows)}


def _delete(tx: Transaction, keys: Sequence[TagKey]) -> None:
    """What a member refused keeps its row."""
    t = tag.c
    this = (t.member_id == bindparam("whose")) & (t.key == bindparam("which")) & (t.source == bindparam("by"))
    if keys:
        gone = [dict(zip(("whose", "which", "by"), it, strict=True)) for it in keys]
        tx.connection.execute(delete(tag).where(this, t.refused_at.is_(None)), gone)
