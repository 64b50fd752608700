"""What commands get: who typed what where, and what they may ask of the running bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot.people.directory import Person, Room
from bot.sop import offers
from bot.sop.context import Context
from bot.sop.kind import Command, Who
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.occasion import Heard
from bot.sop.offers import Whose
from bot.status import Status
from bot.store.transaction import Transaction

S = TypeVar("S", bound=Sop)


class Played(Enum):
    """What came of playing a SOP by hand."""

    DONE = "done"
    FAILED = "failed"
    NOTHING = "nothing to play"


class Foresee(Protocol):
    """Tells what will be sent in so many days; takes a while, so it is for an errand.

    In a few words it tells of all SOPs; of ``verbatim`` alone, the messages themselves.
    """

    def __call__(
        self,
        sops: SopSet,
        account: str,
        now: datetime,
        days: int,
        rooms: Sequence[str],
        verbatim: Sop | None = None,
    ) -> str: ...


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

    @property
    def phone_key(self) -> bytes | None:
        """By which phone numbers are hashed; None: here none are taken."""

    @property
    def files(self) -> Path | None:
        """The folder for files that members are given; None: here none are made."""

    @property
    def foresee(self) -> Foresee | None:
        """None: here nobody looks ahead."""

    def may_claim(self, tx: Transaction, code: str) -> bool:
        """Whether ``code`` makes its bearer an admin; it does so once."""

    @property
    def commands(self) -> Sequence[Command]:
        """All there are, in the order of the help."""

    @property
    def new_code(self) -> Callable[[], str]:
        """Gives four digits that nobody can guess."""

    @property
    def new_invite(self) -> Callable[[], str]:
        """Gives an invite code that nobody can guess."""

    @property
    def can_call_everybody(self) -> bool:
        """Whether @所有人 in what we say reaches everybody on this platform."""

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
    command: Command
    args: tuple[str, ...]
    desk: Desk
    answers: list[str]
    rest: str = ""
    """What was typed behind the command's name, as it was typed."""
    roles: frozenset[str] = frozenset()
    quoted: list[int] = field(default_factory=list)
    later: list[Callable[[], str]] = field(default_factory=list)
    reloads: list[bool] = field(default_factory=list)

    def kind_context(self, sop: S, room: Room | None = None) -> Context[S]:
        """For a kind's command: what it does as ``sop`` because this was typed.

        It answers nothing that a member said, so what it sends keeps to the quiet hours.
        """
        key, cause = f"command:{self.heard.id}", self.heard.id
        return Context(self.tx, self.sops, sop, self.account, key, room, cause, typed=self.heard)

    @property
    def now(self) -> datetime:
        return self.tx.now

    @property
    def room(self) -> Room | None:
        return self.heard.room

    @property
    def person(self) -> Person:
        return self.heard.person

    @property
    def is_at_desk(self) -> bool:
        """Whether no member reads the answer: in private, or in the operators' room."""
        return self.room is None or self.room.key == self.sops.community.operators

    def reply(self, text: str, quotes: Sequence[int] = ()) -> None:
        """Answer where the command was typed; several replies are one message.

        ``quotes`` are the messages whose words it repeats.
        """
        self.answers.append(text)
        self.quoted.extend(quotes)

    @property
    def whose(self) -> Whose:
        """Whose codes are said here."""
        return Whose(self.account, self.person.identity_id, None if self.room is None else self.room.id)

    def to_confirm(self, args: Mapping[str, Any]) -> str:
        """Have this command ``confirmed`` with ``args`` once a code is said; gives how that is done."""
        code, minutes = self.desk.new_code(), offers.CONFIRM_WITHIN // timedelta(minutes=1)
        offers.to_confirm(self.tx, self.whose, self.command.names[0], args, code)
        return f"回“发 {code}”，{minutes}分钟有效"

    def acting_for(self, command: Command) -> CommandContext:
        """The same for another command, which goes on now."""
        return replace(self, command=command)

    def can_undo(self, args: Mapping[str, Any]) -> None:
        """Have this command ``undo`` what it did, if ``/撤销`` is said soon."""
        offers.to_undo(self.tx, self.whose, self.command.names[0], args)

    def reload(self) -> None:
        """Have the SOPs read anew, and answer with what came of it."""
        self.reloads.append(True)

    def reply_later(self, work: Callable[[], str]) -> None:
        """Answer with what ``work`` gives, which takes longer than others may wait: it is called off the
        core's thread, and so without a transaction."""
        self.later.append(work)
