"""Word of mouth: who brought whom, by an invite code, by the platform's word of who invited, by an answer, or
by what our own people say.

Each word is a row of the log (``member_referred``) from who came to who brought them, and never changed. Of
several about one person the strongest stands, of equal ones the first, of our own people's the last; so
merging and splitting people, and taking words back, set right who brought whom without rewriting anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Select, exists, func, select

from bot.people.merging import one_with
from bot.store import log
from bot.store.reading import about
from bot.store.session import one_of
from bot.store.tables import identity, interaction, member
from bot.store.transaction import Transaction

REFERRED, ACTIVATED, OBJECT = "member_referred", "referral_activated", "referral"
WITHDRAWN = "referral_withdrawn"
SOURCE = "referral"


class By(StrEnum):
    """How it is known: all but an answer, which is somebody's word, are proofs."""

    CODE = "code"
    INVITE = "invite"
    ANSWER = "answer"
    STAFF = "staff"


PROOFS = (By.CODE, By.INVITE, By.STAFF)


class Noted(Enum):
    """What came of a word."""

    DONE = "it is noted"
    KNOWN = "somebody brought them, by as good a proof"
    OWN = "nobody brings themselves"
    LATER = "who is to have brought them came later"
    ROUND = "who is to have brought them was brought by them, or by whom they brought"


class Word(NamedTuple):
    """A row of the log; people are members, or accounts of nobody as negative numbers.

    ``brought_by`` None: somebody did, and nobody knows who; from our own people: nobody did.
    """

    id: int
    came: int
    brought_by: int | None
    by: By
    at: datetime
    came_as: int
    brought_as: int | None

    @property
    def strength(self) -> int:
        if self.by is By.STAFF:
            return 3
        return 2 if self.by in PROOFS else 1 if self.brought_by is not None else 0

    @property
    def is_of_nobody(self) -> bool:
        return self.by is By.STAFF and self.brought_by is None


def standing(words: Iterable[Word], ours: Collection[int] = ()) -> dict[int, Word]:
    """The one that counts of each who was brought."""
    return {came: word for came, word in strongest(words, ours).items() if not word.is_of_nobody}


def strongest(words: Iterable[Word], ours: Collection[int] = ()) -> dict[int, Word]:
    """The one of each who came. Nobody brought themselves, whoever they were merged with, and our own people
    nobody."""
    found: dict[int, Word] = {}
    for word in sorted(words, key=_rank):
        if word.brought_by != word.came and word.brought_by not in ours:
            found.setdefault(word.came, word)
    return found


def _rank(word: Word) -> tuple[int, int, datetime, int]:
    latest = -word.id if word.by is By.STAFF else 0
    return -word.strength, latest, word.at, word.id


class Rings(NamedTuple):
    """Whom somebody brought, and whom those brought; nobody is in both, and nobody is in their own."""

    first: frozenset[int]
    second: frozenset[int]


def rings(brought: Mapping[int, Collection[int]], whose: int) -> Rings:
    """By who brought whom."""
    first = frozenset(brought.get(whose, ())) - {whose}
    second = frozenset(it for one in first for it in brought.get(one, ()))
    return Rings(first, second - first - {whose})


# --- reading ---

_came, _by = identity.alias("came"), identity.alias("brought")
_i = interaction.c


def _words() -> Select[Any]:
    """All that were not taken back, with the message that said them or by themselves."""
    back = interaction.alias("back")
    is_recalled = exists().where(
        back.c.parent_event_id == _i.parent_event_id, back.c.name == "message_recalled"
    )
    is_withdrawn = exists().where(back.c.parent_event_id == _i.id, back.c.name == WITHDRAWN)
    joined = interaction.join(_came, _came.c.id == _i.identity_id).outerjoin(
        _by, _by.c.id == _i.target_identity_id
    )
    came = func.coalesce(_came.c.member_id, -_came.c.id)
    brought = func.coalesce(_by.c.member_id, -_by.c.id)
    return (
        select(_i.id, came, brought, _i.props, _i.occurred_at, _i.identity_id, _i.target_identity_id)
        .select_from(joined)
        .where(_i.name == REFERRED, ~is_recalled, ~is_withdrawn)
    )


_WORDS = _words()
_BY_WHO_CAME = _WORDS.where(_i.object_type == OBJECT)
"""So the index of objects is used; by who brought them that of targets is better."""


def _read(
    connection: Connection, query: Select[Any], column: Column[Any], ids: Collection[Any] | None
) -> list[Word]:
    rows = about(connection, query, column, ids)
    return [Word(id, came, brought, By(props["by"]), *rest) for id, came, brought, props, *rest in rows]


def words(connection: Connection) -> list[Word]:
    """All of them, by whomever."""
    return _read(connection, _BY_WHO_CAME, _i.object_id, None)


def everybody(connection: Connection) -> dict[int, Word]:
    """Who was brought by whom, by who came."""
    return standing(words(connection))


def of(connection: Connection, people: Collection[int]) -> dict[int, Word]:
    """The same of these people."""
    return standing(_about(connection, people))


def last_word(connection: Connection, person: int) -> Word | None:
    """The strongest about one of them, though it say that nobody brought them."""
    return strongest(_about(connection, [person])).get(person)


