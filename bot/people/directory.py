"""The mapping of the platforms' rooms and people to ours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, exists, func, select, update

from bot import events
from bot.store.ids import next_number
from bot.store.quick import once
from bot.store.session import insert_new, one_of, upsert
from bot.store.tables import identity, member, membership, room, room_address
from bot.store.transaction import Transaction
from bot.store.types import EPOCH

AnyRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Room:
    """A chat that is, or was, enabled; at ``enabled_at`` for the last time. One ``account`` hears it."""

    id: int
    key: str
    title: str
    enabled: bool
    enabled_at: datetime = EPOCH
    account: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody we know: ``name`` is what others see in the room at hand, M``number`` what operators type."""

    identity_id: int
    member_id: int
    number: int
    name: str


# Built once, as ``_KNOWN`` below. Last comes what counts: what is enabled, and of that what is ours.
_MINE = room.c.account == bindparam("mine")
_AT = once(
    select(room, room_address.c.platform_id)
    .select_from(room.join(room_address, room_address.c.room_id == room.c.id))
    .where(one_of(room_address.c.platform_id, "ids"))
    .where(_MINE | room.c.disabled_at.is_(None))
    .order_by(room.c.disabled_at.is_(None), _MINE)
)


def rooms_at(tx: Transaction, account: str, platform_ids: Collection[str]) -> dict[str, Room]:
    """The rooms bound to these platform ids: those of ``account``, enabled or not, and what others enabled.

    A chat is one account's: one that another has enabled is the other's, whatever it was to us before.
    """
    if not platform_ids:
        return {}
    found = tx.connection.execute(_AT, {"ids": platform_ids, "mine": account})
    return {row.platform_id: _room(row) for row in found}


def our_room(tx: Transaction, account: str, chat: events.Chat) -> Room | None:
    """The room of ``account`` that ``chat`` is, or was before anyone else enabled it."""
    found = rooms_at(tx, account, [chat.id]).get(chat.id)
    return found if found is not None and found.account == account else None


def rooms_of(tx: Transaction, account: str) -> list[Room]:
    """All rooms of an account, by key."""
    return [_room(row) for row in tx.connection.execute(_ROOMS_OF, {"mine": account})]


def enabled_keys(tx: Transaction, account: str) -> set[str]:
    """The keys of the rooms that an account has enabled."""
    return set(tx.connection.scalars(_ENABLED_KEYS, {"mine": account}))


def nameless(rooms: Iterable[Room], names: Collection[str]) -> list[str]:
    """The keys of those that are enabled though nothing has these ``names`` for them any more."""
    return [it.key for it in rooms if it.enabled and it.key not in names]


def room_by_id(tx: Transaction, room_id: int) -> Room | None:
    row = tx.connection.execute(_ROOM_BY_ID, {"this": room_id}).first()
    return None if row is None else _room(row)


def enabled_room(tx: Transaction, account: str, key: str | None) -> Room | None:
    """The room of this key, if ``account`` has it and it is enabled."""
    row = None if key is None else tx.connection.execute(_ENABLED, {"mine": account, "called": key}).first()
    return None if row is None else _room(row)


def rooms_by_key(tx: Transaction) -> dict[str, Room]:
    """The rooms of all accounts."""
    return {row.key: _room(row) for row in tx.connection.execute(_rooms())}


def _rooms() -> Select[*tuple[Any, ...]]:
    joined = room.join(room_address, room_address.c.room_id == room.c.id)
    return select(room, room_address.c.platform_id).select_from(joined)


_ROOMS_OF = once(_rooms().where(room_address.c.account == bindparam("mine")).order_by(room.c.key))
_ENABLED_KEYS = once(
    select(room.c.key)
    .select_from(room.join(room_address, room_address.c.room_id == room.c.id))
    .where(room_address.c.account == bindparam("mine"), room.c.disabled_at.is_(None))
)
_ENABLED = once(_rooms().where(room.c.key == bindparam("called"), _MINE, room.c.disabled_at.is_(None)))
_ROOM_BY_ID = once(_rooms().where(room.c.id == bindparam("this")))


def _room(row: AnyRow) -> Room:
    return Room(row.id, row.key, row.title, row.disabled_at is None, row.enabled_at, row.account)


