"""How a message ended: settled by the call's outcome or by its echo, tried again, or recovered after a crash.

    queued → sending (committed before the call) → sent | unknown | failed
       └→ expired | dropped      └→ queued again: it was not tried, or was certainly refused and may go later

An echo (our own message, as the platform shows it back) settles a row: by its platform id, else as the oldest
one without such an id that has this text, for this room, and began to be sent within the last two minutes. A
message whose author wrote ``repeat: safe`` is sent again if no echo came in that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Update, bindparam, select, update

from bot.outbox import brakes
from bot.outbox.pace import Pace, try_again_after
from bot.outbox.queue import AnyRow, Intent, Kind, Repeat, State, by_id, change, give_up
from bot.outbox.record import record
from bot.outbox.rules import Rule
from bot.store.quick import once
from bot.store.tables import outgoing, room
from bot.store.transaction import Transaction

ECHO_WITHIN = timedelta(minutes=2)
_MAY_BE_SEEN = (State.SENDING, State.UNKNOWN, State.SENT, State.QUEUED)
"""What was tried may be seen, even where the platform said no and it waits to be tried again."""
_SENT = dict.fromkeys((Kind.TEXT, Kind.PICTURE, Kind.FILE), "content_sent")
_RECORDED_AS = {**_SENT, Kind.INVITE: "member_invited"}
"""What the bot did to members is an interaction too; of strangers whom we accepted nothing is recorded."""
LOST_WITH_THE_PROCESS = "the process ended while it was being sent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a send ended: ``state`` is sent, unknown or failed, or queued where it was not even tried."""

    outgoing_id: int
    state: State
    reason: str = ""
    platform_id: str | None = None
    too_often: bool = False


def settle(tx: Transaction, outcome: Outcome, pace: Pace) -> None:
    """Write down how a send ended. What an echo settled before stays sent."""
    row = by_id(tx, outcome.outgoing_id)
    if row is None:
        return
    if outcome.too_often:
        brakes.rest(tx, row.account, pace)
    platform_id = _unless_taken(tx, row, outcome.platform_id)
    if row.state == State.SENT and platform_id and not row.platform_id:
        change(tx, row.id, platform_id=platform_id)
    elif row.state in (State.SENDING, State.UNKNOWN):
        _end(tx, row, outcome, platform_id)


def _end(tx: Transaction, row: AnyRow, outcome: Outcome, platform_id: str | None) -> None:
    untried = row.attempts - 1
    match outcome.state:
        case State.SENT:
            _sent(tx, row, tx.now, outcome.reason, platform_id)
        case State.QUEUED if row.state == State.SENDING:
            _wait_again(tx, row, attempts=untried, **({} if untried else {"sending_at": None}))
        case State.FAILED if outcome.too_often:
            _wait_again(tx, row, attempts=untried, reason=outcome.reason)
        case State.FAILED:
            _refused(tx, row, outcome.reason)
        case State.UNKNOWN:
            _lost(tx, row, outcome.reason)


def _wait_again(tx: Transaction, row: AnyRow, **values: object) -> None:
    """Let a message wait for another try, unless meanwhile nobody wants it any more.

    One that may come twice, and was tried before, may have gone out then: it stays ``unknown``.
    """
    if (why_not := _unwanted(tx, row)) is not None:
        change(tx, row.id, state=State.DROPPED)
        give_up(tx, row, State.DROPPED, why_not)
        return
    maybe_out = row.repeat == Repeat.SAFE and row.attempts > 1
    change(tx, row.id, state=State.UNKNOWN if maybe_out else State.QUEUED, settled_at=None, **values)
    tx.queued = True


def _unwanted(tx: Transaction, row: AnyRow) -> str | None:
    """What happened while a message was being sent, so that it is not sent again."""
    if row.wiped_at is not None:
        return "what it quotes was recalled"
    query = select(room.c.disabled_at).where(room.c.id == row.room_id)
    disabled_at = tx.connection.execute(query).scalar()
    return "the room was disabled" if disabled_at is not None and row.queued_at < disabled_at else None


def _sent(tx: Transaction, row: AnyRow, at: datetime, reason: str, platform_id: str | None) -> None:
    change(
        tx,
        row.id,
        state=State.SENT,
        reason=reason,
        settled_at=tx.now,
        not_before=None,
        platform_id=platform_id,
    )
    if row.kind in _RECORDED_AS:
        props = {"intent": row.intent, "post": row.post_id}
        record(tx, row, _RECORDED_AS[row.kind], at, str(row.id), props)
    if row.intent == Intent.GIVE:  # there may be gives enough now for an ask that waits
        let_go(tx, Rule.GIVE_ASK, account=row.account, room_id=row.room_id)


def _refused(tx: Transaction, row: AnyRow, reason: str) -> None:
    """It certainly did not go out: it is tried again a few times, and then lies among the failed."""
    pause = try_again_after(row.attempts)
    if pause is not None:
        _wait_again(tx, row, reason=reason, not_before=tx.now + pause)
    elif row.repeat == Repeat.SAFE:
        change(tx, row.id, state=State.UNKNOWN, reason=reason, settled_at=tx.now)
    else:
        give_up(tx, row, State.FAILED, reason)


