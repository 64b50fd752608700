"""One event from in to out, read from top to bottom: record, command, complaint, SOP behaviours. Synchronous.

Everything here runs on the writer's thread, inside the transaction that it is given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.admission import Admission
from bot.commands.desk import CommandDesk, Typed
from bot.commands.parser import Call, Unknown
from bot.commands.rooms import close_room
from bot.complaints import Complaints
from bot.events import MessageRecalled, Request, RoomEvent
from bot.nightly.schedule import Nightly
from bot.nightly.weekly import Weekly
from bot.people import cases, roles
from bot.people.roles import OURS
from bot.recording import BotLeft, Happened, Recorder, SaidByUs, Unheard
from bot.rights import due, keeping
from bot.sop import referring, runs
from bot.sop.index import Index
from bot.sop.loader import SopSet
from bot.sop.occasion import Heard, Joined, Recalled
from bot.sop.player import Player
from bot.store import failures, retention
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What an account does about what it hears, with one set of SOPs."""

    desk: CommandDesk
    player: Player

    def with_sops(self, sops: SopSet) -> Pipeline:
        """The same with another set of SOPs."""
        player = Player(self.player.account, sops, Index(sops))
        problems = [str(problem) for problem in sops.left_out]
        return Pipeline(replace(self.desk, sops=sops, player=player, problems=problems), player)

    @property
    def nightly(self) -> Nightly:
        return Nightly(self.player.account, self.desk.sops)

    @property
    def weekly(self) -> Weekly:
        return Weekly(self.player.account, self.desk.sops)

    def start(self, tx: Transaction) -> None:
        self.player.start(tx)
        self.nightly.start(tx)

    def process(self, tx: Transaction, batch: Sequence[RoomEvent]) -> None:
        """Record ``batch`` and react to what is new in it, in its order."""
        legible = self.desk.worth_reading(batch)
        commands = self.desk.read_all(legible.values())
        for segment in self._segments(batch, commands):
            held = roles.roles(tx)
            here = [legible[event.id] for event in segment if event.id in legible] if legible else []
            typed = {**commands, **self.desk.read_leads(tx, here, held)}
            new = self._recorder(tx, held, typed).record(tx, segment)
            heard = [it for it in new if isinstance(it, Heard)]
            tx.listening |= runs.who_is_listened_to(tx, {it.person.identity_id for it in heard})
            rooms = {it.room.id for it in heard if it.room is not None}
            tx.listening_rooms |= runs.rooms_listened_to(tx, rooms)
            telling = logger.isEnabledFor(logging.INFO)
            for happened in new:
                if telling:
                    _tell(happened)
                self._react(tx, happened, held, typed)

    def _segments(self, batch: Sequence[RoomEvent], typed: Typed) -> Iterator[list[RoomEvent]]:
        """Parts to be recorded at once: recalls need what went before, some commands change who is heard."""
        changing = {id for id, read in typed.items() if _changes_hearing(read)}
        part: list[RoomEvent] = []
        for event in batch:
            if part and isinstance(event, MessageRecalled):
                yield part
                part = []
            part.append(event)
            if event.id in changing:
                yield part
                part = []
        if part:
            yield part

    def _recorder(self, tx: Transaction, held: Mapping[int, set[str]], typed: Typed) -> Recorder:
        community = self.desk.sops.community
        return Recorder(
            account=self.desk.account,
            source=self.desk.source,
            keep_until=retention.keep_until(tx.now, community.privacy.keep_days, community.zone),
            rules=community.rules,
            standings=roles.Standings(held, community.roles),
            typed=typed,
            command_props=self.desk.props,
        )

    def _react(self, tx: Transaction, happened: Happened, held: Mapping[int, set[str]], typed: Typed) -> None:
        match happened:
            case Heard():
                self._hear(tx, happened, held, typed)
            case SaidByUs(room_id=room_id, occurred_at=at):
                cases.note_answer(tx, room_id, at)
            case Joined():
                standings = roles.Standings(held, self.desk.sops.community.roles)
                failures.attempt(tx, "inviter", lambda: referring.joined(tx, happened, standings))
                self.player.welcome(tx, happened)
            case Unheard():
                self.desk.obey_unheard(tx, happened.message)
                Admission(self.desk, self.player).hear_stranger(tx, happened.message)
            case Recalled():
                self.player.recall(tx, happened)
            case BotLeft(room_id=room_id):
                logger.warning("the bot was removed from room %d", room_id)
                close_room(tx, self.desk, room_id, "the bot is not in the room any more")

    def _hear(self, tx: Transaction, heard: Heard, held: Mapping[int, set[str]], typed: Typed) -> bool:
        """Whether anybody took it, of those who are asked one after the other."""
        return (
            self.desk.obey(tx, heard, typed.get(heard.message.id), held)
            or self._complain(tx, heard)
            or self.player.hear(tx, heard)
            or self.desk.take_code(tx, heard, held)
        )

    def _complain(self, tx: Transaction, heard: Heard) -> bool:
        """Whether it is a complaint, which no SOP hears. Nearly all that members say is none."""
        if heard.actor_role not in OURS and not self.player.index.complains(heard.text):
            return False
        return Complaints(self.desk.account, self.desk.sops, self.player.index).hear(tx, heard)

    def consider(self, tx: Transaction, request: Request) -> None:
        """Decide what a stranger asks of the account; what fails stays small."""
        admission = Admission(self.desk, self.player)
        failures.attempt(tx, type(request).__name__, lambda: admission.consider(tx, request))

    # --- time ---

    def tick(self, tx: Transaction) -> None:
        """Do what is due. The alarm has rung, so it is set anew."""
        tx.rescheduled = True
        retention.purge(tx, self.desk.sops.community.privacy.keep_days)
        self.player.tick(tx)
        if self.nightly.is_due(tx):
            keeping.forget_answers(tx)
            keeping.forget_lists(tx)
        self.nightly.tick(tx)
        self.weekly.tick(tx)
        due.tick(tx, self.desk.phone_key, self.desk.files)

    def next_due(self, tx: Transaction) -> datetime | None:
        """When ``tick`` has something to do again."""
        community = self.desk.sops.community
        purge = retention.next_purge(tx, community.privacy.keep_days, community.zone)
        moments = (self.player.next_due(tx), purge, due.next_due(tx), self.weekly.next_due(tx))
        return min((moment for moment in moments if moment is not None), default=None)

    def next_night(self, tx: Transaction) -> datetime | None:
        """When the night's work is due."""
        return self.nightly.next_due(tx)


def _changes_hearing(read: Call | Unknown) -> bool:
    return isinstance(read, Call) and read.command.may_change_hearing


def _tell(happened: Happened) -> None:
    """A line an event, with numbers for people and without their words."""
    match happened:
        case Heard(id=id, message=message, person=person, room=room, late=late):
            where, when = room.key if room else "private", " late" if late else ""
            logger.info("heard %s #%d room=%s by=M%d%s", message.kind, id, where, person.number, when)
        case Joined(id=id, late=late):
            logger.debug("joined #%d%s", id, " late" if late else "")
        case Recalled(id=id):
            logger.info("recalled #%d", id)