def bind_alone(tx: Transaction) -> None:
    """Bind one account after the other: wait for those who are at it, and then see what they bound.

    An admin's command may be heard by several accounts at once.
    """
    next_number(tx.connection, "binding")


def bind_room(tx: Transaction, account: str, chat: events.Chat, key: str) -> Room:
    """Enable ``chat`` as ``key``. A key is one chat: another chat that had it, or another key of this one, is
    let go, with what was going on there; it comes back as a new room.

    The key of a room that another account has enabled cannot be had (``IntegrityError``).
    """
    before = our_room(tx, account, chat)
    room_id = tx.new_id() if before is None or before.key != key else before.id
    may_go = (room.c.account == account) | room.c.disabled_at.is_not(None)
    _let_go(tx, (room.c.key == key) & (room.c.id != room_id) & may_go)
    if before is not None and before.id != room_id:
        _let_go(tx, room.c.id == before.id)
    values = {"account": account, "title": chat.title, "enabled_at": tx.now, "disabled_at": None}
    upsert(tx.connection, room, [{"id": room_id, "key": key, **values}], ["id"])
    address = {"account": account, "platform_id": chat.id, "room_id": room_id}
    upsert(tx.connection, room_address, [address], ["account", "platform_id"])
    return Room(room_id, key, chat.title, enabled=True, enabled_at=tx.now, account=account)


def rebind_room(tx: Transaction, moved: Room, chat: events.Chat) -> None:
    """The platform gave the chat of ``moved`` another id, ``chat``'s. What that was before is let go."""
    before = our_room(tx, moved.account, chat)
    if before is not None:
        _let_go(tx, room.c.id == before.id)
    here = room_address.c.room_id == moved.id
    tx.connection.execute(update(room_address).where(here).values(platform_id=chat.id))
    if chat.title:
        rename_room(tx, moved.id, chat.title)


def _let_go(tx: Transaction, which: ColumnElement[bool]) -> None:
    ids = select(room.c.id).where(which)
    tx.connection.execute(room_address.delete().where(room_address.c.room_id.in_(ids)))
    tx.connection.execute(update(room).where(which).values(key=None, disabled_at=tx.now))


def disable_room(tx: Transaction, room_id: int) -> None:
    tx.connection.execute(update(room).where(room.c.id == room_id).values(disabled_at=tx.now))


def rename_room(tx: Transaction, room_id: int, title: str) -> None:
    tx.connection.execute(update(room).where(room.c.id == room_id).values(title=title))


_KNOWN = once(
    select(identity.c.external_id, identity.c.id, identity.c.member_id, member.c.number, identity.c.name)
    .select_from(identity.join(member, member.c.id == identity.c.member_id))
    .where(identity.c.source == bindparam("from"))
    .where(one_of(identity.c.external_id, "ids"))
)


def known_people(tx: Transaction, source: str, external_ids: Collection[str]) -> dict[str, Person]:
    """Those of ``external_ids`` whom we know."""
    if not external_ids:
        return {}
    found = tx.connection.execute(_KNOWN, {"from": source, "ids": external_ids})
    return {id: Person(*known) for id, *known in found.all()}


def meet(tx: Transaction, source: str, people: Iterable[events.Person]) -> dict[str, Person]:
    """Everyone of ``people``, by platform id; who is new becomes a member, a changed name is kept."""
    by_id = {person.id: person for person in people}
    known = known_people(tx, source, by_id)
    for external_id, person in by_id.items():
        before = known.get(external_id)
        if before is None:
            known[external_id] = _add_person(tx, source, person)
        elif person.name and person.name != before.name:
            change = update(identity).where(identity.c.id == before.identity_id).values(name=person.name)
            tx.connection.execute(change)
    return known


def _add_person(tx: Transaction, source: str, person: events.Person) -> Person:
    member_id, number = tx.new_id(), next_number(tx.connection, "member")
    insert_new(tx.connection, member, [{"id": member_id, "number": number, "created_at": tx.now}])
    identity_id = tx.new_id()
    row = {"id": identity_id, "source": source, "external_id": person.id, "member_id": member_id}
    insert_new(tx.connection, identity, [{**row, "name": person.name}])
    return Person(identity_id, member_id, number, person.name)


_MEMBERSHIPS = once(
    select(*(membership.c[name] for name in ("room_id", "identity_id", "alias", "ordinal", "left_at")))
    .where(one_of(membership.c.room_id, "rooms"), one_of(membership.c.identity_id, "people"))
    .order_by(membership.c.room_id, membership.c.identity_id)
)