def _lost(tx: Transaction, row: AnyRow, reason: str) -> None:
    """Nobody knows whether it went out. Unless it may come twice, it is let be."""
    pause = try_again_after(row.attempts) if row.repeat == Repeat.SAFE else None
    if pause is None or _unwanted(tx, row) is not None:
        change(tx, row.id, state=State.UNKNOWN, reason=reason, settled_at=tx.now)
    else:
        again = tx.now + max(pause, ECHO_WITHIN)
        change(tx, row.id, state=State.UNKNOWN, reason=reason, not_before=again)
        tx.queued = True


def _unless_taken(tx: Transaction, row: AnyRow, platform_id: str | None) -> str | None:
    """The id, unless an older row with the same words took it, because its echo came before this return.

    Then either row stands for either message: both are sent, and each message is counted once.
    """
    taken = None if platform_id is None else _by_platform_id(tx, row.account, platform_id)
    return platform_id if taken is None or taken.id == row.id else None


def echo(tx: Transaction, account: str, platform_id: str, place: int | None, text: str, at: datetime) -> bool:
    """Settle the row that our own message ``platform_id`` shows to have been sent; False if it is none."""
    row = _by_platform_id(tx, account, platform_id)
    if row is not None and row.state == State.SENT:
        return True
    row = row or _unseen_like(tx, account, place, text)
    if row is None:
        return False
    _sent(tx, row, at, "seen", platform_id)
    return True


def _by_platform_id(tx: Transaction, account: str, platform_id: str) -> AnyRow | None:
    return tx.connection.execute(_BY_PLATFORM_ID, {"theirs": platform_id, "mine": account}).first()


_BY_PLATFORM_ID = once(
    select(outgoing).where(
        outgoing.c.platform_id == bindparam("theirs"), outgoing.c.account == bindparam("mine")
    )
)


def _unseen_like(tx: Transaction, account: str, place: int | None, text: str) -> AnyRow | None:
    if place is None:
        return None
    query = (
        select(outgoing)
        .where(outgoing.c.account == account, outgoing.c.state.in_(_MAY_BE_SEEN))
        .where(outgoing.c.platform_id.is_(None), outgoing.c.sending_at >= tx.now - ECHO_WITHIN)
        .where((outgoing.c.room_id == place) | (outgoing.c.identity_id == place))
        .where(outgoing.c.kind.in_([Kind.TEXT, Kind.PICTURE]))
        .order_by(outgoing.c.id)
    )
    return next((row for row in tx.connection.execute(query) if _shows(row, text)), None)


def _shows(row: AnyRow, text: str) -> bool:
    """Whether ``text`` is what people see of a row; the platform puts the mentions before it."""
    ours: str = row.payload["text"]
    calls = bool(row.payload["mentions"]) or "at_all" in row.payload
    return text == ours or (bool(calls and ours) and text.startswith("@") and text.endswith(ours))


def recover(tx: Transaction, account: str) -> int:
    """After a start: what was being sent when the process ended is ``unknown``; gives how many.

    The guard judges anew what it held back: the rules or the clock may be others now.
    """
    here = (outgoing.c.account == account) & outgoing.c.settled_at.is_(None)
    sending = select(outgoing).where(here, outgoing.c.state == State.SENDING)
    lost = tx.connection.execute(sending).all()
    for row in lost:
        _lost(tx, row, LOST_WITH_THE_PROCESS)
    reconsider(tx, account)
    return len(lost)


def reconsider(tx: Transaction, account: str) -> None:
    """Have the guard judge anew what it held back, because the rules or the clock changed.

    What waits to be tried again is tried: a clock that was ahead may have put it off for years. An echo is
    waited for all the same.
    """
    here = (outgoing.c.account == account) & outgoing.c.settled_at.is_(None)
    put_off = here & (outgoing.c.state == State.QUEUED) & (outgoing.c.attempts > 0)
    held = here & outgoing.c.held_by.is_not(None)
    tx.connection.execute(update(outgoing).where(held | put_off).values(held_by=None, not_before=None))
    soon = tx.now + ECHO_WITHIN
    unseen = here & (outgoing.c.state == State.UNKNOWN) & (outgoing.c.not_before > soon)
    tx.connection.execute(update(outgoing).where(unseen).values(not_before=soon))
    tx.queued = True


def let_go(tx: Transaction, rule: Rule, **of: object) -> None:
    """A rule may hold nothing back any more of these (``of``: columns of the row): it is looked at again."""
    these = {f"of_{name}": value for name, value in of.items()}
    let = tx.connection.execute(_letting_go(tuple(of)), {"by_rule": rule, **these}).rowcount
    tx.queued = tx.queued or let > 0


@lru_cache(maxsize=16)
def _letting_go(of: tuple[str, ...]) -> Update:
    """Built once: each give that is sent asks for it."""
    columns = [outgoing.c[name] for name in of]
    which = [it.is_not_distinct_from(bindparam(f"of_{it.name}", type_=it.type)) for it in columns]
    held = outgoing.c.settled_at.is_(None) & (outgoing.c.held_by == bindparam("by_rule"))
    return once(update(outgoing).where(held, *which).values(held_by=None, not_before=None))


def unclaim(tx: Transaction, account: str) -> None:
    """What was claimed in a commit that nobody heard of was never given to the channel: it waits again."""
    here = (outgoing.c.account == account) & outgoing.c.settled_at.is_(None)
    for row in tx.connection.execute(select(outgoing).where(here, outgoing.c.state == State.SENDING)).all():
        _end(tx, row, Outcome(row.id, State.QUEUED), None)
