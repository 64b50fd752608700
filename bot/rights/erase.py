"""Forgetting a person: their words, names and numbers go, wherever they were copied; that something happened
stays, as an act of nobody. So what others got for it stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, or_, select, update

from bot.people.merging import one_with
from bot.rights import outbox, questions
from bot.sop.templates import harmless_name
from bot.store import search
from bot.store.figures import tag_hit
from bot.store.mouth import invite_code, thanks
from bot.store.rights import ERASED, erasure
from bot.store.tables import (
    complaint_case,
    consent,
    document,
    failure,
    identity,
    identity_log,
    interaction,
    media,
    member,
    membership,
    offer,
    role,
    run,
    tag,
    texts,
    wait,
)
from bot.store.transaction import Transaction

SHORTEST = 2
"""Characters of a name that are looked for by themselves."""
SOURCE = ERASED
"""Where the accounts of those are who were forgotten: nobody knows them there."""
KEPT = frozenset(
    {"kind", "command", "rule", "state", "status", "intent", "version", "purpose", "source", "from", "to"}
    | {"what", "because", "by"}
)
"""Keys whose words are the program's own."""
GONE = frozenset({"answers", "args"})
"""What somebody answered or typed goes, be it a number."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(\+\d\d:\d\d|Z)?)?")
_ORDER = "order_"
"""What was bought has to be kept for the books; whose it was is not in it."""
_TAGS = ("tag_changed", "tag_given", "tag_taken", "tag_refused", "tag_allowed")
_NOTES = ("member_noted",)


@dataclass(frozen=True, slots=True)
class Traces:
    """Who is forgotten: all their accounts, and all that they were called."""

    members: tuple[int, ...]
    identities: tuple[int, ...]
    accounts: tuple[tuple[tuple[str, str], str | None], ...]
    """Source and id of each account, and the phone that it has."""
    names: frozenset[str]
    numbers: tuple[int, ...] = ()

    @property
    def called(self) -> frozenset[str]:
        """As what our own messages call them; a name of one letter is in many, so not by itself."""
        shown = {harmless_name(name).rstrip("…") for name in self.names}
        shown.discard(harmless_name(""))
        alone = {name for name in shown | self.names if len(name) >= SHORTEST}
        return frozenset(alone | {f"M{number} {name}" for number in self.numbers for name in shown})

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(it for (_, id), phone in self.accounts for it in (id, phone) if it)


def of_member(tx: Transaction, member_id: int) -> Traces:
    """A member, and all who were merged into them."""
    members = list(tx.connection.scalars(select(member.c.id).where(one_with(member.c.id, member_id))))
    return _traces(tx, members, identity.c.member_id == member_id)


def of_account(tx: Transaction, identity_id: int) -> Traces:
    """An account that is nobody's."""
    return _traces(tx, [], identity.c.id == identity_id)


def _traces(tx: Transaction, members: Sequence[int], whose: ColumnElement[bool]) -> Traces:
    rows = tx.connection.execute(select(identity).where(whose).order_by(identity.c.id)).all()
    ids = tuple(row.id for row in rows)
    aliases = tx.connection.scalars(select(membership.c.alias).where(membership.c.identity_id.in_(ids)))
    names = frozenset(name for name in (*(row.name for row in rows), *aliases) if name)
    numbers = tx.connection.scalars(select(member.c.number).where(member.c.id.in_(members)))
    accounts = tuple(((row.source, row.external_id), row.phone) for row in rows)
    return Traces(tuple(members), ids, accounts, names, tuple(numbers))


def erase(tx: Transaction, who: Traces) -> None:
    asked = questions.touched(tx, who.identities)
    outbox.forget(tx, who.identities, who.called, who.ids)
    _forget_words(tx, who)
    if _forget_mentions(tx, who.names):
        asked += questions.naming(tx, who.names)
    _clean_log(tx, who)
    _close_runs(tx, who)
    questions.note(tx, asked)
    _forget_profile(tx, who)
    tx.connection.execute(delete(erasure).where(erasure.c.member_id.in_(who.members)))


# --- words ---


def _mine(who: Traces) -> ColumnElement[bool]:
    return interaction.c.identity_id.in_(who.identities)


def _forget_words(tx: Transaction, who: Traces) -> None:
    """What they said, what was made of it and what was noted about them; pictures and failures too."""
    i, said = interaction.c, select(interaction.c.id).where(_mine(who))
    noted = i.target_identity_id.in_(who.identities) & i.name.in_(_NOTES)
    made = i.parent_event_id.in_(said) & i.identity_id.is_(None)
    kept = select(i.text_id).where(i.text_id.is_not(None), or_(_mine(who), noted, made))
    search.forget_all(tx, document.c.id.in_(said))
    tx.connection.execute(delete(texts).where(texts.c.id.in_(kept)))
    pictures = update(media).where(media.c.interaction_id.in_(said)).values(keep_until=tx.now)
    tx.pictures = tx.connection.execute(pictures).rowcount > 0 or tx.pictures
    tx.connection.execute(delete(failure).where(failure.c.interaction_id.in_(said)))


