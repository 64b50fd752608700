"""What a kind of SOP is made of: its YAML model, what it does at which occasion, and its commands.

A module in ``bot/sop/kinds/`` (or in the folder ``BOT_KINDS``) exports one ``KIND``. A behaviour is a plain
function of a ``Context``: it changes rows and queues messages, and never awaits, sends or reads the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.sop.command import CommandContext
    from bot.sop.context import Context
    from bot.sop.language import Sop
    from bot.sop.loader import SopSet
    from bot.sop.occasion import Heard
    from bot.sop.schedule import Schedule
    from bot.store.transaction import Transaction

Act = Callable[["Context[Any]"], bool | None]
"""What is done at an occasion; True: the message was taken, and nobody else is asked about it."""
Minds = Callable[[Any, "Heard"], bool]
"""Whether a SOP minds a message at all: cheap and pure, asked before anything else is done."""
UnmovedBy = Callable[[Any, "Heard", "ZoneInfo"], str]
"""In Chinese, why a SOP that was asked about a message does nothing about it; empty: that cannot be told."""
PutOffBy = Callable[[Any, datetime, "ZoneInfo"], str]
"""In Chinese, why what a SOP's main schedule has for this moment (local time) comes later, or not at all;
empty: it comes."""


def _always(sop: Any, heard: Heard) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class OnSlot:
    """At each moment of a schedule, once a room; ``step`` names the schedule within the SOP.

    Where there are several, the further ones are steps of their own (``post#2``), and ``ctx.nth`` tells which
    it is. A moment that is found more than ``late_after`` too late is recorded as missed instead.
    """

    step: str
    schedule: Callable[[Any], Schedule | tuple[Schedule, ...] | None]
    late_after: Callable[[Any], timedelta]
    act: Act


@dataclass(frozen=True, slots=True)
class OnHashtag:
    """When a message bears one of ``tags`` (without #, in any common form; see ``bot.sop.hashtags``)."""

    tags: Callable[[Any], tuple[str, ...]]
    act: Act


@dataclass(frozen=True, slots=True)
class OnWords:
    """When a text in one of the SOP's rooms contains one of ``words`` (see ``bot.sop.words``)."""

    words: Callable[[Any], tuple[str, ...]]
    act: Act


@dataclass(frozen=True, slots=True)
class OnHeard:
    """When something is said that a run of this SOP listens to (``ctx.listen``)."""

    act: Act
    minds: Minds = _always


@dataclass(frozen=True, slots=True)
class OnJoin:
    """When somebody came into a room where the SOP plays, once each time (``ctx.joined``)."""

    act: Act


@dataclass(frozen=True, slots=True)
class OnFriend:
    """When somebody became friends with the account (``ctx.befriended``), and so can be written to."""

    act: Act


@dataclass(frozen=True, slots=True)
class OnRecall:
    """When a message is recalled from which this SOP derived interactions (``ctx.record``)."""

    act: Act


@dataclass(frozen=True, slots=True)
class OnWait:
    """When a wait of a run is over: ``ctx.wake_at(moment, what)``."""

    what: str
    act: Act


Behaviour = OnSlot | OnHashtag | OnWords | OnHeard | OnJoin | OnFriend | OnRecall | OnWait


MOST_RECORDED = 5
"""Arguments of a command that are recorded."""


class Who(StrEnum):
    """Who may use a command: each includes those after it."""

    ANYONE = "anyone"
    MEMBER = "member"
    EXPERT = "expert"
    STAFF = "staff"
    ADMIN = "admin"


class Where(StrEnum):
    """Where a command may be typed; ``DESK``: in private or in the operators' room, unread by members."""

    ANYWHERE = "anywhere"
    ROOM = "room"
    PRIVATE = "private"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: ``names`` are its spellings, words apart by one space (``room enable``, ``开群``).

    ``usage`` is what follows the name, in Chinese; ``words`` are bare words that mean the same when said in
    private or with a mention of the bot; ``leads`` are first words that do so with something behind them
    (``过 31 32``), in the operators' room too; ``glued``: a number alone may stand right behind (``发4821``).
    ``unheard_too``: obeyed in rooms that nobody enabled (claim, enable and bind alone). ``despite_stop``:
    answered even after all sending was stopped.

    ``confirmed`` does what ``ctx.to_confirm`` announced, once the code is said; ``undo`` takes back what
    ``ctx.can_undo`` named, says so, and tells whether it did. ``does_what_others_do``: it calls those.
    ``recorded`` is how many of its arguments the log keeps, which never forgets: words about people are none.
    """

    names: tuple[str, ...]
    who: Who
    help: str
    run: Callable[[CommandContext], None]
    where: Where = Where.ANYWHERE
    usage: str = ""
    words: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    glued: bool = False
    unheard_too: bool = False
    despite_stop: bool = False
    confirmed: Callable[[CommandContext, Mapping[str, Any]], None] | None = None
    undo: Callable[[CommandContext, Mapping[str, Any]], bool] | None = None
    does_what_others_do: bool = False
    recorded: int = MOST_RECORDED

    @property
    def may_change_hearing(self) -> bool:
        """Whether who is heard where, or counts as what, may be another after it."""
        return self.who is Who.ADMIN or self.unheard_too or self.does_what_others_do


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of SOP. ``names`` are the interactions it records beside the core's vocabulary.

    ``waiting`` counts what waits for a human, by the word that ``/status`` has for it.
    ``unmoved_by`` and ``put_off_by`` are pure, and asked when somebody wants to know why nothing came.
    """

    name: str
    title: str
    model: type[Sop]
    behaviours: tuple[Behaviour, ...]
    commands: tuple[Command, ...] = ()
    names: frozenset[str] = frozenset()
    waiting: Callable[[Transaction, SopSet, str], Mapping[str, int]] | None = None
    unmoved_by: UnmovedBy | None = None
    put_off_by: PutOffBy | None = None