def note_present(tx: Transaction, present: Mapping[tuple[int, int], tuple[str, datetime]]) -> None:
    """That these people are in these rooms, because they spoke: (room, identity) → (alias there, when)."""
    if not present:
        return
    rooms, people = ({pair[at] for pair in present} for at in (0, 1))
    found = tx.connection.execute(_MEMBERSHIPS, {"rooms": rooms, "people": people})
    known = set()
    for row in found.all():
        room_id, identity_id, before, _, left_at = row
        alias, at = present.get((room_id, identity_id), ("", None))
        known.add((room_id, identity_id))
        if at is not None and (left_at is not None or (alias and alias != before)):
            _note_again(tx, (room_id, identity_id), row, alias, at)
    new = [pair for pair in present if pair not in known]
    rows = [{"room_id": r, "identity_id": i, "alias": present[r, i][0], "ordinal": 1} for r, i in new]
    insert_new(tx.connection, membership, rows)


def _note_again(tx: Transaction, pair: tuple[int, int], row: AnyRow, alias: str, at: datetime) -> None:
    """Somebody whom we know here spoke: they may have another name, or have come back unnoticed."""
    if row.left_at is not None and at <= row.left_at:
        return  # said before they left, heard after it
    if row.left_at is not None:  # another stay, whose join the platform tells later or never
        again = {"ordinal": row.ordinal + 1, "joined_at": None, "left_at": None}
        _update_membership(tx, pair, alias=alias or row.alias, **again)
    elif alias and alias != row.alias:
        _update_membership(tx, pair, alias=alias)


def join(tx: Transaction, room_id: int, identity_id: int, at: datetime, alias: str) -> int | None:
    """Note that somebody came; gives how often they have come by now, None if they were known to be there.

    The platform tells some joins twice or late: it counts unless this stay's join is recorded already.
    """
    before = _membership(tx, room_id, identity_id)
    if before is None:
        row = {"room_id": room_id, "identity_id": identity_id, "alias": alias, "ordinal": 1, "joined_at": at}
        insert_new(tx.connection, membership, [row])
        return 1
    if before.left_at is None and before.joined_at is not None:
        return None
    ordinal = before.ordinal + (before.left_at is not None)
    _update_membership(
        tx, (room_id, identity_id), alias=alias or before.alias, ordinal=ordinal, joined_at=at, left_at=None
    )
    return int(ordinal)


def leave(tx: Transaction, room_id: int, identity_id: int, at: datetime) -> int | None:
    """Note that somebody went; gives which of their stays ended, None if they were known to be away."""
    before = _membership(tx, room_id, identity_id)
    if before is None or before.left_at is not None:
        return None
    _update_membership(tx, (room_id, identity_id), left_at=at)
    return int(before.ordinal)


def _membership(tx: Transaction, room_id: int, identity_id: int) -> AnyRow | None:
    return tx.connection.execute(_MEMBERSHIP, {"here": room_id, "who": identity_id}).first()


_MEMBERSHIP = once(
    select(membership).where(
        membership.c.room_id == bindparam("here"), membership.c.identity_id == bindparam("who")
    )
)


def _update_membership(tx: Transaction, pair: tuple[int, int], **values: object) -> None:
    here = (membership.c.room_id == pair[0]) & (membership.c.identity_id == pair[1])
    tx.connection.execute(update(membership).where(here).values(values))


def number_of(tx: Transaction, identity_id: int) -> int | None:
    """The M-number of whoever uses this identity."""
    joined = identity.join(member, member.c.id == identity.c.member_id)
    query = select(member.c.number).select_from(joined).where(identity.c.id == identity_id)
    return tx.connection.execute(query).scalar()


def number_of_member(tx: Transaction, member_id: int) -> int:
    """The member's own M-number, though they may be merged into another."""
    number = select(member.c.number).where(member.c.id == member_id)
    return int(tx.connection.execute(number).scalar_one())


_PERSON = select(identity.c.id, identity.c.member_id, member.c.number, identity.c.name).select_from(
    identity.join(member, member.c.id == identity.c.member_id)
)


_PERSON_BY_ID = once(_PERSON.where(identity.c.id == bindparam("this")))