def _forget_mentions(tx: Transaction, names: Iterable[str]) -> bool:
    """Where others called them by name; gives whether any did."""
    anybody = False
    for name in sorted(names, key=len, reverse=True):
        ends = r"(?=\s|$)" if len(name) < SHORTEST else ""
        called = re.compile(f"@{re.escape(name)}{ends}")
        query = select(texts).where(texts.c.body.contains(f"@{name}", autoescape=True))
        for row in tx.connection.execute(query).all():
            without = {"body": called.sub("@…", row.body)}
            tx.connection.execute(update(texts).where(texts.c.id == row.id).values(without))
            anybody = True
    return anybody


# --- the log ---


def _clean_log(tx: Transaction, who: Traces) -> None:
    """Acts stay, as nobody's; what they were tagged goes."""
    i = interaction.c
    theirs = _mine(who) | i.target_identity_id.in_(who.identities)
    tx.connection.execute(delete(interaction).where(theirs, i.name.in_(_TAGS)))
    for row in tx.connection.execute(select(i.id, i.name, i.source_id, i.props).where(theirs)).all():
        clean = {"props": row.props if row.name.startswith(_ORDER) else without_words(row.props)}
        if any(id in row.source_id for id in who.ids):
            clean["source_id"] = f"{SOURCE}:{row.id}"
        if clean != {"props": row.props}:
            tx.connection.execute(update(interaction).where(i.id == row.id).values(clean))
    _clean_commands(tx, who.names)


def _clean_commands(tx: Transaction, names: frozenset[str]) -> None:
    """What our own people typed may name them."""
    i, ours = interaction.c, select(role.c.member_id)
    staff = select(identity.c.id).where(identity.c.member_id.in_(ours))
    query = select(i.id, i.props).where(i.identity_id.in_(staff), i.name == "command_given")
    for row in tx.connection.execute(query).all():
        args = row.props.get("args", ())
        if any(_holds(str(arg), name) for arg in args for name in names):
            clean = {**row.props, "args": ["…" for _ in args]}
            tx.connection.execute(update(interaction).where(i.id == row.id).values(props=clean))


def _holds(words: str, name: str) -> bool:
    return words == name or (len(name) >= SHORTEST and name in words)


def without_words(value: Any, key: str = "") -> Any:
    """``value`` with nothing left in it that somebody may have written; numbers and moments stay."""
    match value:
        case dict():
            return {name: without_words(it, name) for name, it in value.items() if name not in GONE}
        case list():
            return [without_words(it, key) for it in value]
        case str() if key not in KEPT and _MOMENT.fullmatch(value) is None:
            return ""
    return value


# --- what SOPs remember ---


def _close_runs(tx: Transaction, who: Traces) -> None:
    """A question is nobody's question then; all else that was about them has nothing left to go by."""
    theirs = run.c.identity_id.in_(who.identities)
    for row in tx.connection.execute(select(run).where(theirs)).all():
        left = questions.withdrawn(row.state) if questions.is_one(row.scope) else without_words(row.state)
        closed = {"state": left, "listens_until": None, "closed_at": row.closed_at or tx.now}
        tx.connection.execute(update(run).where(run.c.id == row.id).values(closed))
    runs = select(run.c.id).where(theirs)
    tx.connection.execute(delete(wait).where(wait.c.run_id.in_(runs)))
    tx.rescheduled = True


# --- who they were ---


def _forget_profile(tx: Transaction, who: Traces) -> None:
    """The rows by which acts are counted stay, without a name."""
    connection, members = tx.connection, who.members
    connection.execute(
        update(identity)
        .where(identity.c.id.in_(who.identities))
        .values(source=SOURCE, external_id=cast(identity.c.id, String), name="")
        .values(phone=None)
    )
    stays = membership.c.identity_id.in_(who.identities)
    connection.execute(update(membership).where(stays).values(alias=""))
    connection.execute(update(membership).where(stays, membership.c.left_at.is_(None)).values(left_at=tx.now))
    connection.execute(delete(tag_hit).where(tag_hit.c.identity_id.in_(who.identities)))
    for table in (tag, consent, invite_code, thanks):
        connection.execute(delete(table).where(table.c.member_id.in_(members)))
    named = identity_log.c.from_id.in_(members) | identity_log.c.to_id.in_(members)
    connection.execute(delete(identity_log).where(named))
    connection.execute(delete(offer).where(offer.c.identity_id.in_(who.identities)))
    complained = complaint_case.c.identity_id.in_(who.identities) & complaint_case.c.closed_at.is_(None)
    connection.execute(update(complaint_case).where(complained).values(closed_at=tx.now))
    held = role.c.member_id.in_(members) & role.c.taken_at.is_(None)
    connection.execute(update(role).where(held).values(taken_at=tx.now))
