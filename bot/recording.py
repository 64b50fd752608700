"""Events become rows: who said what where, each thing once, in one insert a segment.

What happens in rooms that nobody enabled, and what strangers say in private, is not recorded at all; it
comes back as ``Unheard``, so that a command in it may still be obeyed. What happens in a room of another
account of ours is dropped: it is recorded there.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, select

from bot import naming
from bot.events import (
    MembersJoined,
    MembersLeft,
    MessageRecalled,
    MessageReceived,
    Patted,
    RoomEvent,
    RoomRenamed,
)
from bot.events import Person as PersonSeen
from bot.outbox import delivery, talk
from bot.outbox.queue import unquote
from bot.outbox.rules import Rules
from bot.people import directory, phones
from bot.people.directory import Person, Room
from bot.people.roles import OURS, STAFF, Standings
from bot.sop import offers
from bot.sop.occasion import LATE, Heard, Joined, Recalled
from bot.sop.offers import Whose
from bot.store import log, pictures
from bot.store.session import insert_new
from bot.store.tables import interaction, texts
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)

SECOND = timedelta(seconds=1)
"""How exactly platforms tell the time."""
LONGEST_TEXT = 20_000
"""Characters of a message that are kept."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """A message where nobody may be recorded."""

    message: MessageReceived


@dataclass(frozen=True, slots=True)
class BotLeft:
    """The bot is not in an enabled room any more."""

    room_id: int


@dataclass(frozen=True, slots=True)
class SaidByUs:
    """A human wrote in an enabled room at our own account."""

    room_id: int
    occurred_at: datetime


Happened = Heard | Recalled | Joined | Unheard | BotLeft | SaidByUs


class CommandProps(Protocol):
    """What is recorded of what was typed; None if it is no command."""

    def __call__(self, typed: Any, /, *, by_staff: bool) -> dict[str, object] | None: ...


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes what an account hears."""

    account: str
    source: str
    keep_until: datetime
    rules: Rules
    standings: Standings
    typed: Mapping[str, object]
    """What messages call for, by their ids; most call for nothing."""
    command_props: CommandProps

    def record(self, tx: Transaction, batch: Sequence[RoomEvent]) -> list[Happened]:
        """Record ``batch``; gives what is new in it and may concern somebody, in its order."""
        segment = _Segment(self, tx, batch)
        rows = [segment.row(event) for event in batch]
        new = segment.insert([row for row in rows if row is not None])
        pairs = [*zip(batch, rows, strict=True)]
        said = [
            (event, row)
            for event, row in pairs
            if row is not None and row["room_id"] and row["id"] in new and isinstance(event, MessageReceived)
        ]
        talk.note(tx, self.account, self.rules.sells, said)
        return [it for event, row in pairs for it in segment.what_happened(event, row, new)]


