"""One event from in to out, read from top to bottom: record, command, SOP behaviours. Synchronous.

Everything here runs on the writer's thread, inside the transaction that it is given. A behaviour that fails
is undone to its savepoint and recorded as a failure; the others go on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from bot.commands import access
from bot.commands.parser import Call, Commands, Unknown
from bot.errors import BotError
from bot.events import Chat, MembersLeft, MessageRecalled, MessageReceived, RoomEvent
from bot.outbox.queue import Intent, Post, Priority, enqueue
from bot.people import directory, roles
from bot.people.directory import Room
from bot.recording import LATE, Happened, Recorder, Unheard
from bot.sop import index as lookup
from bot.sop import runs, timetable, versions
from bot.sop.context import CommandContext, Context, Heard, Recalled
from bot.sop.kind import Act, Command, Who
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.runs import Run
from bot.status import Status
from bot.store import log, retention
from bot.store.tables import failure, interaction, unheard
from bot.store.transaction import Transaction

logger = logging.getLogger(__name__)

ANSWER_WITHIN = timedelta(minutes=10)
"""An answer that could not be sent by then is not wanted any more."""
_STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What an account does about what it hears, with one set of SOPs. ``source`` names it in the log."""

    account: str
    source: str
    sops: SopSet
    index: lookup.Index
    known_commands: Commands
    status: Status

    # --- starting ---

    def start(self, tx: Transaction) -> None:
        """Note the SOPs' versions and let the schedules follow them."""
        versions.note(tx, self.sops)
        self.sync_timetable(tx)

    # --- what people say and do ---

    def process(self, tx: Transaction, batch: Sequence[RoomEvent]) -> None:
        """Record ``batch`` and react to what is new in it, in its order."""
        for segment in self._segments(batch):
            new = self._recorder(tx).record(tx, segment)
            if any(isinstance(event, MembersLeft) and event.bot_left for event in segment):
                self.sync_timetable(tx)
            speakers = {it.person.identity_id for it in new if isinstance(it, Heard)}
            tx.listening |= runs.who_is_listened_to(tx, speakers)
            for happened in new:
                self._react(tx, happened)

    def _segments(self, batch: Sequence[RoomEvent]) -> Iterator[list[RoomEvent]]:
        """Parts that can be recorded at once: commands change who is heard, recalls need what went before."""
        part: list[RoomEvent] = []
        for event in batch:
            alone = isinstance(event, MessageRecalled) or self._call(event) is not None
            if alone and part:
                yield part
                part = []
            part.append(event)
            if alone:
                yield part
                part = []
        if part:
            yield part

    def _recorder(self, tx: Transaction) -> Recorder:
        held = roles.roles(tx)
        kinds = {roles.ADMIN: _STAFF, **self.sops.community.roles}

        def actor_role(member_id: int) -> str:
            mine = {kinds.get(name, "member") for name in held.get(member_id, ())}
            return next((role for role in (_STAFF, "expert", "koc") if role in mine), "member")

        return Recorder(self.account, self.source, self._keep_until(tx), actor_role, self._command_props)

    def _keep_until(self, tx: Transaction) -> datetime:
        community = self.sops.community
        return retention.keep_until(tx.now, community.privacy.keep_days, community.zone)

    def _call(self, event: RoomEvent) -> Call | None:
        if not isinstance(event, MessageReceived) or event.is_self:
            return None
        call = self._read(event)
        return call if isinstance(call, Call) else None

    def _read(self, message: MessageReceived) -> Call | Unknown | None:
        return self.known_commands.read(message.text, addressed=message.chat is None or message.to_bot)

    def _command_props(self, message: MessageReceived) -> dict[str, object] | None:
        """What is recorded of a command: its name, and of what admins do the arguments too."""
        call = self._call(message)
        if call is None:
            return None
        args = {"args": list(call.args)} if call.command.who is Who.ADMIN else {}
        return {"command": call.command.names[0], **args}

    def _react(self, tx: Transaction, happened: Happened) -> None:
        _tell(happened)
        match happened:
            case Unheard():
                self._obey_unheard(tx, happened)
            case Recalled():
                self._recalled(tx, happened)
            case Heard() if not self._command(tx, happened):
                self._offer(tx, happened)

    # --- SOP behaviours ---

    def _offer(self, tx: Transaction, heard: Heard) -> None:
        """To the hashtags' SOPs, then to runs that listen to this person and were not asked yet."""
        asked = set()
        for candidate in self.index.tagged(heard.text, heard.room):
            asked.add(candidate.sop.id)
            self._act(self._context(tx, candidate.sop, heard.room, heard=heard), candidate.act)
        if heard.person.identity_id not in tx.listening:
            return
        room_id = None if heard.room is None else heard.room.id
        for run in runs.listening_to(tx, heard.person.identity_id, room_id, heard.occurred_at):
            sop = self._sop_of(tx, run)
            act = None if sop is None or run.sop_id in asked else lookup.on_heard(self.sops.kind_of(sop))
            if sop is not None and act is not None:
                self._act(self._context(tx, sop, heard.room, heard=heard, run=run), act)

    def _recalled(self, tx: Transaction, recalled: Recalled) -> None:
        """Ask the SOPs that made something of the message."""
        derived = select(interaction.c.programme_id, interaction.c.room_id).where(
            interaction.c.parent_event_id == recalled.id, interaction.c.programme_id.is_not(None)
        )
        for sop_id, room_id in tx.connection.execute(derived.distinct()).all():
            sop = self.sops.sops.get(sop_id)
            act = None if sop is None else lookup.on_recall(self.sops.kind_of(sop))
            if sop is not None and act is not None:
                room = directory.room_by_id(tx, room_id)
                self._act(self._context(tx, sop, room, recalled=recalled), act)

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
        """Let a behaviour act; False if it failed, and left nothing."""
        return self._attempt(ctx.tx, f"{ctx.sop.id} {ctx.key}", lambda: act(ctx), ctx.cause, ctx.sop.id)

    def _attempt(
        self, tx: Transaction, place: str, do: Callable[[], None], cause: int | None, sop_id: str | None
    ) -> bool:
        try:
            with tx.savepoint():
                do()
        except Exception as error:
            record_failure(tx, place, error, cause, sop_id)
            return False
        return True

    def _sop_of(self, tx: Transaction, run: Run) -> Sop | None:
        """The SOP as it was when the run began."""
        return versions.at(tx, self.sops, run.sop_id, run.sop_hash)

    # --- time ---

    def tick(self, tx: Transaction) -> None:
        """Play what is due: scheduled moments, then waits. The alarm has rung, so it is set anew."""
        tx.rescheduled = True
        retention.purge(tx, self.sops.community.privacy.keep_days)
        for slot in timetable.take_due(tx, self.account, self.index.line, self.sops.community.zone):
            self._play(tx, slot, None)
        for run, what, due_at in runs.take_due(tx, self.account):
            self._wake(tx, run, what, due_at)

    def next_due(self, tx: Transaction) -> datetime | None:
        """When ``tick`` has something to do again."""
        community = self.sops.community
        purge = retention.next_purge(tx, community.privacy.keep_days, community.zone)
        moments = (timetable.next_due(tx, self.account), runs.next_due(tx, self.account), purge)
        return min((moment for moment in moments if moment is not None), default=None)

    def _play(self, tx: Transaction, slot: timetable.Slot, cause: int | None) -> bool:
        line = slot.line
        sop, room = self.sops.sops[line.sop_id], directory.room_by_id(tx, line.room_id)
        act = lookup.on_slot(self.sops.kind_of(sop), line.step)
        assert act is not None, "the line was made from this behaviour"
        key = f"{line.step}:{slot.occurrence}:{line.room_id}"
        ctx = self._context(tx, sop, room, key=key, cause=cause, due_at=slot.due_at)
        done = self._act(ctx, act)
        if not done:
            timetable.mark_failed(tx, slot.id, "the behaviour failed")
        logger.info(
            "slot %s sop=%s room=%s at=%s", "done" if done else "failed", sop.id, room and room.key, key
        )
        return done

    def _wake(self, tx: Transaction, run: Run, what: str, due_at: datetime) -> None:
        sop = self._sop_of(tx, run)
        act = None if sop is None else lookup.on_wait(self.sops.kind_of(sop), what)
        room = None if run.room_id is None else directory.room_by_id(tx, run.room_id)
        if sop is None or act is None or (room is not None and not room.enabled):
            return
        key = f"{run.id}:{what}:{due_at:%Y%m%dT%H%M%S}"
        self._act(self._context(tx, sop, room, key=key, run=run, due_at=due_at), act)

    # --- commands ---

    def _command(self, tx: Transaction, heard: Heard) -> bool:
        """Obey (or refuse) what was typed; False: it is no command. Late ones are not executed."""
        read = self._read(heard.message)
        if read is None or heard.late:
            return read is not None
        standing = access.standing(tx, heard.person, heard.room, roles.roles(tx))
        if isinstance(read, Call):
            answers, chat = self._obey(tx, heard, read, standing), heard.message.chat
            room = None if chat is None else self._bound(tx, chat)  # which the command may have changed
            self._answer(tx, replace(heard, room=room), answers)
            return True
        hint = access.hint(read.typed, read.suggestion, standing, in_private=heard.room is None)
        self._answer(tx, heard, [hint] if hint else [])
        return hint is not None

    def _obey(self, tx: Transaction, heard: Heard, call: Call, standing: Who) -> list[str]:
        why = access.refusal(call.command, standing, heard.room)
        if why is not None:
            return [why] if why else []
        ctx = CommandContext(tx, self.sops, self.account, heard, standing, call.args, self, [])
        name = call.command.names[0]
        logger.info("command %s by=M%d", name, heard.person.number)
        done = self._attempt(tx, f"command {name}", lambda: call.command.run(ctx), heard.id, None)
        return ctx.answers if done else ["出了点错，这个命令没有做成；错误已经记下。"]

    def _answer(self, tx: Transaction, heard: Heard, answers: Sequence[str]) -> None:
        if not answers:
            return
        post = Post(
            texts=["\n".join(answers)],
            intent=Intent.REPLY,
            priority=Priority.ANSWER,
            dedupe_key=f"answer:{heard.id}",
            room_id=None if heard.room is None else heard.room.id,
            identity_id=heard.person.identity_id if heard.room is None else None,
            expires_at=tx.now + ANSWER_WITHIN,
            cause_id=heard.id,
        )
        enqueue(tx, self.account, post)

    def _obey_unheard(self, tx: Transaction, said: Unheard) -> None:
        """Where nobody is heard, claim and enable alone are obeyed; what draws no answer leaves no trace."""
        call = self._call(said.message)
        if call is None:
            return
        self._count_unheard(tx, call.command)
        late = tx.now - said.message.occurred_at > LATE
        if call.command.unheard_too and not late:
            try:
                with tx.savepoint():
                    self._obey_stranger(tx, said, call)
            except _NoAnswer:
                pass

    def _obey_stranger(self, tx: Transaction, said: Unheard, call: Call) -> None:
        message = said.message
        person = directory.meet(tx, self.source, [message.sender])[message.sender.id]
        standing = access.standing(tx, person, None, roles.roles(tx))
        if not access.includes(standing, call.command.who):
            raise _NoAnswer
        place = None if said.chat is None else self._bound(tx, said.chat) or Room(0, "", "", enabled=False)
        row = log.entry(tx, self.source, message.id, "command_given", message.occurred_at)
        heard = Heard(row["id"], message, person, place, message.occurred_at, late=False)
        answers = self._obey(tx, heard, call, standing)
        if not answers:
            raise _NoAnswer
        room = None if said.chat is None else self._bound(tx, said.chat)
        room = room if room is not None and room.enabled else None  # nothing is said in rooms that are not
        props = {"kind": message.kind.value, **(self._command_props(message) or {})}
        where = {"room_id": room.id if room else None, "channel": "dm" if said.chat is None else "group"}
        log.append(tx, [{**row, **where, "identity_id": person.identity_id, "props": props}])
        self._answer(tx, Heard(row["id"], message, person, room, message.occurred_at, False), answers)

    def _bound(self, tx: Transaction, chat: Chat) -> Room | None:
        """The room that ``chat`` is or was."""
        return directory.rooms_at(tx, self.account, [chat.id]).get(chat.id)

    def _count_unheard(self, tx: Transaction, command: Command) -> None:
        day = tx.now.astimezone(self.sops.community.zone).date().isoformat()
        key = (unheard.c.day == day) & (unheard.c.command == command.names[0])
        changed = tx.connection.execute(unheard.update().where(key).values(times=unheard.c.times + 1))
        if changed.rowcount == 0:
            row = {"day": day, "command": command.names[0], "times": 1}
            tx.connection.execute(insert(unheard).values(row))

    # --- what commands may ask for (bot.sop.context.Desk) ---

    @property
    def link(self) -> str:
        return self.status.link

    @property
    def problems(self) -> Sequence[str]:
        return self.status.problems

    @property
    def commands(self) -> Sequence[Command]:
        return self.known_commands.all

    def may_claim(self, code: str) -> bool:
        return self.status.may_claim(code)

    def sync_timetable(self, tx: Transaction) -> None:
        enabled = [room for room in directory.rooms_of(tx, self.account) if room.enabled]
        timetable.sync(tx, self.account, self.index.lines(enabled), self.sops.community.zone)

    def run_by_hand(self, tx: Transaction, sop: Sop, room: Room, occurrence: str, cause: int) -> bool:
        main = lookup.first_slot(self.sops.kind_of(sop))
        line = None if main is None else self.index.line(sop.id, room.id, main.step)
        slot = None if line is None else timetable.by_hand(tx, line, occurrence)
        return slot is not None and self._play(tx, slot, cause)


class _NoAnswer(Exception):
    """Undo what a command did that nobody gets an answer to."""


def _tell(happened: Happened) -> None:
    """A line an event, with numbers for people and without their words."""
    match happened:
        case Heard(id=id, message=message, person=person, room=room, late=late):
            where, when = room.key if room else "private", " late" if late else ""
            logger.info("heard %s #%d room=%s by=M%d%s", message.kind, id, where, person.number, when)
        case Recalled(id=id, person=person):
            logger.info("recalled #%d by=M%d", id, person.number)


def record_failure(
    tx: Transaction, place: str, error: BaseException, cause: int | None = None, sop_id: str | None = None
) -> None:
    """Write an error down with its traceback, but only our own errors' text: another's may quote a member."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    name = type(error).__name__
    logger.error("failed: %s: %s\n%s", place, name, trace)
    row = {
        "id": tx.new_id(),
        "at": tx.now,
        "place": place,
        "error": f"{name}: {error}" if isinstance(error, BotError) else name,
        "traceback": trace,
        "interaction_id": cause,
        "sop_id": sop_id,
    }
    tx.connection.execute(insert(failure).values(row))
