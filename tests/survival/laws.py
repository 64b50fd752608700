"""What must hold when the killing is over: the platform's log beside the database."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from bot.outbox import review
from bot.outbox.queue import State
from bot.sop.kind import OnSlot
from bot.sop.timetable import SlotState
from bot.store.ids import Ids
from bot.store.tables import cursor, failure, interaction, outgoing, room, slot, wait
from bot.store.transaction import Transaction
from tests.builders import rows
from tests.survival.executioner import ZONE, Executioner
from tests.survival.line import Place
from tests.survival.platform import CHATS, TAG, Platform
from tests.survival.process import ACCOUNT, SOURCE, sops

Row = Mapping[Any, Any]
_OPEN = (State.QUEUED, State.SENDING)


def is_at_rest(engine: Engine, now: datetime) -> bool:
    """Whether nothing is due, nothing waits and nothing is to be sent."""
    pending = (cursor.c.next_at <= now, wait.c.id.is_not(None), outgoing.c.state.in_(_OPEN))
    with engine.connect() as connection:
        return not any(connection.scalar(select(func.count()).where(it)) for it in pending)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the platform saw from ``begins`` to ``ends``, and what the database says of it."""

    platform: Platform
    in_sending: set[int]
    kills: Counter[Place]
    begins: datetime
    ends: datetime
    slots: Sequence[Row]
    outbox: Mapping[int, Row]
    log: Sequence[Row]
    failures: Sequence[Row]
    chats: Mapping[int, str]
    unknown: set[int]
    """What operators are shown as unknown."""

    @classmethod
    def gather(cls, engine: Engine, by: Executioner, begins: datetime, ends: datetime) -> Evidence:
        with engine.connect() as connection:
            return cls(
                by.platform,
                by.in_sending,
                by.kills,
                begins,
                ends,
                slots=rows(connection, slot),
                outbox={row["id"]: row for row in rows(connection, outgoing)},
                log=rows(connection, interaction),
                failures=rows(connection, failure),
                chats={row["id"]: CHATS[row["key"]].id for row in rows(connection, room)},
                unknown=_listed_as_unknown(connection, begins),
            )

    def counts(self) -> dict[str, int]:
        """How much happened."""
        states = Counter(row["state"] for row in self.slots)
        return {
            "slots done": states[SlotState.DONE],
            "slots missed": states[SlotState.MISSED],
            "said by members": len(self.platform.said),
            "sent": len(_sent(self)),
            "unknown": len(self.unknown),
        }

    def violations(self) -> list[str]:
        return [f"{law.__name__}: {found}" for law in LAWS for found in law(self)]


def every_slot_came_once(it: Evidence) -> Iterator[str]:
    came = Counter((row["room_id"], row["step"], row["occurrence"]) for row in it.slots)
    for key in _due(it) - came.keys():
        yield f"lost: {key}"
    yield from (f"twice: {key}" for key, times in came.items() if times > 1)


def a_slot_is_done_within_its_grace_and_missed_after_it(it: Evidence) -> Iterator[str]:
    graces = {step.step: step.late_after(None) for step in _steps()}
    for row in it.slots:
        in_time = row["handled_at"] - row["due_at"] <= graces[row["step"]]
        if row["state"] != (SlotState.DONE if in_time else SlotState.MISSED):
            yield f"{row['state']}, {row['handled_at'] - row['due_at']} late: {dict(row)}"


def a_slot_is_handled_as_soon_as_the_bot_looks(it: Evidence) -> Iterator[str]:
    commits = (commit for life in it.platform.lives for commit in life.commits)
    looks = [_stored(commit.at) for commit in commits if commit.all_done]
    for row in it.slots:
        first = bisect_left(looks, row["due_at"])
        if any(look < row["handled_at"] for look in looks[first : first + 1]):
            yield f"overlooked: {dict(row)}"


def what_fell_due_before_a_life_is_looked_at_early_in_it(it: Evidence) -> Iterator[str]:
    asleep = [life for life in it.platform.lives if not any(commit.ticked for commit in life.commits[:3])]
    lost = [(life.began, _stored(life.commits[2].at)) for life in asleep if len(life.commits) > 2]
    for row in it.slots:
        if any(row["due_at"] <= began and third < row["handled_at"] for began, third in lost):
            yield f"left for later: {dict(row)}"


def what_is_to_be_said_is_queued_once_and_nothing_else(it: Evidence) -> Iterator[str]:
    queued, wanted = Counter(row["payload"]["text"] for row in it.outbox.values()), _wanted(it)
    yield from (f"lost: {text}" for text in wanted - queued.keys())
    yield from (f"nobody wanted: {text}" for text in queued.keys() - wanted)
    yield from (f"queued {times} times: {text}" for text, times in queued.items() if times > 1)