@dataclass(slots=True)
class _Segment:
    """One segment while it is being recorded."""

    recorder: Recorder
    tx: Transaction
    batch: Sequence[RoomEvent]
    rooms: dict[str, Room] = field(init=False)
    places: dict[int, Room | None] = field(init=False)
    """Where each event (by its ``id()``) is heard."""
    people: dict[str, Person] = field(init=False)
    texts: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    joins: defaultdict[int, list[Joined]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        ids = {event.chat.id for event in self.batch if event.chat is not None}
        self.rooms = directory.rooms_at(self.tx, self.recorder.account, ids)
        asked = {person.id for event in self.batch for person in _others(event)}
        self.people = directory.known_people(self.tx, self.recorder.source, asked)
        self.places = {id(event): self._place(event) for event in self.batch}
        heard = [(event, room) for event in self.batch if (room := self.room(event)) is not None]
        seen = [person for event, _ in heard for person in _people(event)]
        self.people |= directory.meet(self.tx, self.recorder.source, seen)
        directory.note_present(self.tx, dict(self._present(heard)))

    def room(self, event: RoomEvent) -> Room | None:
        return self.places[id(event)]

    def _place(self, event: RoomEvent) -> Room | None:
        """The room in which ``event`` is heard: an enabled one of ours, and not before it was."""
        room = None if event.chat is None else self.rooms.get(event.chat.id)
        if room is None or not room.enabled or event.occurred_at + SECOND < room.enabled_at:
            return None
        return room if room.account == self.recorder.account else None

    def is_anothers(self, event: RoomEvent) -> bool:
        """Whether another account of ours hears it, so that it does not concern this one."""
        room = None if event.chat is None else self.rooms.get(event.chat.id)
        return room is not None and room.account != self.recorder.account

    def _present(
        self, heard: Iterable[tuple[RoomEvent, Room]]
    ) -> Iterator[tuple[tuple[int, int], tuple[str, datetime]]]:
        """Who spoke or invited where: (room, identity) → (alias there, when)."""
        for event, room in heard:
            if (seen := _there(event)) is not None:
                yield (room.id, self.people[seen.id].identity_id), (seen.alias, self.at(event))

    def at(self, event: RoomEvent) -> datetime:
        """When it occurred; a platform whose clock is ahead of ours is not believed."""
        return min(event.occurred_at, self.tx.now)

    def row(self, event: RoomEvent) -> dict[str, Any] | None:
        match event:
            case MessageReceived(is_self=True):
                return self._own(event)
            case MessageReceived():
                return self._message(event)
            case MessageRecalled():
                return self._recall(event)
            case Patted():
                return self._pat(event)
            case MembersJoined() | MembersLeft():
                self._moved(event)
            case RoomRenamed() if (room := self.room(event)) is not None:
                directory.rename_room(self.tx, room.id, event.chat.title)
        return None

    def _message(self, event: MessageReceived) -> dict[str, Any] | None:
        person = self.people.get(event.sender.id)
        room = self.room(event)
        if person is None or (event.chat is not None and room is None):
            return None
        recorder = self.recorder
        role, typed = recorder.standings.actor_role(person.member_id), recorder.typed.get(event.id)
        command = None if typed is None else recorder.command_props(typed, by_staff=role in OURS)
        row = self._entry(event, person.identity_id, role, room, command)
        if room is not None and event.media:
            self.pictures += pictures.of_message(
                self.tx, recorder.account, row["id"], event, recorder.keep_until
            )
        return row

    def _own(self, event: MessageReceived) -> dict[str, Any] | None:
        """What our account said: the echo of a message of ours, or a human at the same account."""
        room = self.room(event)
        recipient = None if event.recipient is None else self.people.get(event.recipient.id)
        place = room.id if room else recipient.identity_id if recipient else None
        if delivery.echo(self.tx, self.recorder.account, event.id, place, event.text, self.at(event)):
            return None
        return self._entry(event, None, STAFF, room) if room else None

    def _pat(self, event: Patted) -> dict[str, Any] | None:
        """A pat is told without whose it was where the platform names people only."""
        room = self.room(event)
        by, whom = (None if it is None else self.people.get(it.id) for it in (event.by, event.whom))
        if room is None:
            return None
        return log.entry(
            self.tx,
            self.recorder.source,
            event.id,
            naming.PAT.name,
            self.at(event),
            identity_id=None if by is None else by.identity_id,
            actor_role="member" if by is None else self.recorder.standings.actor_role(by.member_id),
            room_id=room.id,
            target_identity_id=None if whom is None else whom.identity_id,
            props={"to_bot": event.to_bot},
        )

    def _recall(self, event: MessageRecalled) -> dict[str, Any] | None:
        original = self._original(event.message_id)
        if original is None:
            return None
        self._forget(original.id)
        pictures.let_go(self.tx, original.id)
        unquote(self.tx, original.id, original.occurred_at)
        if original.name == "command_given":
            whose = Whose(self.recorder.account, original.identity_id, original.room_id)
            offers.withdraw(self.tx, whose, original.received_at)
        return log.entry(
            self.tx,
            self.recorder.source,
            event.id,
            "message_recalled",
            self.at(event),
            identity_id=original.identity_id,
            actor_role=original.actor_role,
            room_id=original.room_id,
            channel=original.channel,
            parent_event_id=original.id,
        )

    def _forget(self, message: int) -> None:
        """The words of a message go, and what was kept of them by whoever made something of it."""
        i = interaction.c
        kept = select(i.text_id).where((i.id == message) | (i.parent_event_id == message))
        self.tx.connection.execute(delete(texts).where(texts.c.id.in_(kept.where(i.text_id.is_not(None)))))

    def _original(self, message_id: str) -> Any:
        query = select(interaction).where(
            interaction.c.source == self.recorder.source,
            interaction.c.source_id == message_id,
            interaction.c.name.in_([*naming.NAMES, "command_given"]),
        )
        return self.tx.connection.execute(query).first()

    def _entry(
        self,
        event: MessageReceived,
        identity_id: int | None,
        role: str,
        room: Room | None,
        command: dict[str, object] | None = None,
    ) -> dict[str, Any]:
        way = naming.way_of(event)
        props = naming.props_of(event, way)
        return log.entry(
            self.tx,
            self.recorder.source,
            event.id,
            "command_given" if command else way.name,
            self.at(event),
            identity_id=identity_id,
            actor_role=role,
            room_id=None if room is None else room.id,
            channel="dm" if event.chat is None else "group",
            text_id=self._keep(event.text) if room is not None and event.text else None,
            text_len=len(event.text),
            media_count=len(event.media),
            props=props | command if command else props,
        )

    def _keep(self, text: str) -> int:
        text_id = self.tx.new_id()
        body = phones.masked(text[:LONGEST_TEXT])
        self.texts.append({"id": text_id, "body": body, "keep_until": self.recorder.keep_until})
        return text_id

    def _moved(self, event: MembersJoined | MembersLeft) -> None:
        room = self.room(event)
        if room is None:
            return
        for seen in event.people:
            person = self.people[seen.id]
            if (row := self._move(event, room, person, seen)) is not None:
                log.append(self.tx, [row])
                logger.info("%s room=%s by=M%d", row["name"], room.key, person.number)
                if isinstance(event, MembersJoined):
                    self.joins[id(event)].append(self._joined(row, room, person, seen))

    def _joined(self, row: dict[str, Any], room: Room, person: Person, seen: PersonSeen) -> Joined:
        at = row["occurred_at"]
        return Joined(
            row["id"],
            replace(person, name=seen.shown or person.name),
            room,
            at,
            late=self.tx.now - at > LATE,
            again=not row["source_id"].endswith(":1"),
            inviter=row["target_identity_id"],
            actor_role=row["actor_role"],
        )

    def _move(
        self, event: MembersJoined | MembersLeft, room: Room, person: Person, seen: PersonSeen
    ) -> dict[str, Any] | None:
        at = self.at(event)
        if isinstance(event, MembersJoined):
            name, by = "member_joined", event.inviter
            stay = directory.join(self.tx, room.id, person.identity_id, at, seen.alias)
        else:
            name, by = ("member_removed" if event.remover else "member_left"), event.remover
            stay = directory.leave(self.tx, room.id, person.identity_id, at)
        if stay is None:
            return None
        other = self.people.get(by.id) if by is not None else None
        return log.entry(
            self.tx,
            self.recorder.source,
            f"{name}:{room.id}:{person.identity_id}:{stay}",
            name,
            at,
            identity_id=person.identity_id,
            actor_role=self.recorder.standings.actor_role(person.member_id),
            room_id=room.id,
            target_identity_id=None if other is None else other.identity_id,
        )

    def insert(self, rows: list[dict[str, Any]]) -> set[int]:
        """Write the rows; gives the ids of the new ones. Texts of what was there already are left out."""
        new = log.append(self.tx, rows)
        kept = {row.get("text_id") for row in rows if row["id"] in new}
        insert_new(self.tx.connection, texts, [text for text in self.texts if text["id"] in kept])
        pictures.want(self.tx, [picture for picture in self.pictures if picture["interaction_id"] in new])
        return new

    def what_happened(
        self, event: RoomEvent, row: dict[str, Any] | None, new: set[int]
    ) -> Sequence[Happened]:
        """What the others should know of an event; of people who came, each."""
        if isinstance(event, MembersJoined):
            return self.joins.pop(id(event), ())  # one event may be told twice
        happened = self._happened(event, row, new)
        return () if happened is None else (happened,)

    def _happened(self, event: RoomEvent, row: dict[str, Any] | None, new: set[int]) -> Happened | None:
        """What the others should know of an event, if it is new and concerns anybody."""
        if row is None:
            return self._unrecorded(event)
        if row["id"] not in new or row["name"] in naming.UNHEARD:
            return None
        if row["identity_id"] is None:
            by_us = isinstance(event, MessageReceived) and event.is_self
            return SaidByUs(row["room_id"], row["occurred_at"]) if by_us else None
        at = row["occurred_at"]
        if isinstance(event, MessageReceived):
            late = self.tx.now - at > LATE
            speaker, role = self._speaker(event), row["actor_role"]
            return Heard(row["id"], event, speaker, self.room(event), at, late, role)
        return Recalled(row["parent_event_id"], row["identity_id"], at)

    def _unrecorded(self, event: RoomEvent) -> Happened | None:
        match event:
            case MessageReceived(is_self=False) if not self.is_anothers(event):
                return Unheard(event)
            case MembersLeft(bot_left=True) if (room := self.room(event)) is not None:
                return BotLeft(room.id)
        return None

    def _speaker(self, event: MessageReceived) -> Person:
        """Who spoke, by the name that the others see."""
        known, shown = self.people[event.sender.id], event.sender.shown
        return known if shown in ("", known.name) else replace(known, name=shown)


def _people(event: RoomEvent) -> Iterable[PersonSeen]:
    match event:
        case MessageReceived(is_self=True):
            return () if event.recipient is None or event.chat else (event.recipient,)
        case MessageReceived():
            return (event.sender,)
        case Patted():
            return tuple(person for person in (event.by, event.whom) if person is not None)
        case MembersJoined(inviter=PersonSeen() as inviter):
            return (*event.people, inviter)
        case MembersJoined() | MembersLeft():
            return event.people
    return ()


def _there(event: RoomEvent) -> PersonSeen | None:
    """Who must be in the room, because they did that."""
    match event:
        case MessageReceived(is_self=False):
            return event.sender
        case MembersJoined():
            return event.inviter
    return None


def _others(event: RoomEvent) -> Iterable[PersonSeen]:
    """Who is named in the record if we know them: people in private, and who had a hand in something."""
    match event:
        case MessageReceived(chat=None):
            return _people(event)
        case MembersLeft(remover=PersonSeen() as other):
            return (other,)
    return ()
