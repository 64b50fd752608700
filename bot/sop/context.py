"""What behaviours and commands get: the world as it is at a moment, and the effects they may have on it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from bot.errors import TemplateFailure
from bot.events import MessageKind, MessageReceived
from bot.outbox import queue
from bot.outbox.queue import Intent, Part, Post, Priority, Repeat, enqueue
from bot.people import directory
from bot.people.directory import Person, Room
from bot.sop import runs
from bot.sop.kind import Command, Who
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.runs import Run
from bot.status import Status
from bot.store import log
from bot.store.ids import next_number
from bot.store.transaction import Transaction

S = TypeVar("S", bound=Sop)
LATE = timedelta(minutes=2)
"""What is heard later than this after it was said is not answered."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that somebody sent, as it was recorded.

    ``id`` is its interaction. ``late`` (see ``LATE``): it changes state by when it *occurred*, but is not
    answered.
    """

    id: int
    message: MessageReceived
    person: Person
    room: Room | None
    occurred_at: datetime
    late: bool

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def is_picture(self) -> bool:
        return self.message.kind is MessageKind.IMAGE


@dataclass(frozen=True, slots=True)
class Recalled:
    """A message that was taken back; ``id`` is the interaction of the message, not of the recall."""

    id: int
    identity_id: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Context(Generic[S]):
    """What a behaviour gets. ``cause`` is the interaction that called for it; effects carry it."""

    tx: Transaction
    sops: SopSet
    sop: S
    account: str
    key: str
    """Names this occasion among all others: what is said or recorded for it is so once."""
    room: Room | None = None
    cause: int | None = None
    heard: Heard | None = None
    recalled: Recalled | None = None
    run: Run | None = None
    due_at: datetime | None = None

    @property
    def now(self) -> datetime:
        return self.tx.now

    def local(self, moment: datetime) -> datetime:
        """``moment`` in the community's time zone."""
        return moment.astimezone(self.sops.community.zone)

    def next_open(self, moment: datetime) -> datetime:
        """The first moment from ``moment`` on at which the community's hours let us speak."""
        return self.sops.community.rules.opens_at(moment)

    def say(
        self,
        template: str,
        words: object,
        *,
        intent: Intent = Intent.REPLY,
        expires_after: timedelta | None = None,
        mentions: Sequence[int] = (),
        quotes: Sequence[int] = (),
        repeat: Repeat = Repeat.NEVER,
    ) -> None:
        """Queue a message to the room: ``template`` rendered with the fields of ``words``.

        In a room that was disabled meanwhile nothing is said. ``mentions`` are identities, ``quotes`` the
        messages whose words it repeats, to be forgotten with them. ``repeat``: whether it may come twice
        rather than not at all.
        """
        assert self.room is not None, "say() needs a room"
        if self.room.enabled:
            text, key = self._text(template, words), f"{template}:{self.room.id}"
            more = {"mentions": mentions, "quotes": quotes, "repeat": repeat}
            self._queue(text, key, intent, expires_after, room_id=self.room.id, **more)

    def say_private(
        self,
        identity_id: int,
        template: str,
        words: object,
        *,
        intent: Intent = Intent.REPLY,
        expires_after: timedelta | None = None,
    ) -> None:
        """Queue a message to one person in private; the platform lets it through to friends alone."""
        key = f"{template}:private:{identity_id}"
        self._queue(self._text(template, words), key, intent, expires_after, identity_id=identity_id)

    def show(self, picture: Path, *, intent: Intent = Intent.REPLY) -> None:
        """Queue a picture to the room, behind what was said to it; none to a room that was disabled."""
        assert self.room is not None, "show() needs a room"
        if self.room.enabled:
            key = f"{picture.name}:{self.room.id}"
            self._queue(queue.picture(picture), key, intent, room_id=self.room.id)

    def invite(self, person: Person, room_key: str) -> bool:
        """Queue an invitation of ``person`` into a room; False where no enabled room has that key.

        That somebody was invited does not mean that they joined.
        """
        rooms = directory.rooms_of(self.tx, self.account)
        room = next((room for room in rooms if room.key == room_key and room.enabled), None)
        if room is not None:
            key, whom = f"invite:{room.id}:{person.identity_id}", person.identity_id
            self._queue(queue.invite_into(room.id), key, Intent.REPLY, room_id=room.id, identity_id=whom)
        return room is not None

    def _text(self, template: str, words: object) -> Part:
        text = self.sops.templates.render(template, words)
        if not text:
            raise TemplateFailure(f"模板 {template} 什么也没写出来")
        return queue.text(text)

    def _queue(
        self, part: Part, key: str, intent: Intent, expires_after: timedelta | None = None, **more: Any
    ) -> None:
        """Queue an effect; ``key`` tells it from others of this occasion, ``more`` is ``Post``'s."""
        post = Post(
            parts=[part],
            intent=intent,
            priority=Priority.REPLY if intent is Intent.REPLY else Priority.POST,
            dedupe_key=f"{self.sop.id}:{self.key}:{key}",
            answers_at=None if self.heard is None else self.heard.occurred_at,
            expires_at=None if expires_after is None else (self.due_at or self.now) + expires_after,
            sop_id=self.sop.id,
            run_id=None if self.run is None else self.run.id,
            cause_id=self.cause,
            **more,
        )
        enqueue(self.tx, self.account, post)

    def record(
        self,
        name: str,
        *,
        person: Person | None = None,
        identity_id: int | None = None,
        about: tuple[str, str] | None = None,
        corrects: int | None = None,
        parent: int | None = None,
        occurred_at: datetime | None = None,
        media: int = 0,
    ) -> int | None:
        """Record an interaction that follows from this occasion; gives its id, None if it was recorded.

        ``about`` is its object as (type, id); ``parent`` the interaction it follows from, else ``cause``.
        """
        if name not in self.sops.kind_of(self.sop).names:
            raise ValueError(f"the kind {self.sop.sop} does not declare the interaction {name}")
        parent = parent if parent is not None else self.cause
        row = log.entry(
            self.tx,
            f"sop:{self.sop.id}",
            f"{self.key}:{parent or ''}",
            name,
            occurred_at or self._occurred_at(),
            identity_id=person.identity_id if person is not None else identity_id,
            actor_role="member" if person is not None or identity_id is not None else "bot",
            room_id=None if self.room is None else self.room.id,
            object_type=about[0] if about else None,
            object_id=about[1] if about else None,
            parent_event_id=parent,
            programme_id=self.sop.id,
            media_count=media,
            corrects_event_id=corrects,
        )
        return row["id"] if log.append(self.tx, [row]) else None

    def _occurred_at(self) -> datetime:
        source = self.heard or self.recalled
        return self.now if source is None else source.occurred_at

    def open_run(
        self,
        scope: str,
        occurrence: str,
        *,
        person: Person | None = None,
        state: dict[str, Any] | None = None,
    ) -> Run:
        """The run of this SOP with this key; it is begun, in this room, where there is none."""
        found = runs.find(self.tx, self.sop.id, scope, occurrence)
        return found or runs.begin(
            self.tx,
            self.account,
            self.sop.id,
            self.sops.source[self.sop.id].hash,
            scope,
            occurrence,
            room_id=None if self.room is None else self.room.id,
            identity_id=None if person is None else person.identity_id,
            state=state,
        )

    def keep(self, run: Run, state: dict[str, Any]) -> Run:
        """Write the run's new state."""
        runs.change(self.tx, run.id, state=state)
        return replace(run, state=state)

    def listen(self, run: Run, until: datetime) -> None:
        """Hear what the run's person says in its room until then (``OnHeard``)."""
        runs.change(self.tx, run.id, listens_until=until)
        if run.identity_id is not None:
            self.tx.listening.add(run.identity_id)

    def close(self, run: Run) -> None:
        runs.close(self.tx, run.id)

    def wake_at(self, run: Run, when: datetime, what: str) -> None:
        """Call the kind's ``OnWait(what)`` for this run at ``when``."""
        runs.wake_at(self.tx, run, when, what)

    def is_waiting(self, run: Run, what: str) -> bool:
        """Whether the run will be woken for ``what``."""
        return runs.is_waiting(self.tx, run.id, what)

    def choose(self, options: Sequence[Any]) -> Any:
        """One of ``options``, by chance, yet the same whenever this occasion is played again."""
        return random.Random(f"{self.sop.id}:{self.key}").choice(options)

    def next_number(self, scope: str) -> int:
        return next_number(self.tx.connection, f"{self.sop.id}:{scope}")