def person_by_id(tx: Transaction, identity_id: int) -> Person | None:
    """Whoever uses this identity."""
    row = tx.connection.execute(_PERSON_BY_ID, {"this": identity_id}).first()
    return None if row is None else Person(*row)


def member_numbered(tx: Transaction, number: int, account: str) -> Person | None:
    """The member M``number``, or whom they were merged into, as ``account`` knows them."""
    whose = select(func.coalesce(member.c.merged_into, member.c.id)).where(member.c.number == number)
    query = _PERSON.where(identity.c.member_id == whose.scalar_subquery(), is_known_to(account))
    row = tx.connection.execute(query.order_by(identity.c.id.desc())).first()
    return None if row is None else Person(*row)


def identities_of(tx: Transaction, member_id: int) -> list[int]:
    """All accounts of a member, on whatever platform."""
    return list(tx.connection.scalars(select(identity.c.id).where(identity.c.member_id == member_id)))


def known_as(tx: Transaction, member_ids: Collection[int], account: str) -> dict[int, Person]:
    """Those of these members whom ``account`` knows, each by their latest identity there."""
    return called(tx.connection, member_ids, account)


def called(connection: Connection, member_ids: Collection[int], account: str) -> dict[int, Person]:
    """The same where nothing is written."""
    query = _PERSON.where(member.c.id.in_(member_ids), is_known_to(account)).order_by(identity.c.id)
    return {row[1]: Person(*row) for row in connection.execute(query)}


def people_named(tx: Transaction, name: str, account: str, room_id: int | None = None) -> list[Person]:
    """Everybody who bears exactly this name, or is called so in a room; there (or anywhere) now."""
    here = (membership.c.identity_id == identity.c.id) & membership.c.left_at.is_(None)
    named = (identity.c.name == name) | exists().where(here, membership.c.alias == name)
    query = _PERSON.where(named, is_known_to(account))
    if room_id is not None:
        query = query.where(exists().where(here, membership.c.room_id == room_id))
    return [Person(*row) for row in tx.connection.execute(query.order_by(member.c.number, identity.c.id))]


def is_known_to(account: str) -> ColumnElement[bool]:
    """The condition that an identity is one that an account has met."""
    return identity.c.source.endswith(f":{account}", autoescape=True)


def is_present(tx: Transaction, room_id: int, identity_id: int) -> bool:
    """Whether somebody is in a room, as far as we know."""
    here = _membership(tx, room_id, identity_id)
    return here is not None and here.left_at is None


def count_present(tx: Transaction, room_id: int) -> int:
    """How many people are in a room, as far as we know."""
    here = (membership.c.room_id == room_id) & membership.c.left_at.is_(None)
    return tx.connection.scalar(select(func.count()).select_from(membership).where(here)) or 0


def count_people(tx: Transaction, room_ids: Collection[int]) -> int:
    """How many people these rooms have together, as far as we know; who is in several is one."""
    joined = membership.join(identity, identity.c.id == membership.c.identity_id)
    here = membership.c.room_id.in_(room_ids) & membership.c.left_at.is_(None)
    query = select(func.count(identity.c.member_id.distinct())).select_from(joined).where(here)
    return tx.connection.scalar(query) or 0


def platform_ids(tx: Transaction, account: str, key: str) -> set[str]:
    """The platform's ids of the room with this key, if it is enabled."""
    joined = room_address.join(room, room.c.id == room_address.c.room_id)
    query = select(room_address.c.platform_id).select_from(joined)
    mine = (room_address.c.account == account) & (room.c.key == key) & room.c.disabled_at.is_(None)
    return set(tx.connection.scalars(query.where(mine)))


def shown_names(tx: Transaction, identity_ids: Collection[int], room_id: int | None) -> dict[int, str]:
    """How these people are called in a room (their alias there, else their own name)."""
    asked = {"people": identity_ids, "here": room_id}
    return {row.id: row.alias or row.name for row in tx.connection.execute(_SHOWN_NAMES, asked)}


_SHOWN_NAMES = once(
    select(identity.c.id, identity.c.name, membership.c.alias)
    .select_from(
        identity.outerjoin(
            membership,
            (membership.c.identity_id == identity.c.id) & (membership.c.room_id == bindparam("here")),
        )
    )
    .where(one_of(identity.c.id, "people"))
)
