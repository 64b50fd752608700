"""What is known of a person's values and interests: each tag with its source, weight, evidence and expiry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from bot.people import consent
from bot.people.directory import Person
from bot.people.merging import one_with
from bot.store import log
from bot.store.session import upsert
from bot.store.tables import member, tag
from bot.store.transaction import Transaction

CHANGED = "tag_changed"
MOST_EVIDENCE = 20
"""Interactions that are kept as evidence of a tag, the latest."""
QUESTIONNAIRE, BEHAVIOUR, MESSAGE, PURCHASE, STAFF = (
    "questionnaire",
    "behaviour",
    "message",
    "purchase",
    "staff",
)
INFERRED = (BEHAVIOUR, MESSAGE, PURCHASE)
"""What nobody said of themselves, nor a human of them."""
KEY = ("member_id", "key", "source")
BY_NIGHT = "tags:"
"""Before the ``version`` of what the nights infer."""


@dataclass(frozen=True, slots=True)
class Tag:
    """``score`` from -1 to 1; ``source`` questionnaire, behaviour, message, purchase or staff.

    ``version`` names the rules that made it: the hash of the SOP, so that weights of another day can be read.
    """

    key: str
    score: float
    confidence: float = 1.0
    source: str = QUESTIONNAIRE
    expires_at: datetime | None = None
    version: str = ""


def put(
    tx: Transaction, person: Person, new: Tag, evidence: int | None, *, programme_id: str | None = None
) -> bool:
    """Write a tag down, over the one of the same key and source; False where the person refused the key, or
    to be judged by what they do. Where the nights weigh such acts, this is one more for the next."""
    if not -1 <= new.score <= 1 or not 0 <= new.confidence <= 1:
        raise ValueError(f"the tag {new.key} is out of bounds: {new.score}, {new.confidence}")
    mine = one_with(tag.c.member_id, person.member_id) & (tag.c.key == new.key)
    before = tx.connection.execute(select(tag).where(mine)).all()
    if any(row.refused_at is not None for row in before) or _may_not_infer(tx, person, new):
        return False
    own = (row for row in before if row.member_id == person.member_id)
    same = next((row for row in own if row.source == new.source), None)
    if same is not None and same.version.startswith(BY_NIGHT):
        new = replace(new, score=same.score, confidence=same.confidence, expires_at=same.expires_at)
        new = replace(new, version=same.version)
    upsert(tx.connection, tag, [_row(tx, person, new, same, evidence)], KEY)
    if same is None or same.score != new.score:
        _record(tx, person, new, None if same is None else same.score, new.score, evidence, programme_id)
    return True


def _may_not_infer(tx: Transaction, person: Person, new: Tag) -> bool:
    return new.source in INFERRED and consent.declined(tx, person.member_id, consent.PERSONAL)


def withdraw(tx: Transaction, person: Person, evidence: int, *, programme_id: str | None = None) -> None:
    """The interaction ``evidence`` was taken back: what rests on nothing else is dropped."""
    mine = one_with(tag.c.member_id, person.member_id) & tag.c.refused_at.is_(None)
    for row in tx.connection.execute(select(tag).where(mine)).all():
        if evidence not in row.evidence:
            continue
        same = (tag.c.member_id == row.member_id) & (tag.c.key == row.key) & (tag.c.source == row.source)
        left = [it for it in row.evidence if it != evidence]
        if left:
            tx.connection.execute(update(tag).where(same).values(evidence=left))
        else:
            tx.connection.execute(delete(tag).where(same))
            old = Tag(row.key, row.score, source=row.source)
            _record(tx, person, old, row.score, None, evidence, programme_id)


def take_away(tx: Transaction, person: Person, key: str, source: str, evidence: int) -> bool:
    """What ``source`` said of this tag is no more; False where it said nothing."""
    mine = one_with(tag.c.member_id, person.member_id) & (tag.c.key == key) & (tag.c.source == source)
    row = tx.connection.execute(select(tag.c.score).where(mine, tag.c.refused_at.is_(None))).first()
    if row is None:
        return False
    tx.connection.execute(delete(tag).where(mine))
    _record(tx, person, Tag(key, row.score, source=source), row.score, None, evidence, None)
    return True


def _row(
    tx: Transaction, person: Person, new: Tag, before: Row[Any] | None, evidence: int | None
) -> dict[str, Any]:
    known = [] if before is None else before.evidence
    because = known if evidence is None or evidence in known else [*known, evidence]
    return {
        "member_id": person.member_id,
        "key": new.key,
        "source": new.source,
        "score": new.score,
        "confidence": new.confidence,
        "evidence": because[-MOST_EVIDENCE:],
        "first_at": tx.now if before is None else before.first_at,
        "last_at": tx.now,
        "expires_at": new.expires_at,
        "version": new.version,
        "refused_at": None,
    }


def _record(
    tx: Transaction,
    person: Person,
    which: Tag,
    before: float | None,
    after: float | None,
    evidence: int | None,
    programme_id: str | None,
) -> None:
    log.append(tx, [changed(tx, person, which, before, after, evidence, programme_id)])


def changed(
    tx: Transaction,
    person: Person,
    which: Tag,
    before: float | None,
    after: float | None,
    evidence: int | None,
    programme_id: str | None = None,
) -> dict[str, Any]:
    """A row of the log: a tag came, went or got another score."""
    return log.entry(
        tx,
        "tags",
        f"{person.member_id}:{which.key}:{which.source}:{tx.new_id()}",
        CHANGED,
        tx.now,
        identity_id=person.identity_id,
        actor_role="system",
        channel="dm",
        object_type="tag",
        object_id=which.key,
        parent_event_id=evidence,
        programme_id=programme_id,
        initiated_by="system",
        props={"from": before, "to": after, "source": which.source},
    )


def rows_of(tx: Transaction, member_id: int) -> Sequence[Row[Any]]:
    """All that is on record of a person's tags, refused and expired ones too; by key."""
    query = select(tag).where(one_with(tag.c.member_id, member_id)).order_by(tag.c.key, tag.c.source)
    return tx.connection.execute(query).all()


def of(tx: Transaction, member_id: int) -> dict[str, Tag]:
    """The tags in force of a person, by key; of several sources a human's word, else what the nights made of
    answers and acts, else the surest."""
    known = rows_of(tx, member_id)
    refused = {row.key for row in known if row.refused_at is not None}
    return {
        row.key: Tag(row.key, row.score, row.confidence, row.source, row.expires_at, row.version)
        for row in sorted(known, key=_rank)
        if row.key not in refused and (row.expires_at is None or row.expires_at > tx.now)
    }


def _rank(row: Row[Any]) -> tuple[bool, bool, float]:
    return row.source == STAFF, row.version.startswith(BY_NIGHT), row.confidence


def holders(tx: Transaction, keys: Collection[str]) -> dict[int, float]:
    """The members who have one of ``keys`` with a score above nothing, and the highest such score."""
    who = func.coalesce(member.c.merged_into, tag.c.member_id)
    joined = tag.outerjoin(member, member.c.id == tag.c.member_id)
    rows = select(who, tag.c.key, tag.c.score, tag.c.expires_at, tag.c.refused_at).select_from(joined)
    known = tx.connection.execute(rows.where(tag.c.key.in_(keys))).all()
    refused = {(row[0], row.key) for row in known if row.refused_at is not None}
    found: dict[int, float] = {}
    for row in known:
        expired = row.expires_at is not None and row.expires_at <= tx.now
        if row.score > 0 and not expired and (row[0], row.key) not in refused:
            found[row[0]] = max(row.score, found.get(row[0], 0))
    return found