class Played(Enum):
    """What came of playing a SOP by hand."""

    DONE = "done"
    FAILED = "failed"
    NOTHING = "nothing to play"


class Desk(Protocol):
    """What commands may ask of the running bot."""

    @property
    def link(self) -> str:
        """In Chinese, whether the bot reaches the platform."""

    @property
    def status(self) -> Status:
        """What the running bot knows of itself."""

    @property
    def problems(self) -> Sequence[str]:
        """In Chinese, what is wrong with SOP files that were left out."""

    def may_claim(self, tx: Transaction, code: str) -> bool:
        """Whether ``code`` makes its bearer an admin; it does so once."""

    @property
    def commands(self) -> Sequence[Command]:
        """All there are, in the order of the help."""

    def sync_timetable(self, tx: Transaction) -> None:
        """Rooms were enabled or disabled: let the schedules follow."""

    def run_by_hand(self, tx: Transaction, sop: Sop, room: Room, occurrence: str, cause: int) -> Played:
        """Play a SOP's main scheduled moment now."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command gets: who typed it where, with which arguments, and ``reply`` to answer there.

    ``standing`` is what the person is here: a stranger (``ANYONE``), a member or an admin.
    """

    tx: Transaction
    sops: SopSet
    account: str
    heard: Heard
    standing: Who
    args: tuple[str, ...]
    desk: Desk
    answers: list[str]

    @property
    def now(self) -> datetime:
        return self.tx.now

    @property
    def room(self) -> Room | None:
        return self.heard.room

    @property
    def person(self) -> Person:
        return self.heard.person

    def reply(self, text: str) -> None:
        """Answer where the command was typed; several replies are one message."""
        self.answers.append(text)