def nothing_is_left_open(it: Evidence) -> Iterator[str]:
    for row in it.outbox.values():
        if row["state"] in _OPEN and row["queued_at"] <= it.ends:
            yield str(dict(row))


def no_text_was_shown_twice(it: Evidence) -> Iterator[str]:
    texts = Counter(message.text for _, message in it.platform.shown)
    yield from (f"{times} times: {text}" for text, times in texts.items() if times > 1)


def what_was_shown_is_sent_or_listed_as_unknown(it: Evidence) -> Iterator[str]:
    for _, message in it.platform.shown:
        row = it.outbox.get(message.id)
        if row is None or (row["state"] != State.SENT and row["id"] not in it.unknown):
            yield f"{message} is {row and dict(row)}"
        elif (row["payload"]["text"], it.chats[row["room_id"]]) != (message.text, message.chat_id):
            yield f"{message} was queued as {dict(row)}"


def what_is_called_sent_was_shown(it: Evidence) -> Iterator[str]:
    shown = {message.id for _, message in it.platform.shown}
    yield from (str(id) for id in _sent(it) - shown)


def what_was_in_sending_is_listed_as_unknown_unless_its_echo_came(it: Evidence) -> Iterator[str]:
    echoed = {message.id for shown_id, message in it.platform.shown if shown_id in it.platform.acknowledged}
    for id in it.in_sending - it.unknown:
        if id not in echoed & _sent(it):
            yield str(dict(it.outbox[id]))


def what_was_acknowledged_is_recorded_once(it: Evidence) -> Iterator[str]:
    recorded = Counter(row["source_id"] for row in it.log if row["source"] == SOURCE)
    for id in it.platform.said:
        if recorded[id] > 1 or recorded[id] < (id in it.platform.acknowledged):
            yield f"{id} is recorded {recorded[id]} times"


def what_was_sent_is_recorded_once(it: Evidence) -> Iterator[str]:
    recorded = Counter(int(row["source_id"]) for row in it.log if row["name"] == "content_sent")
    if recorded != Counter(_sent(it)):
        yield f"{recorded - Counter(_sent(it))} too many, {Counter(_sent(it)) - recorded} missing"


def nothing_failed(it: Evidence) -> Iterator[str]:
    yield from (str(dict(row)) for row in it.failures)


LAWS: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    every_slot_came_once,
    a_slot_is_done_within_its_grace_and_missed_after_it,
    a_slot_is_handled_as_soon_as_the_bot_looks,
    what_fell_due_before_a_life_is_looked_at_early_in_it,
    what_is_to_be_said_is_queued_once_and_nothing_else,
    nothing_is_left_open,
    no_text_was_shown_twice,
    what_was_shown_is_sent_or_listed_as_unknown,
    what_is_called_sent_was_shown,
    what_was_in_sending_is_listed_as_unknown_unless_its_echo_came,
    what_was_acknowledged_is_recorded_once,
    what_was_sent_is_recorded_once,
    nothing_failed,
)


def _steps() -> list[OnSlot]:
    (kind,) = {sops().kind_of(sop) for sop in sops().sops.values()}
    return [behaviour for behaviour in kind.behaviours if isinstance(behaviour, OnSlot)]


def _due(it: Evidence) -> set[tuple[int, str, str]]:
    """The slots whose moment came: (room, step, local date)."""
    first, last = (moment.astimezone(ZONE).date() for moment in (it.begins, it.ends))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {
        (room_id, step.step, day.isoformat())
        for room_id, step, day in itertools.product(it.chats, _steps(), days)
        if it.begins < datetime.combine(day, _time(step.step), ZONE) <= it.ends
    }


def _time(step: str) -> time:
    hour, minute = step.split(":")
    return time(int(hour), int(minute))


def _wanted(it: Evidence) -> set[str]:
    """The texts that slots, answers and waits have for members."""
    done = [row for row in it.slots if row["state"] == SlotState.DONE]
    slots = {f"slot {row['step']}:{row['occurrence']}:{row['room_id']}" for row in done}
    asked = {id for id, said in it.platform.said.items() if said.text.startswith(TAG)}
    return slots | {f"{word} {id}" for word in ("heard", "again") for id in asked}


def _listed_as_unknown(connection: Connection, begins: datetime) -> set[int]:
    """What ``/outbox`` shows as unknown; as of the beginning, when nothing was too old to be listed."""
    listed = review.listing(Transaction(connection, Ids(), begins), ACCOUNT, most=1_000_000)
    return {row.id for row in listed if row.state == State.UNKNOWN}


def _sent(it: Evidence) -> set[int]:
    return {id for id, row in it.outbox.items() if row["state"] == State.SENT}


def _stored(moment: datetime) -> datetime:
    """The moment as the database keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
