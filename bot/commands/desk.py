"""Obeys commands: who may, what they are told, and what is kept of it where nobody is heard."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.commands import access
from bot.commands.parser import Call, Commands, Unknown
from bot.events import MessageKind, MessageReceived, RoomEvent
from bot.outbox.queue import ANSWER_WITHIN, Intent, Post, Priority, enqueue, text
from bot.people import directory, roles
from bot.people.directory import Room
from bot.sop import referring
from bot.sop.command import CommandContext, Foresee, Played
from bot.sop.kind import Command, Who
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.occasion import LATE, Heard
from bot.sop.player import Player
from bot.status import Status
from bot.store import failures, log
from bot.store.ids import next_number
from bot.store.session import count_up
from bot.store.tables import unheard
from bot.store.transaction import Errand, Transaction

logger = logging.getLogger(__name__)

Typed = Mapping[str, Call | Unknown]
"""What messages call for, by the platform's id of the message."""
LONGEST_ARGUMENT = 50
"""Characters of an argument that are recorded."""
_FAILED = "出了点错，这个命令没有做成；错误已经记下。"
NOWHERE = Room(0, "", "", enabled=False)
"""A chat that was never bound to a key."""


@dataclass(frozen=True, slots=True)
class CommandDesk:
    """The desk at which commands are typed (``bot.sop.command.Desk``). ``source`` names us in the log."""

    account: str
    source: str
    sops: SopSet
    player: Player
    known: Commands
    status: Status
    new_code: Callable[[], str]
    new_invite: Callable[[], str]
    foresee: Foresee | None = None
    problems: Sequence[str] = ()
    can_call_everybody: bool = False
    phone_key: bytes | None = None
    files: Path | None = None

    def read(self, message: MessageReceived) -> Call | Unknown | None:
        """What a message calls for; None: it is no command."""
        return self.known.read(message.text, addressed=_is_addressed(message)) if _may_be(message) else None

    def worth_reading(self, events: Iterable[RoomEvent]) -> dict[str, MessageReceived]:
        """Those of a batch that may be commands, by their ids."""
        return {
            event.id: event
            for event in events
            if isinstance(event, MessageReceived) and _may_be(event)
            if self.known.may_be_one(event.text, addressed=_is_addressed(event))
        }

    def read_all(self, messages: Iterable[MessageReceived]) -> Typed:
        """What these messages call for; those that call for nothing are not in it."""
        return {it.id: read for it in messages if (read := self.read(it)) is not None}

    def read_leads(
        self, tx: Transaction, messages: Iterable[MessageReceived], held: Mapping[int, set[str]]
    ) -> Typed:
        """What begins with a command's lead, said to the bot or in the operators' room by those who may."""
        led = {
            event: call
            for event in messages
            if (call := self.known.read_lead(event.text, addressed=_is_addressed(event))) is not None
        }
        if not led:
            return {}
        key, standings = self.sops.community.operators, self._standings(held)
        operators = set() if key is None else directory.platform_ids(tx, self.account, key)
        people = directory.known_people(tx, self.source, {event.sender.id for event in led})
        return {
            event.id: call
            for event, call in led.items()
            if _is_addressed(event) or (event.chat is not None and event.chat.id in operators)
            if (person := people.get(event.sender.id)) is not None
            if access.includes(access.standing(tx, person, None, standings), call.command.who)
        }

    def props(self, call: Call | Unknown | None, *, by_staff: bool) -> dict[str, object] | None:
        """What is recorded of a command: its name, and of what our own people do the arguments too."""
        if not isinstance(call, Call):
            return None
        args = [arg[:LONGEST_ARGUMENT] for arg in call.args[: call.command.recorded]]
        recorded = {"args": args} if by_staff and access.includes(call.command.who, Who.EXPERT) else {}
        return {"command": call.command.names[0], **recorded}

    def obey(
        self, tx: Transaction, heard: Heard, read: Call | Unknown | None, held: Mapping[int, set[str]]
    ) -> bool:
        """Obey (or refuse) what was typed; False: it is no command. Late ones are not executed.

        ``held`` are the roles in force.
        """
        if read is None or heard.late:
            return read is not None
        standing = access.standing(tx, heard.person, heard.room, self._standings(held))
        if isinstance(read, Call):
            if not access.includes(standing, read.command.who) and standing is Who.ANYONE:
                self._note_refused(tx, heard)
                return False  # to strangers it is no command; to a questionnaire it may be an answer
            answers, quotes = self._execute(tx, heard, read, standing, held)
            if read.command.may_change_hearing:
                heard = heard._replace(room=self._bound(tx, heard.message))
            self._answer(tx, heard, answers, quotes, despite_stop=read.command.despite_stop)
            return True
        hint = access.hint(read.typed, read.suggestion, standing, in_private=heard.room is None)
        self._answer(tx, heard, [hint] if hint else [])
        return hint is not None

    def take_code(self, tx: Transaction, heard: Heard, held: Mapping[int, set[str]]) -> bool:
        """An invite code alone, in private, that nobody else took: as if its command stood before it."""
        if heard.room is not None or heard.message.kind is not MessageKind.TEXT:
            return False
        if not referring.is_a_code(tx, heard.text):
            return False
        return self.obey(tx, heard, self.known.read(f"/邀请码 {heard.text}", addressed=True), held)

    def _standings(self, held: Mapping[int, set[str]]) -> roles.Standings:
        return roles.Standings(held, self.sops.community.roles)

    def _execute(
        self, tx: Transaction, heard: Heard, call: Call, standing: Who, held: Mapping[int, set[str]]
    ) -> tuple[Sequence[str], Sequence[int]]:
        """Run the command; gives what it answers, and the messages whose words that repeats."""
        why = access.refusal(call.command, standing, heard.room, self.sops.community.operators)
        if why is not None:
            self._note_refused(tx, heard)
            return [why] if why else [], []
        mine = frozenset(held.get(heard.person.member_id, ()))
        ctx = CommandContext(
            tx, self.sops, self.account, heard, standing, call.command, call.args, self, [], call.rest, mine
        )
        name = call.command.names[0]
        logger.info("command %s by=M%d", name, heard.person.number)
        done = failures.attempt(tx, f"command {name}", lambda: call.command.run(ctx), cause=heard.id)
        if not done:
            return [_FAILED], []
        tx.errands.extend(self._errand(heard, f"command {name}", work) for work in ctx.later)
        if ctx.reloads:
            tx.reloads.append(lambda tx, words: self._answer(tx, heard, [words], which="reloaded"))
        return ctx.answers, ctx.quoted

    def _note_refused(self, tx: Transaction, heard: Heard) -> None:
        """That it was typed is on record already; the audit tells that nothing came of it."""
        row = log.entry(
            tx,
            self.source,
            heard.message.id,
            "command_refused",
            heard.occurred_at,
            identity_id=heard.person.identity_id,
            actor_role=heard.actor_role,
            room_id=None if heard.room is None else heard.room.id,
            channel="dm" if heard.room is None else "group",
            parent_event_id=heard.id,
        )
        log.append(tx, [row])

    def _errand(self, heard: Heard, place: str, work: Callable[[], str]) -> Errand[str]:
        def answer(tx: Transaction, text: str) -> None:
            self._answer(tx, heard, [text], which="later")

        return Errand(place, work, answer, otherwise=_FAILED)

    def _answer(
        self,
        tx: Transaction,
        heard: Heard,
        answers: Sequence[str],
        quotes: Sequence[int] = (),
        *,
        despite_stop: bool = False,
        which: str = "",
    ) -> None:
        if not answers:
            return
        post = Post(
            parts=[text("\n".join(answers))],
            intent=Intent.REPLY,
            priority=Priority.ANSWER,
            dedupe_key=f"answer:{heard.id}{which}",
            room_id=None if heard.room is None else heard.room.id,
            identity_id=heard.person.identity_id if heard.room is None else None,
            quotes=quotes,
            answers_at=heard.occurred_at,
            expires_at=tx.now + ANSWER_WITHIN,
            cause_id=heard.id,
            despite_stop=despite_stop,
        )
        enqueue(tx, self.account, post)

    # --- where nobody is heard ---

    def obey_unheard(self, tx: Transaction, message: MessageReceived) -> None:
        """Where nobody is heard, few commands are obeyed; what draws no answer leaves no trace."""
        call = self.read(message)
        if not isinstance(call, Call):
            return
        self.count_unheard(tx, call.command.names[0])
        if call.command.unheard_too and tx.now - message.occurred_at <= LATE:
            try:
                with tx.savepoint():
                    self._obey_stranger(tx, message, call)
            except _NoAnswer:
                pass

    def _obey_stranger(self, tx: Transaction, message: MessageReceived, call: Call) -> None:
        person = directory.meet(tx, self.source, [message.sender])[message.sender.id]
        held = roles.roles(tx)
        standing = access.standing(tx, person, None, self._standings(held))
        if not access.includes(standing, call.command.who):
            raise _NoAnswer
        room = None if message.chat is None else self._bound(tx, message) or NOWHERE
        occurred_at = min(message.occurred_at, tx.now)
        row = log.entry(tx, self.source, message.id, "command_given", occurred_at)
        heard = Heard(row["id"], message, person, room, occurred_at, late=False)
        answers, _ = self._execute(tx, heard, call, standing, held)
        if not answers:
            raise _NoAnswer
        room = self._bound(tx, message)
        room = room if room is not None and room.enabled else None  # nothing is said in rooms that are not
        what = {
            "identity_id": person.identity_id,
            "actor_role": roles.STAFF,
            "room_id": None if room is None else room.id,
            "channel": "dm" if message.chat is None else "group",
            "props": {"kind": message.kind.value, **(self.props(call, by_staff=True) or {})},
        }
        if not log.append(tx, [{**row, **what}]):
            raise _NoAnswer  # the platform told it twice
        self._answer(tx, heard._replace(room=room), answers)

    def _bound(self, tx: Transaction, message: MessageReceived) -> Room | None:
        """The room of ours that the message's chat is or was."""
        return None if message.chat is None else directory.our_room(tx, self.account, message.chat)

    def count_unheard(self, tx: Transaction, what: str) -> None:
        """Of what is not for us a count a day is kept, and nothing else."""
        day = tx.now.astimezone(self.sops.community.zone).date().isoformat()
        count_up(tx.connection, unheard, {"day": day, "command": what}, "times")

    # --- what commands may ask for ---

    @property
    def link(self) -> str:
        return self.status.link

    @property
    def commands(self) -> Sequence[Command]:
        return self.known.all

    def may_claim(self, tx: Transaction, code: str) -> bool:
        if not self.status.may_claim(code):
            return False
        return next_number(tx.connection, f"claim:{self.status.claim_code}") == 1

    def sync_timetable(self, tx: Transaction) -> None:
        self.player.sync_timetable(tx)

    def run_by_hand(self, tx: Transaction, sop: Sop, room: Room, occurrence: str, cause: int) -> Played:
        return self.player.run_by_hand(tx, sop, room, occurrence, cause)


def _may_be(message: MessageReceived) -> bool:
    return message.kind is MessageKind.TEXT and not message.is_self


def _is_addressed(message: MessageReceived) -> bool:
    return message.chat is None or message.to_bot


class _NoAnswer(Exception):
    """Undo what a command did that nobody gets an answer to."""
