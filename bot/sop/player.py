"""Plays SOPs: asks their behaviours about what people say and recall, and about moments that have come.

Each behaviour acts in a savepoint of the transaction at hand; one that fails leaves nothing, and the others
go on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import select

from bot.outbox import restraints
from bot.people import directory
from bot.people.directory import Person, Room
from bot.sop import index as lookup
from bot.sop import reach, runs, timetable, versions
from bot.sop.command import Played
from bot.sop.context import Context
from bot.sop.kind import Act
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.occasion import Befriended, Heard, Joined, Occasion, Recalled
from bot.sop.runs import Run, Wait
from bot.sop.stagger import in_turn
from bot.sop.timetable import PAUSED, Slot
from bot.store import failures
from bot.store.tables import interaction
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)
_CALLED: dict[type[Occasion], tuple[str, str]] = {
    Heard: ("heard", "heard"),
    Recalled: ("recall", "recalled"),
    Joined: ("join", "joined"),
    Befriended: ("friend", "befriended"),
}
"""How the key of an occasion begins, and where the context has it."""


class Acted(Enum):
    """What came of asking a behaviour."""

    DONE = "done"
    TOOK = "took the message"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Player:
    """Plays one set of SOPs in the rooms of an account."""

    account: str
    sops: SopSet
    index: lookup.Index

    def start(self, tx: Transaction) -> None:
        """Note the SOPs' versions and let the schedules follow them."""
        versions.note(tx, self.sops)
        self.sync_timetable(tx)

    def sync_timetable(self, tx: Transaction) -> None:
        """Rooms were enabled or disabled: let the schedules follow.

        In a room that ``community.yaml`` does not name any more nothing comes at its time, of no SOP.
        """
        named = self.sops.community.rooms
        every = directory.rooms_of(tx, self.account)
        enabled = [room for room in every if room.enabled and room.key in named]
        timetable.sync(tx, self.account, self.index.lines(enabled), self.sops.community.zone)

    # --- what people say ---

    def hear(self, tx: Transaction, heard: Heard) -> bool:
        """Ask, one after the other, until one takes the message: the SOPs of its hashtags, the runs that
        listen to this person here, the SOPs of its words, and the runs that listen to everybody in the room.

        A SOP that was asked at one of these is not asked at the next. One that is not for this person is not
        asked, but for a run of their own: what was begun with them goes on. Gives whether any took it.
        """
        asked: set[str] = set()
        who, room_id = heard.person.identity_id, None if heard.room is None else heard.room.id
        tagged = self.index.tagged(heard.text, heard.room)
        if tagged and self._ask(tx, heard, asked, tagged):
            return True
        if who in tx.listening and self._ask_runs(tx, heard, asked, who, room_id):
            return True
        worded = self.index.worded(heard.text, heard.room)
        if worded and self._ask(tx, heard, asked, worded):
            return True
        return room_id in tx.listening_rooms and self._ask_runs(tx, heard, asked, None, room_id)

    def _ask(
        self, tx: Transaction, heard: Heard, asked: set[str], candidates: Sequence[lookup.Candidate]
    ) -> bool:
        before = frozenset(asked)
        for candidate in candidates:
            if candidate.sop.id in before or not self._is_for(tx, candidate.sop, heard.person):
                continue
            asked.add(candidate.sop.id)
            if self._act(self._context(tx, candidate.sop, heard.room, heard), candidate.act) is Acted.TOOK:
                return True
        return False

    def _ask_runs(
        self, tx: Transaction, heard: Heard, asked: set[str], who: int | None, room_id: int | None
    ) -> bool:
        """Of several runs of a SOP all are asked, until one takes the message."""
        before = frozenset(asked)
        for run in runs.listening_to(tx, who, room_id, heard.occurred_at):
            sop = versions.at(tx, self.sops, run.sop_id, run.sop_hash)
            on = None if sop is None or sop.id in before else lookup.on_heard(self.sops.kind_of(sop))
            if sop is None or on is None or not on.minds(sop, heard):
                continue
            if who is None and not self._is_for(tx, sop, heard.person):
                continue
            asked.add(sop.id)
            if self._act(self._context(tx, sop, heard.room, heard, run=run), on.act) is Acted.TOOK:
                return True
        return False

    def welcome(self, tx: Transaction, joined: Joined) -> None:
        """Somebody came into a room."""
        for candidate in self.index.joins(joined.room):
            if self._is_for(tx, candidate.sop, joined.person):
                self._act(self._context(tx, candidate.sop, joined.room, joined), candidate.act)

    def befriend(self, tx: Transaction, befriended: Befriended) -> None:
        """Somebody became friends with us."""
        for candidate in self.index.friends:
            if self._is_for(tx, candidate.sop, befriended.person):
                self._act(self._context(tx, candidate.sop, None, befriended), candidate.act)

    def _is_for(self, tx: Transaction, sop: Sop, person: Person) -> bool:
        return person.member_id in reach.reached(tx, self.sops, sop, [person.member_id])

    def recall(self, tx: Transaction, recalled: Recalled) -> None:
        """Ask the SOPs that made something of the message."""
        derived = select(interaction.c.programme_id, interaction.c.room_id).where(
            interaction.c.parent_event_id == recalled.id, interaction.c.programme_id.is_not(None)
        )
        for sop_id, room_id in tx.connection.execute(derived.distinct()).all():
            sop = versions.last(tx, self.sops, sop_id)
            act = None if sop is None else lookup.on_recall(self.sops.kind_of(sop))
            if sop is not None and act is not None:
                room = directory.room_by_id(tx, room_id)
                self._act(self._context(tx, sop, room, recalled), act)

    # --- time ---

    def tick(self, tx: Transaction) -> None:
        """Play what is due, in the order of its moments: slots before waits, the first if there are many."""
        slots = timetable.take_due(tx, self.account, self.index.line, self.sops.community.zone)
        paused = restraints.paused(tx, self.account) if slots else {}
        due: list[Slot | Wait] = [*slots, *runs.due(tx, self.account)]
        rooms = self._rooms_in_turn(tx) if due else ()
        for it in sorted(due, key=lambda it: it.due_at):
            match it:
                case Slot() if it.line.sop_id in paused:
                    timetable.mark_missed(tx, it.id, PAUSED)
                case Slot() if not self._play(tx, it, None, rooms):
                    timetable.try_again(tx, it)
                case Wait():
                    self._end(tx, it, rooms)

    def _rooms_in_turn(self, tx: Transaction) -> tuple[str, ...]:
        """The keys of the enabled rooms, in the order of ``community.yaml``."""
        enabled = directory.enabled_keys(tx, self.account)
        return tuple(key for key in self.sops.community.rooms if key in enabled)

    def next_due(self, tx: Transaction) -> datetime | None:
        """When ``tick`` has something to play again."""
        moments = (timetable.next_due(tx, self.account), runs.next_due(tx, self.account))
        return min((moment for moment in moments if moment is not None), default=None)

    def run_by_hand(self, tx: Transaction, sop: Sop, room: Room, occurrence: str, cause: int) -> Played:
        """Play a SOP's main moment now."""
        main = lookup.first_slot(self.sops.kind_of(sop))
        line = None if main is None else self.index.line(sop.id, room.id, main.step)
        slot = None if line is None else timetable.by_hand(tx, line, occurrence)
        if slot is None:
            return Played.NOTHING
        return Played.DONE if self._play(tx, slot, cause) else Played.FAILED

    def _play(self, tx: Transaction, slot: Slot, cause: int | None, rooms: tuple[str, ...] = ()) -> bool:
        line = slot.line
        sop, room = self.sops.sops[line.sop_id], directory.room_by_id(tx, line.room_id)
        if room is None or not room.enabled:
            timetable.mark_failed(tx, slot.id, "the room is not enabled")
            return False
        act = lookup.on_slot(self.sops.kind_of(sop), line.step)
        assert act is not None, "the line was made from this behaviour"
        key = f"{line.step}:{slot.occurrence}:{room.id}"
        more: dict[str, Any] = {"due_at": slot.due_at, "nth": lookup.nth(line.step), "rooms": rooms}
        ctx = self._context(tx, sop, room, key=key, cause=cause, **more)
        done = self._act(ctx, act) is not Acted.FAILED
        if not done:
            timetable.mark_failed(tx, slot.id, "the behaviour failed")
        logger.info("slot %s sop=%s room=%s at=%s", "done" if done else "failed", sop.id, room.key, key)
        return done

    def _end(self, tx: Transaction, wait: Wait, rooms: tuple[str, ...]) -> None:
        run = runs.take(tx, wait)
        if run is None:
            return
        key = f"{run.id}:{wait.what}:{wait.since:%Y%m%dT%H%M%S}"
        place = f"{run.sop_id} {key}"
        if not failures.attempt(tx, place, lambda: self._wake(tx, run, wait, key, rooms), sop_id=run.sop_id):
            runs.try_again(tx, run, wait)

    def _wake(self, tx: Transaction, run: Run, wait: Wait, key: str, rooms: tuple[str, ...]) -> None:
        room = None if run.room_id is None else directory.room_by_id(tx, run.room_id)
        if run.room_id is not None and room is None:
            runs.close(tx, run.id)  # the chat has another key now
            return
        sop = versions.at(tx, self.sops, run.sop_id, run.sop_hash)
        act = None if sop is None else lookup.on_wait(self.sops.kind_of(sop), wait.what)
        if sop is None or act is None:
            raise LookupError("no behaviour of this SOP waits for that any more")
        act(self._context(tx, sop, room, key=key, run=run, due_at=wait.since, rooms=rooms))

    # --- acting ---

    def _context(
        self,
        tx: Transaction,
        sop: Sop,
        room: Room | None,
        occasion: Occasion | None = None,
        *,
        key: str = "",
        cause: int | None = None,
        run: Run | None = None,
        due_at: datetime | None = None,
        nth: int = 0,
        rooms: tuple[str, ...] = (),
    ) -> Context[Sop]:
        """``rooms``: those that take turns, of which the SOP plays in some."""
        told: dict[str, Any] = {"in_turn": in_turn(rooms, sop.rooms)} if rooms else {}
        if occasion is not None:
            called, name = _CALLED[type(occasion)]
            key, cause, told[name] = f"{called}:{occasion.id}", occasion.id, occasion
        return Context(
            tx, self.sops, sop, self.account, key, room, cause, run=run, due_at=due_at, nth=nth, **told
        )

    def _act(self, ctx: Context[Sop], act: Act) -> Acted:
        place, outcome = f"{ctx.sop.id} {ctx.key}", []
        done = failures.attempt(
            ctx.tx, place, lambda: outcome.append(act(ctx)), cause=ctx.cause, sop_id=ctx.sop.id
        )
        return Acted.FAILED if not done else Acted.TOOK if outcome == [True] else Acted.DONE
