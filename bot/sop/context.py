"""What behaviours and commands get: the world as it is at a moment, and the effects they may have on it."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from bot.errors import TemplateFailure
from bot.outbox import queue
from bot.outbox.queue import Intent, Part, Post, Priority, Repeat, enqueue
from bot.outbox.rules import BUDGETED
from bot.people import directory, tags
from bot.people.directory import Person, Room
from bot.people.points import Dimension, Entry
from bot.people.points import give as give_points
from bot.sop import operators, reach, runs
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.occasion import Befriended, Heard, Joined, Recalled
from bot.sop.runs import Run
from bot.sop.stagger import delay
from bot.store import log
from bot.store.ids import next_number
from bot.store.session import insert_new
from bot.store.tables import texts
from bot.store.transaction import Transaction

S = TypeVar("S", bound=Sop)


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
    joined: Joined | None = None
    befriended: Befriended | None = None
    typed: Heard | None = None
    """The command that is obeyed, where one is."""
    nth: int = 0
    in_turn: tuple[str, ...] = ()
    """The rooms to which what has come is posted, one after the other; none: all at once."""

    @property
    def now(self) -> datetime:
        return self.tx.now

    def local(self, moment: datetime) -> datetime:
        """``moment`` in the community's time zone."""
        return moment.astimezone(self.sops.community.zone)

    @property
    def version(self) -> str:
        """The hash of the SOP's text: the run's where there is one, else today's."""
        return self.sops.source[self.sop.id].hash if self.run is None else self.run.sop_hash

    def rooms(self) -> list[Room]:
        """The enabled rooms of the account where the SOP plays."""
        keys = self.sop.rooms
        rooms = directory.rooms_of(self.tx, self.account)
        return [room for room in rooms if room.enabled and (keys is None or room.key in keys)]

    def room_for(self, key: str) -> Room | None:
        """The enabled room of the account with this key."""
        return directory.enabled_room(self.tx, self.account, key)

    def reached(self, members: Collection[int]) -> set[int]:
        """Those of these members for whom the SOP is: whom it may turn to by its own accord."""
        return reach.reached(self.tx, self.sops, self.sop, members)

    def in_room(self, room: Room) -> Context[S]:
        """The same occasion in another room."""
        return replace(self, room=room)

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
        pictures: Sequence[Path] = (),
        not_before: datetime | None = None,
        repeat: Repeat = Repeat.NEVER,
    ) -> None:
        """Queue a post to the room: ``template`` rendered with the fields of ``words``, then ``pictures``.

        In a room that was disabled meanwhile nothing is said. ``mentions`` are identities, ``quotes`` the
        messages whose words it repeats, to be forgotten with them. ``repeat``: whether it may come twice
        rather than not at all.
        """
        assert self.room is not None, "say() needs a room"
        if self.room.enabled:
            parts = [self._text(template, words), *(queue.picture(path) for path in pictures)]
            more = {"mentions": mentions, "quotes": quotes, "repeat": repeat, "not_before": not_before}
            key = f"{template}:{self.room.id}"
            self._queue(parts, key, intent, expires_after, room_id=self.room.id, **more)

    def say_private(
        self,
        identity_id: int,
        template: str,
        words: object,
        *,
        intent: Intent = Intent.REPLY,
        expires_after: timedelta | None = None,
        quotes: Sequence[int] = (),
        not_before: datetime | None = None,
    ) -> int | None:
        """Queue a message to one person in private; the platform lets it through to friends alone.

        Gives the id of its row in the outbox, None if it was queued before.
        """
        key, parts = f"{template}:private:{identity_id}", [self._text(template, words)]
        more = {"quotes": quotes, "not_before": not_before}
        return self._queue(parts, key, intent, expires_after, identity_id=identity_id, **more)

    def alert(self, text: str, key: str = "", quotes: Sequence[int] = ()) -> None:
        """Tell the operators, once an occasion and ``key``; ``text`` must be harmless by now.

        ``quotes`` are the messages whose words it repeats.
        """
        operators.alert(
            self.tx,
            self.sops.community.operators,
            self.account,
            text,
            f"{self.sop.id}:{self.key}:alert:{key}",
            quotes=quotes,
            sop_id=self.sop.id,
            cause_id=self.cause,
        )

    def tag(
        self,
        person: Person,
        key: str,
        score: float,
        *,
        confidence: float = 1.0,
        source: str = "questionnaire",
        evidence: int | None = None,
        expires_at: datetime | None = None,
    ) -> bool:
        """Tag a person, ``score`` from -1 to 1; False where they refused this tag for good."""
        because = evidence if evidence is not None else self.cause
        tag = tags.Tag(key, score, confidence, source, expires_at, self.version)
        return tags.put(self.tx, person, tag, because, programme_id=self.sop.id)

    def points(
        self, who: Person | int, rule: str, points: float, *, event: int, dimension: Dimension
    ) -> bool:
        """Write points for the interaction ``event`` into the ledger; False if ``rule`` gave some before.

        ``who`` is a person or an identity.
        """
        identity_id = who if isinstance(who, int) else who.identity_id
        return give_points(self.tx, Entry(identity_id, rule, event, dimension, points, self.sop.id))

    def show(self, picture: Path, *, intent: Intent = Intent.REPLY) -> None:
        """Queue a picture to the room, behind what was said to it; none to a room that was disabled."""
        assert self.room is not None, "show() needs a room"
        if self.room.enabled:
            key = f"{picture.name}:{self.room.id}"
            self._queue([queue.picture(picture)], key, intent, room_id=self.room.id)

    def invite(self, person: Person, room_key: str) -> bool:
        """Queue an invitation of ``person`` into a room; False where no enabled room has that key.

        That somebody was invited does not mean that they joined.
        """
        room = self.room_for(room_key)
        if room is not None:
            key, whom = f"invite:{room.id}:{person.identity_id}", person.identity_id
            self._queue([queue.invite_into(room.id)], key, Intent.REPLY, room_id=room.id, identity_id=whom)
        return room is not None

    def _text(self, template: str, words: object) -> Part:
        text = self.sops.templates.render(template, words)
        if not text:
            raise TemplateFailure(f"模板 {template} 什么也没写出来")
        return queue.text(text)

    def _queue(
        self,
        parts: Sequence[Part],
        key: str,
        intent: Intent,
        expires_after: timedelta | None = None,
        **more: Any,
    ) -> int | None:
        """Queue an effect; ``key`` tells it from others of this occasion, ``more`` is ``Post``'s."""
        answered = self.heard or self.befriended
        more["not_before"] = self._in_turn(intent, expires_after, more.get("not_before"))
        post = Post(
            parts=parts,
            intent=intent,
            priority=Priority.REPLY if intent is Intent.REPLY else Priority.POST,
            dedupe_key=f"{self.sop.id}:{self.key}:{key}",
            answers_at=None if answered is None else answered.occurred_at,
            expires_at=None if expires_after is None else (self.due_at or self.now) + expires_after,
            sop_id=self.sop.id,
            run_id=None if self.run is None else self.run.id,
            cause_id=self.cause,
            **more,
        )
        return enqueue(self.tx, self.account, post)

    def _in_turn(
        self, intent: Intent, expires_after: timedelta | None, not_before: datetime | None
    ) -> datetime | None:
        """When the room's turn comes, for what we begin there; else as it was asked for."""
        if self.room is None or not self.in_turn or intent not in BUDGETED:
            return not_before
        day = self.local(self.due_at or self.now).date()
        later = delay(self.sop.id, day, self.in_turn, self.room.key, expires_after)
        turn = self.now + later if later else None
        return max((it for it in (turn, not_before) if it is not None), default=None)

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
        props: dict[str, Any] | None = None,
        value: int | None = None,
        text: str = "",
        keep_until: datetime | None = None,
        target: int | None = None,
        initiated_by: str = "self",
        prompt: int | None = None,
    ) -> int | None:
        """Record an interaction that follows from this occasion; gives its id, None if it was recorded.

        ``about`` is its object as (type, id); ``parent`` the interaction it follows from, else ``cause``.
        ``text`` is kept until ``keep_until`` (None: until its author has it erased; that needs consent).
        ``target`` is an identity, ``prompt`` what asked for it where it did not come by itself.
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
            actor_role=self._role_of(person.identity_id if person is not None else identity_id),
            room_id=None if self.room is None else self.room.id,
            object_type=about[0] if about else None,
            object_id=about[1] if about else None,
            parent_event_id=parent,
            programme_id=self.sop.id,
            media_count=media,
            corrects_event_id=corrects,
            channel="dm" if self.room is None else "group",
            props=props or {},
            value_int=value,
            text_id=self.tx.new_id() if text else None,
            text_len=len(text),
            target_identity_id=target,
            initiated_by=initiated_by,
            prompt_event_id=prompt,
        )
        if not log.append(self.tx, [row]):
            return None
        if text:
            kept = {"id": row["text_id"], "body": text, "keep_until": keep_until}
            insert_new(self.tx.connection, texts, [kept])
        return int(row["id"])

    def _role_of(self, identity_id: int | None) -> str:
        """As what somebody acts: who spoke or came as what they are, others as members; nobody: the bot."""
        source = self.heard or self.typed or self.joined
        if source is not None and source.person.identity_id == identity_id:
            return source.actor_role
        return "bot" if identity_id is None else "member"

    def _occurred_at(self) -> datetime:
        source = self.heard or self.recalled or self.joined or self.befriended
        return self.now if source is None else source.occurred_at

    def open_run(
        self,
        scope: str,
        occurrence: str,
        *,
        person: Person | None = None,
        state: dict[str, Any] | None = None,
        private: bool = False,
    ) -> Run:
        """The run of this SOP with this key; it is begun, in this room, where there is none.

        ``private``: it belongs to no room, and hears its person in private.
        """
        found = runs.find(self.tx, self.sop.id, scope, occurrence)
        return found or runs.begin(
            self.tx,
            self.account,
            self.sop.id,
            self.version,
            scope,
            occurrence,
            room_id=None if self.room is None or private else self.room.id,
            identity_id=None if person is None else person.identity_id,
            state=state,
        )

    def keep(self, run: Run, state: dict[str, Any]) -> Run:
        """Write the run's new state."""
        runs.change(self.tx, run.id, state=state)
        return replace(run, state=state)

    def listen(self, run: Run, until: datetime) -> None:
        """Hear what the run's person says in its room until then (``OnHeard``); without one, everybody there.

        Where a run belongs to no room, it hears its person in private.
        """
        runs.change(self.tx, run.id, listens_until=until)
        if run.identity_id is not None:
            self.tx.listening.add(run.identity_id)
        elif run.room_id is not None:
            self.tx.listening_rooms.add(run.room_id)

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