def _about(connection: Connection, people: Collection[int]) -> list[Word]:
    ids = [str(it) for it in _accounts(connection, people)]
    return _read(connection, _BY_WHO_CAME, _i.object_id, ids) if ids else []


def brought_by(connection: Connection, people: Collection[int]) -> dict[int, Word]:
    """Those whom these people brought."""
    accounts = _accounts(connection, people)
    named = _read(connection, _WORDS, _i.target_identity_id, accounts) if accounts else []
    found = of(connection, {it.came for it in named})
    return {came: word for came, word in found.items() if word.brought_by in people}


def rings_of(connection: Connection, whose: int) -> Rings:
    first = brought_by(connection, [whose])
    return rings(by_bringer([*first.values(), *brought_by(connection, first.keys()).values()]), whose)


def by_bringer(words: Iterable[Word]) -> dict[int, set[int]]:
    """Whom each brought."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for it in words:
        if it.brought_by is not None:
            found[it.brought_by].add(it.came)
    return dict(found)


def _accounts(connection: Connection, people: Collection[int]) -> list[int]:
    theirs = select(identity.c.id).where(one_of(identity.c.member_id, "people"))
    found = list(connection.scalars(theirs, {"people": [it for it in people if it > 0]}))
    return [*found, *(-it for it in people if it < 0)]


def activated(connection: Connection) -> set[int]:
    """The words for which was given what they earn."""
    done = select(_i.parent_event_id).where(_i.object_type == OBJECT, _i.name == ACTIVATED)
    return set(connection.scalars(done))


# --- writing ---


@dataclass(frozen=True, slots=True)
class Told:
    """A word as it is told: accounts, and the ``event`` that told it."""

    came: int
    brought_by: int | None
    by: By
    at: datetime
    event: int | None = None
    channel: str = "dm"


def note(tx: Transaction, told: Told) -> Noted:
    """Put it on record, unless as much is known, or it cannot be so. Whoever calls sees to it that neither of
    them is one of our own people."""
    came = _person(tx, told.came)
    brought = None if told.brought_by is None else _person(tx, told.brought_by)
    if brought is not None and (why_not := _impossible(tx, told, came, brought)) is not None:
        return why_not
    before = last_word(tx.connection, came.id)
    row = _row(tx, told, None if before is None else before.id)
    word = Word(
        row["id"], came.id, None if brought is None else brought.id, told.by, told.at, told.came, None
    )
    if before is not None and _as_good(before, word):
        return Noted.KNOWN
    return Noted.DONE if log.append(tx, [row]) else Noted.KNOWN


def _impossible(tx: Transaction, told: Told, came: _Person, brought: _Person) -> Noted | None:
    """That they came later is no matter where their invitation was seen, or our own people say so: they may
    have been there without a word."""
    if brought.id == came.id:
        return Noted.OWN
    if told.by is By.STAFF:
        return Noted.ROUND if _leads_to(tx.connection, brought.id, came.id) else None
    if told.by is not By.INVITE and (brought.since or told.at) >= (came.since or told.at):
        return Noted.LATER
    return None


def _leads_to(connection: Connection, person: int, whom: int) -> bool:
    """Whether ``person`` was brought by ``whom``, through however many others."""
    seen: set[int] = set()
    while person != whom and person not in seen:
        seen.add(person)
        word = of(connection, [person]).get(person)
        if word is None or word.brought_by is None:
            return False
        person = word.brought_by
    return person == whom


def _as_good(before: Word, word: Word) -> bool:
    """Whether nothing is new in ``word``: our own people may say again that it was another."""
    if word.by is By.STAFF:
        return before.by in PROOFS and before.brought_by == word.brought_by
    return before.strength >= word.strength


def withdraw(tx: Transaction, word: Word) -> bool:
    """Take one back, so that what was before it counts again; False if it was taken back."""
    row = log.entry(
        tx,
        SOURCE,
        str(word.id),
        WITHDRAWN,
        tx.now,
        identity_id=word.came_as,
        actor_role="staff",
        channel="dm",
        object_type=OBJECT,
        object_id=str(word.came_as),
        parent_event_id=word.id,
    )
    return bool(log.append(tx, [row]))


def _row(tx: Transaction, told: Told, corrects: int | None) -> dict[str, Any]:
    return log.entry(
        tx,
        SOURCE,
        f"{told.came}:{told.event or told.by}",
        REFERRED,
        told.at,
        identity_id=told.came,
        target_identity_id=told.brought_by,
        channel=told.channel,
        object_type=OBJECT,
        object_id=str(told.came),
        parent_event_id=told.event,
        corrects_event_id=corrects,
        props={"by": told.by.value},
    )


class _Person(NamedTuple):
    """``since`` is when the first of their accounts was met; None: nobody knows them."""

    id: int
    since: datetime | None


def met(tx: Transaction, account: int) -> datetime | None:
    """When whoever uses this account was met, by whatever account of theirs."""
    return _person(tx, account).since


def _person(tx: Transaction, account: int) -> _Person:
    whose = tx.connection.scalar(select(identity.c.member_id).where(identity.c.id == account))
    if whose is None:
        return _Person(-account, None)
    met = select(func.min(member.c.created_at)).where(one_with(member.c.id, whose))
    return _Person(whose, tx.connection.scalar(met))
