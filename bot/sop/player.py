"""Plays SOPs: asks their behaviours about what people say and recall, and about moments that have come.

Each behaviour acts in a savepoint of the transaction at hand; one that fails leaves nothing, and the others
go on.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.people import directory
from bot.people.directory import Room
from bot.sop import index as lookup
from bot.sop import runs, timetable, versions
from bot.sop.context import Context, Heard, Played, Recalled
from bot.sop.kind import Act
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.runs import Run, Wait
from bot.sop.timetable import Slot
from bot.store import failures
from bot.store.tables import interaction
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)


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
        """Rooms were enabled or disabled: let the schedules follow."""
        enabled = [room for room in directory.rooms_of(tx, self.account) if room.enabled]
        timetable.sync(tx, self.account, self.index.lines(enabled), self.sops.community.zone)

    # --- what people say ---

    def hear(self, tx: Transaction, heard: Heard) -> None:
        """Ask the hashtags' SOPs, then the runs that listen to this person and were not asked yet."""
        asked = set()
        for candidate in self.index.tagged(heard.text, heard.room):
            asked.add(candidate.sop.id)
            self._act(self._context(tx, candidate.sop, heard.room, heard=heard), candidate.act)
        if heard.person.identity_id not in tx.listening:
            return
        room_id = None if heard.room is None else heard.room.id
        for run in runs.listening_to(tx, heard.person.identity_id, room_id, heard.occurred_at):
            sop = versions.at(tx, self.sops, run.sop_id, run.sop_hash)
            act = None if sop is None or sop.id in asked else lookup.on_heard(self.sops.kind_of(sop))
            if sop is not None and act is not None:
                self._act(self._context(tx, sop, heard.room, heard=heard, run=run), act)

    def recall(self, tx: Transaction, recalled: Recalled) -> None:
        """Ask the SOPs that made something of the message."""
        derived = select(interaction.c.programme_id, interaction.c.room_id).where(
            interaction.c.parent_event_id == recalled.id, interaction.c.programme_id.is_not(None)
        )
        for sop_id, room_id in tx.connection.execute(derived.distinct()).all():
            sop = self.sops.declared.get(sop_id)
            act = None if sop is None else lookup.on_recall(self.sops.kind_of(sop))
            if sop is not None and act is not None:
                room = directory.room_by_id(tx, room_id)
                self._act(self._context(tx, sop, room, recalled=recalled), act)

    # --- time ---

    def tick(self, tx: Transaction) -> None:
        """Play what is due, in the order of its moments: slots before waits, the first if there are many."""
        slots = timetable.take_due(tx, self.account, self.index.line, self.sops.community.zone)
        due: list[Slot | Wait] = [*slots, *runs.due(tx, self.account)]
        for it in sorted(due, key=lambda it: it.due_at):
            match it:
                case Slot() if not self._play(tx, it, None):
                    timetable.try_again(tx, it)
                case Wait():
                    self._end(tx, it)

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

    def _play(self, tx: Transaction, slot: Slot, cause: int | None) -> bool:
        line = slot.line
        sop, room = self.sops.sops[line.sop_id], directory.room_by_id(tx, line.room_id)
        if room is None or not room.enabled:
            timetable.mark_failed(tx, slot.id, "the room is not enabled")
            return False
        act = lookup.on_slot(self.sops.kind_of(sop), line.step)
        assert act is not None, "the line was made from this behaviour"
        key = f"{line.step}:{slot.occurrence}:{room.id}"
        done = self._act(self._context(tx, sop, room, key=key, cause=cause, due_at=slot.due_at), act)
        if not done:
            timetable.mark_failed(tx, slot.id, "the behaviour failed")
        logger.info("slot %s sop=%s room=%s at=%s", "done" if done else "failed", sop.id, room.key, key)
        return done

    def _end(self, tx: Transaction, wait: Wait) -> None:
        run = runs.take(tx, wait)
        if run is None:
            return
        key = f"{run.id}:{wait.what}:{wait.since:%Y%m%dT%H%M%S}"
        place = f"{run.sop_id} {key}"
        if not failures.attempt(tx, place, lambda: self._wake(tx, run, wait, key), sop_id=run.sop_id):
            runs.try_again(tx, run, wait)

    def _wake(self, tx: Transaction, run: Run, wait: Wait, key: str) -> None:
        room = None if run.room_id is None else directory.room_by_id(tx, run.room_id)
        if run.room_id is not None and room is None:
            runs.close(tx, run.id)  # the chat has another key now
            return
        sop = versions.at(tx, self.sops, run.sop_id, run.sop_hash)
        act = None if sop is None else lookup.on_wait(self.sops.kind_of(sop), wait.what)
        if sop is None or act is None:
            raise LookupError("no behaviour of this SOP waits for that any more")
        act(self._context(tx, sop, room, key=key, run=run, due_at=wait.since))

    # --- acting ---

    def _context(
        self,
        tx: Transaction,
        sop: Sop,
        room: Room | None,
        *,
        key: str = "",
        cause: int | None = None,
        heard: Heard | None = None,
        recalled: Recalled | None = None,
        run: Run | None = None,
        due_at: datetime | None = None,
    ) -> Context[Sop]:
        if (source := heard or recalled) is not None:
            key, cause = f"{'recall' if recalled else 'heard'}:{source.id}", source.id
        return Context(tx, self.sops, sop, self.account, key, room, cause, heard, recalled, run, due_at)

    def _act(self, ctx: Context[Sop], act: Act) -> bool:
        place = f"{ctx.sop.id} {ctx.key}"
        return failures.attempt(ctx.tx, place, lambda: act(ctx), cause=ctx.cause, sop_id=ctx.sop.id)
