"""Queued once, delivered at most once, never silently lost: whatever the order in which things happen."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle as BundleOf
from hypothesis.stateful import (
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from bot.channels.base import Message
from bot.outbox import delivery
from bot.outbox.pace import Pace
from bot.outbox.queue import Priority, State
from bot.store.tables import outgoing
from tests.builders import rows
from tests.outbox.office import ACCOUNT, Office

SECOND = timedelta(seconds=1)
PACE = Pace(account_gap=2 * SECOND, jitter=SECOND, room_gap=4 * SECOND)
_NEXT = {
    State.QUEUED: {State.SENDING, State.EXPIRED, State.SENT},
    State.SENDING: {State.SENT, State.UNKNOWN, State.FAILED, State.QUEUED},
    State.UNKNOWN: {State.SENT, State.FAILED, State.QUEUED, State.SENDING},
}


class Outbox(RuleBasedStateMachine):
    """``called``: messages whose call has not returned; ``shown``: what the platform has yet to echo."""

    called, shown = BundleOf("called"), BundleOf("shown")

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.desk = Office(engine.connect(), PACE)
        self.may_be_out: set[int] = set()
        self.states: dict[int, str] = {}
        self.platform_ids = 0

    def teardown(self) -> None:
        self.desk.connection.close()

    @rule(
        key=st.integers(0, 30),
        text=st.sampled_from(["早", "晚安"]),
        place=st.sampled_from(["room", "other_room", "person"]),
        priority=st.sampled_from(Priority),
        lasts=st.none() | st.integers(1, 20),
    )
    def enqueue(self, key: int, text: str, place: str, priority: Priority, lasts: int | None) -> None:
        self.desk.post(
            text,
            room=None if place == "person" else getattr(self.desk, place),
            person=self.desk.person if place == "person" else None,
            priority=priority,
            dedupe_key=f"key-{key}",
            expires_at=None if lasts is None else self.desk.now + lasts * SECOND,
        )

    @rule(target=called)
    def claim(self) -> object:
        claimed = self.desk.claim()
        if not isinstance(claimed, Message):
            return multiple()
        assert claimed.id not in self.may_be_out, "it may have gone out, and goes out again"
        self.may_be_out.add(claimed.id)
        return claimed

    @rule(
        target=shown,
        message=consumes(called),
        told=st.sampled_from([State.SENT, State.UNKNOWN, State.FAILED]),
        knows_id=st.booleans(),
        echo=st.sampled_from(["before", "after", "later", "never"]),
    )
    def arrive(self, message: Message, told: State, knows_id: bool, echo: str) -> object:
        """It goes out, whatever the call tells of it, and whenever the platform shows it."""
        self.platform_ids += 1
        seen = message, f"p{self.platform_ids}"
        if echo == "before":
            self.echo(seen)
        self.desk.settle(message, told, seen[1] if knows_id and told is State.SENT else None)
        if echo == "after":
            self.echo(seen)
        if told is State.FAILED and self.desk.row(message)["state"] != State.SENT:
            self.may_be_out.discard(message.id)  # the platform lied, and nobody can know
        return seen if echo == "later" else multiple()

    @rule(message=consumes(called), state=st.sampled_from([State.FAILED, State.UNKNOWN]))
    def fail(self, message: Message, state: State) -> None:
        """It does not go out."""
        self.desk.settle(message, state)
        if state is State.FAILED:
            self.may_be_out.discard(message.id)

    @rule(message=consumes(called))
    def find_no_link(self, message: Message) -> None:
        """It was not even tried."""
        self.desk.settle(message, State.QUEUED)
        if self.desk.row(message)["state"] == State.QUEUED:
            self.may_be_out.discard(message.id)

    @rule(seen=consumes(shown))
    def echo_later(self, seen: tuple[Message, str]) -> None:
        self.echo(seen)

    def echo(self, seen: tuple[Message, str]) -> None:
        message, platform_id = seen
        place = self.desk.row(message)["room_id"] or self.desk.person
        self.desk.echo(platform_id, message.text, place)

    @rule()
    def restart(self) -> None:
        delivery.recover(self.desk.tx, ACCOUNT)

    @rule(seconds=st.integers(1, 90))
    def wait(self, seconds: int) -> None:
        self.desk.wait(seconds)

    @invariant()
    def states_go_forward_alone(self) -> None:
        for row in rows(self.desk.connection, outgoing):
            before = self.states.get(row["id"], State.QUEUED)
            assert row["state"] == before or row["state"] in _NEXT.get(State(before), set()), (
                before,
                dict(row),
            )
            self.states[row["id"]] = row["state"]

    @invariant()
    def what_was_sent_is_recorded_once_and_nothing_else_is(self) -> None:
        sent = [str(row["id"]) for row in rows(self.desk.connection, outgoing, state="sent")]
        assert sorted(row["source_id"] for row in self.desk.recorded()) == sorted(sent)

    @invariant()
    def a_platform_id_belongs_to_one_message(self) -> None:
        found = [row["platform_id"] for row in rows(self.desk.connection, outgoing)]
        assert max(Counter(it for it in found if it).values(), default=0) <= 1

    @invariant()
    def a_key_is_queued_once(self) -> None:
        keys = Counter(row["dedupe_key"] for row in rows(self.desk.connection, outgoing))
        assert set(keys.values()) <= {1}


def test_the_laws_hold_in_whatever_order_things_happen(engine: Engine) -> None:
    examples = 60 if engine.dialect.name == "sqlite" else 20
    few = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(partial(Outbox, engine), settings=few)  # type: ignore[arg-type]
