"""What became of an event: from the record of what ran, and judged by today's state for what did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import naming
from bot.commands.trace import events
from bot.commands.trace.events import AnyRow, Effect
from bot.commands.trace.unmoved import Judge, Unmoved
from bot.commands.wording import span
from bot.errors import BotError
from bot.sop.loader import SopSet
from bot.sop.occasion import LATE
from bot.store.ids import Ids
from bot.store.reading import reading
from bot.store.transaction import Transaction

ASKED_ABOUT = naming.NAMES - naming.UNHEARD | {"member_joined", "friend_made"}
"""What SOPs are asked about."""


@dataclass(frozen=True, slots=True)
class Trace:
    """An event, ``notes`` on it in Chinese, what followed from it, and the SOPs that did nothing.

    ``member`` is 37 for M37. ``text`` is there where it was asked for and is still kept. ``unmoved`` is
    judged by today's state.
    """

    event: int
    name: str
    at: datetime
    received_at: datetime
    room: str | None
    private: bool
    member: int | None
    role: str
    sop: str | None
    cause: int | None
    text: str | None
    notes: Sequence[str]
    effects: Sequence[Effect]
    unmoved: Sequence[Unmoved]


def trace(tx: Transaction, sops: SopSet, account: str, number: int, *, text: bool = False) -> Trace | None:
    """What became of the event of this number, or of the one that caused the message of this number."""
    row = events.find(tx, account, number)
    if row is None and (cause := events.cause_of(tx, account, number)) is not None:
        row = events.find(tx, account, cause)
    if row is None:
        return None
    followed = events.effects(tx, row)
    moved = frozenset(it.sop for it in followed if it.sop is not None)
    return Trace(
        row.id,
        row.name,
        row.occurred_at,
        row.received_at,
        row.room_key,
        row.channel == "dm",
        row.number,
        row.actor_role,
        row.programme_id,
        row.parent_event_id,
        row.body if text else None,
        _notes(row, followed),
        followed,
        _unmoved(Judge(tx, sops, account, row, moved), followed),
    )


def ask(url: str, sops: SopSet, account: str, number: int, *, text: bool = False) -> Trace:
    """``trace`` of the database at ``url``, which is only read. Raises ``BotError`` for nothing."""
    with reading(url) as connection:
        tx = Transaction(connection, Ids(), datetime.now(UTC))
        found = trace(tx, sops, account, number, text=text)
    if found is None:
        raise BotError(f"{account} 没有 #{number} 这件事。没开通的群里说的、送来第二遍的，都不记，也没有号。")
    return found


def _notes(row: AnyRow, followed: Sequence[Effect]) -> list[str]:
    """What is particular to it."""
    late = row.received_at - row.occurred_at
    notes = [f"晚到{span(late)}，只记不答"] if late > LATE else []
    if row.room_id is not None and (row.room_key is None or row.disabled_at is not None):
        notes.append("这个群现在没有开通")
    notes += _unheard(row)
    if any(it.what == "complaint" for it in followed):
        notes.append("算投诉，交给人了，SOP 都不接")
    return notes


def _unheard(row: AnyRow) -> list[str]:
    """Why no SOP is asked about it, by what it is."""
    if row.name == "command_given":
        return ["这是命令，SOP 不听"]
    if row.name in naming.UNHEARD:
        return ["接龙、红包、转账、公告、拍一拍只记下，SOP 不听"]
    by_us = row.name in naming.NAMES and row.identity_id is None
    return ["是我们自己的号说的，SOP 不听"] if by_us else []


def _unmoved(judge: Judge, followed: Sequence[Effect]) -> list[Unmoved]:
    row = judge.event
    is_for_nobody = row.name not in ASKED_ABOUT or row.identity_id is None or row.source.startswith("sop:")
    complained = any(it.what == "complaint" for it in followed)
    return [] if is_for_nobody or complained else sorted(judge.unmoved(), key=lambda it: not it.near)
